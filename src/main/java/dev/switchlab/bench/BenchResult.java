package dev.switchlab.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.switchlab.bench.Benchmark.Section;
import dev.switchlab.bench.StepProducts.StepProduct;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.provenance.Machine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;

/**
 * Everything that a benchmark measured; its JSON file is this record.
 *
 * @param setup under which conditions
 * @param tables the times, one table per section
 * @param products the products of the experiment's step by themselves
 * @param memory resident memory
 * @param summary what the tables say, in lines; the last is for programs, too
 */
public record BenchResult(
        Setup setup, List<Table> tables, List<ProductTime> products, Memory memory, List<String> summary) {

    /** How many times as many experts the growth of a step is told for. */
    private static final int GROWTH = 16;

    /** This result with one more table. */
    public BenchResult with(Table table) {
        List<Table> more = new ArrayList<>(tables);
        more.add(table);
        return new BenchResult(setup, List.copyOf(more), products, memory, summary);
    }

    static Optional<Table> table(List<Table> tables, String id) {
        return tables.stream().filter(table -> table.id().equals(id)).findFirst();
    }

    /** The lines below the tables. */
    static List<String> summary(Setup setup, int experts, List<Table> tables) {
        Table steps = table(tables, Section.EXPERTS).orElseThrow();
        Row own = steps.row(experts).orElseThrow();
        List<String> lines = new ArrayList<>();
        steps.dense()
                .ifPresent(dense -> lines.add(line(
                        "%d experts against dense at the same operations: %.2f times the time",
                        experts, own.total() / dense.total())));
        steps.rows().stream()
                .filter(row -> row.x() > experts && row.x() <= GROWTH * experts)
                .reduce((less, more) -> more)
                .ifPresent(most -> lines.add(line(
                        "from %d to %d experts: %.2f times the time; without clipping and optimizer %.2f",
                        experts,
                        most.x(),
                        most.total() / own.total(),
                        most.figures().get(Row.WITHOUT_UPDATE) / own.figures().get(Row.WITHOUT_UPDATE))));
        table(tables, Section.EVALUATION).ifPresent(table -> {
            Row row = table.rows().get(0);
            lines.add(line("%s (%s): %.1f ms", table.title(), row.name(), row.total())
                    + compared(row, ratio -> line(", %.2f of the reference's time", ratio)));
        });
        table(tables, Section.GENERATION).ifPresent(table -> {
            Row row = table.rows().get(0);
            lines.add(line("generation at a context of %s: %.0f tokens a second", row.name(), 1000 / row.total())
                    + compared(row, ratio -> line(", %.1f times the reference's", 1 / ratio)));
        });
        lines.add(line(
                "share of roofline %.2f (%d experts, %s, %d threads), ratio to reference %s",
                own.figures().get(Row.SHARE),
                experts,
                setup.precision(),
                setup.threads(),
                own.figures().containsKey(Row.RATIO)
                        ? line("%.2f", own.figures().get(Row.RATIO))
                        : "not measured"));
        return List.copyOf(lines);
    }

    private static String compared(Row row, DoubleFunction<String> words) {
        Double ratio = row.figures().get(Row.RATIO);
        return ratio == null ? "" : words.apply(ratio);
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /**
     * Under which conditions times were taken.
     *
     * @param started ISO 8601, UTC
     * @param quick whether it was a short run, whose times are rough
     * @param machine the processor, and the kernels that libtorch has chosen for it
     * @param device where it was computed
     * @param threads CPU threads
     * @param precision what is multiplied
     * @param libtorch version
     * @param experiment id of the experiment that is varied
     * @param settings all of its settings
     * @param reference what it is compared with; absent if not measured
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Setup(
            String started,
            boolean quick,
            Machine machine,
            String device,
            int threads,
            String precision,
            String libtorch,
            String experiment,
            Map<String, String> settings,
            Reference reference) {}

    /**
     * The reference's own code, as its process introduces itself.
     *
     * @param code repository and commit
     * @param torch PyTorch's version
     * @param blas the library that its matrix products run on
     * @param threads how many they run on
     * @param gflopPerSecond of the product that it is measured by, 10^9 floating-point operations a second
     */
    public record Reference(String code, String torch, String blas, int threads, double gflopPerSecond) {}

    /**
     * A section's times.
     *
     * @param id the section's
     * @param title what was timed
     * @param axis what x is
     * @param rows one per variant
     */
    public record Table(String id, String title, String axis, List<Row> rows) {

        /**
         * One thing that was timed as a whole and in parts.
         *
         * @param name of its row
         * @param ms times by part; {@code total} is the whole
         */
        public static Table of(String id, String title, String axis, String name, Map<String, List<Double>> ms) {
            return new Table(id, title, axis, List.of(new Row(name, 1, "", "", Timing.of(ms), Map.of())));
        }

        Optional<Row> row(int x) {
            return rows.stream()
                    .filter(row -> row.x() == x && !row.name().equals(Section.DENSE))
                    .findFirst();
        }

        Optional<Row> dense() {
            return rows.stream().filter(row -> row.name().equals(Section.DENSE)).findFirst();
        }
    }

    /**
     * One variant's times.
     *
     * @param name what the table calls it
     * @param x where it stands on the section's axis
     * @param settings what is changed in the experiment
     * @param kernels what multiplies
     * @param ms times: "total" is the whole, others are its parts; "reference" is the reference's whole
     * @param figures what follows from medians, where it was measured: see the constants
     */
    public record Row(
            String name, int x, String settings, String kernels, Map<String, Timing> ms, Map<String, Double> figures) {

        /** Key in {@code ms}: the reference's time. */
        public static final String REFERENCE = "reference";

        /** Our time over the reference's. */
        public static final String RATIO = "ratio_to_reference";

        /** Floating-point operations of the matrix products. */
        public static final String FLOP = "flop";

        /** What the products alone take, ms. */
        public static final String PRODUCTS = "products_ms";

        /** What the products alone take, over the whole time. */
        public static final String SHARE = "share_of_roofline";

        /** The whole time without clipping and optimizer, ms. */
        public static final String WITHOUT_UPDATE = "without_update_ms";

        double total() {
            return ms.get(Samples.TOTAL).median();
        }

        /** Whether the reference was timed, too. */
        boolean isCompared() {
            return figures.containsKey(RATIO);
        }
    }

    /**
     * How fast one product of the step is by itself.
     *
     * @param layer which layer it belongs to
     * @param direction forward, data gradient or weight gradient
     * @param groups products of one shape
     * @param m rows of the result
     * @param k what is summed over
     * @param n columns of the result
     * @param gflopPerSecond 10^9 floating-point operations a second, by the way it was computed
     * @param fastest the fastest of these ways
     * @param ms the fastest median time of one
     */
    public record ProductTime(
            String layer,
            String direction,
            int groups,
            int m,
            int k,
            int n,
            Map<String, Double> gflopPerSecond,
            String fastest,
            double ms) {

        static ProductTime of(StepProduct product, Map<String, Timing> times) {
            Map<String, Double> speeds = new LinkedHashMap<>();
            times.forEach((way, timing) -> speeds.put(way, product.flop() / timing.median() / 1e6));
            Map.Entry<String, Timing> best = times.entrySet().stream()
                    .min(Comparator.comparingDouble(entry -> entry.getValue().median()))
                    .orElseThrow();
            return new ProductTime(
                    words(product.role()),
                    words(product.direction()),
                    product.groups(),
                    product.m(),
                    product.k(),
                    product.n(),
                    speeds,
                    best.getKey(),
                    best.getValue().median());
        }

        static String words(Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * Resident memory of a process that has trained the experiment for a few steps and done nothing else, the engine
     * included. Absent where the system does not tell.
     *
     * @param ours this process then
     * @param reference the reference's process then
     * @param end this process at the end of the benchmark, whose peak is that of the largest section
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Memory(ResidentMemory ours, ResidentMemory reference, ResidentMemory end) {}
}
