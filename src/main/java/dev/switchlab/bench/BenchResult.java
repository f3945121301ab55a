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
 * The measurements of a benchmark; its JSON file is this record.
 *
 * @param tables the times, one table per section
 * @param products the products of the experiment's step by themselves
 * @param summary the tables in lines; the last is for programs, too
 */
public record BenchResult(
        Setup setup, List<Table> tables, List<ProductTime> products, Memory memory, List<String> summary) {

    /** The growth of a step is reported up to this multiple of the experiment's experts. */
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
     * The conditions of the measurement.
     *
     * @param started ISO 8601, UTC
     * @param quick whether the run was short and its times are rough
     * @param threads CPU threads
     * @param precision of the products
     * @param libtorch version
     * @param experiment id of the experiment that is varied
     * @param settings all settings of the experiment
     * @param reference absent if not measured
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
     * @param torch version of PyTorch
     * @param blas the library of its matrix products
     * @param gflopPerSecond of a query-key-value product, 10^9 floating-point operations a second
     */
    public record Reference(String code, String torch, String blas, int threads, double gflopPerSecond) {}

    /**
     * The times of a section.
     *
     * @param axis what x is
     * @param rows one per variant
     */
    public record Table(String id, String title, String axis, List<Row> rows) {

        /** A table of one row, its times in ms by part; {@code total} is the whole. */
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
     * The times of one variant.
     *
     * @param x its place on the section's axis
     * @param settings the changes to the experiment
     * @param ms "total" is the whole, "reference" the reference's whole, everything else a part
     * @param figures derived from medians, where measured, by the constants below
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

        boolean isCompared() {
            return figures.containsKey(RATIO);
        }
    }

    /**
     * The speed of one product of the step by itself, (m, k) x (k, n).
     *
     * @param direction forward, data gradient or weight gradient
     * @param groups products of one shape
     * @param gflopPerSecond 10^9 floating-point operations a second, by way of computing
     * @param fastest the fastest of these ways
     * @param ms the median time by the fastest way
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
     * Resident memory after a few training steps of the experiment and nothing else. Absent where the system does not
     * report it.
     *
     * @param ours of this process
     * @param reference of the reference's process
     * @param end of this process at the end of the benchmark; its peak is that of the largest section
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Memory(ResidentMemory ours, ResidentMemory reference, ResidentMemory end) {}
}
