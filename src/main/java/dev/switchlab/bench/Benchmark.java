package dev.switchlab.bench;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.bench.BenchResult.Memory;
import dev.switchlab.bench.BenchResult.ProductTime;
import dev.switchlab.bench.BenchResult.Reference;
import dev.switchlab.bench.BenchResult.Row;
import dev.switchlab.bench.BenchResult.Setup;
import dev.switchlab.bench.BenchResult.Table;
import dev.switchlab.bench.ReferenceProcess.Answer;
import dev.switchlab.bench.ReferenceProcess.ReferenceSubject;
import dev.switchlab.bench.StepProducts.StepProduct;
import dev.switchlab.bench.Subject.GenerationSubject;
import dev.switchlab.bench.Subject.Rounds;
import dev.switchlab.bench.Subject.TrainingSubject;
import dev.switchlab.bench.Subject.Work;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.io.Bar;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Machine;
import dev.switchlab.train.KernelChoice;
import dev.switchlab.train.TrainStep;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Times an experiment and variants of it, section by section. */
public final class Benchmark {

    /** A reference that multiplies at less than this share of our speed has no good BLAS. */
    private static final double LEAST_SHARE = 0.2;

    private static final int MEMORY_STEPS = 5;
    private static final int SMALLEST_CONTEXT = 64;

    private final Options options;
    private final Experiment base;
    private final Rounds rounds;
    private final List<Section> sections;
    private int ended;

    /** Prepares; {@link #run} measures. */
    public Benchmark(Options options) {
        this.options = options;
        base = options.experiment();
        rounds = options.rounds();
        if (base.model().feedForward() != ModelConfig.FeedForwardKind.SWITCH) {
            throw new IllegalArgumentException("the experiment " + base.id()
                    + " has no experts; bench varies one that has, for example EXPERIMENT=reference");
        }
        if (options.reference().isPresent() && ReferenceProcess.model(base).isEmpty()) {
            throw new IllegalArgumentException(
                    "the reference's code has no model like that of the experiment " + base.id()
                            + "; name one with its semantics, or leave REFERENCE out, for example EXPERIMENT=reference");
        }
        sections = plan(base, options.quick());
    }

    /** The number of rounds of all sections. */
    public int rounds() {
        return sections.size() * rounds.all();
    }

    /** Measures everything, and shows rounds, conditions and tables. */
    public BenchResult run(Bar bar) {
        int d = base.model().dModel();
        int tokens = base.train().tokensPerBatch();
        Optional<ReferenceProcess> reference =
                options.reference().map(python -> new ReferenceProcess(python, options.threads(), tokens, d, 3 * d));
        try {
            Setup setup = setup(reference.map(ReferenceProcess::reference).orElse(null));
            bar.printLines(BenchText.of(setup));
            reference.ifPresent(process -> requireGoodBlas(process.reference(), tokens, d));
            Memory memory = memory(reference, bar);
            List<Table> tables = new ArrayList<>();
            Map<StepProduct, ProductTime> products = new LinkedHashMap<>();
            for (Section section : sections) {
                Table table = measure(section, reference, products, bar);
                tables.add(table);
                bar.printLines("\n" + BenchText.of(table));
            }
            return new BenchResult(
                    setup,
                    tables,
                    StepProducts.of(base, RandomText.VOCABULARY).times().keySet().stream()
                            .map(products::get)
                            .toList(),
                    new Memory(
                            memory.ours(),
                            memory.reference(),
                            ResidentMemory.read().orElse(null)),
                    BenchResult.summary(setup, base.model().nExperts(), tables));
        } finally {
            reference.ifPresent(ReferenceProcess::close);
        }
    }

    private Setup setup(Reference reference) {
        return new Setup(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                options.quick(),
                Machine.current(),
                options.device().isGpu() ? "gpu:" + options.device().getDeviceId() : "cpu",
                options.threads(),
                options.precision(),
                Engine.getInstance().getVersion(),
                base.id(),
                base.toParams(),
                reference);
    }

    private void requireGoodBlas(Reference reference, int rows, int d) {
        StepProduct product = StepProduct.linear(StepProduct.Role.QUERY_KEY_VALUE, 1, rows, d, 3 * d)
                .get(0);
        Samples samples;
        try (ProductTimer timer = new ProductTimer(product, options.device())) {
            samples = rounds.run(List.of(timer), () -> {}).get(timer);
        }
        double best = ProductTime.of(product, samples.timings()).gflopPerSecond().values().stream()
                .mapToDouble(Double::doubleValue)
                .max()
                .orElseThrow();
        if (reference.gflopPerSecond() < LEAST_SHARE * best) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "REFERENCE multiplies at %.0f GFLOP/s with %s, SwitchLab at %.0f: nobody would train with that; give it a good BLAS"
                            + " (Debian: apt-get install libopenblas0-openmp) and a quiet machine",
                    reference.gflopPerSecond(),
                    reference.blas(),
                    best));
        }
    }

    /** Measured first, because a peak never comes down. */
    private Memory memory(Optional<ReferenceProcess> reference, Bar bar) {
        bar.stage("memory");
        try (Subject ours = subject(Work.TRAINING, base, MEMORY_STEPS)) {
            ours.round(new Samples());
            ResidentMemory theirs = null;
            if (reference.isPresent()) {
                Map<String, Object> model = ReferenceProcess.model(base).orElseThrow();
                try (ReferenceSubject subject =
                        new ReferenceSubject(reference.get(), model, Work.TRAINING, MEMORY_STEPS)) {
                    Answer answer = subject.ask();
                    theirs = new ResidentMemory(answer.now(), answer.peak());
                }
            }
            return new Memory(ResidentMemory.read().orElse(null), theirs, null);
        }
    }

    private Subject subject(Work work, Experiment experiment, int repeats) {
        return work.subject(experiment, options.device(), options.kernels(experiment), repeats);
    }

    private boolean hasRoofline(Section section) {
        return section.work() != Work.GENERATION;
    }

    private Experiment experiment(Variant variant) {
        return variant.settings().isEmpty() ? base : base.with(variant.settings());
    }

    private StepProducts products(Section section, Variant variant) {
        StepProducts products = StepProducts.of(experiment(variant), RandomText.VOCABULARY);
        return section.work() == Work.EVALUATION ? products.forwardOnly() : products;
    }

    /** Measures one section: all its subjects exist at once and take turns. */
    private Table measure(
            Section section, Optional<ReferenceProcess> reference, Map<StepProduct, ProductTime> all, Bar bar) {
        bar.stage(section.title());
        Map<Variant, Subject> ours = new LinkedHashMap<>();
        Map<Variant, Subject> theirs = new LinkedHashMap<>();
        Map<StepProduct, Subject> timers = new LinkedHashMap<>();
        List<Subject> subjects = new ArrayList<>();
        try {
            for (Variant variant : section.variants()) {
                Experiment experiment = experiment(variant);
                ours.put(variant, subject(section.work(), experiment, rounds.repeats()));
                subjects.add(ours.get(variant));
                Optional<Map<String, Object>> model = ReferenceProcess.model(experiment);
                if (reference.isPresent() && model.isPresent()) {
                    theirs.put(
                            variant,
                            new ReferenceSubject(reference.get(), model.get(), section.work(), rounds.repeats()));
                    subjects.add(theirs.get(variant));
                }
                if (hasRoofline(section)) {
                    for (StepProduct product :
                            products(section, variant).times().keySet()) {
                        if (!timers.containsKey(product)) {
                            timers.put(product, new ProductTimer(product, options.device()));
                            subjects.add(timers.get(product));
                        }
                    }
                }
            }
            Map<Subject, Samples> samples = rounds.run(subjects, () -> {
                ended++;
                bar.reached(ended);
            });
            Map<StepProduct, ProductTime> times = new LinkedHashMap<>();
            timers.forEach((product, timer) -> times.put(
                    product, ProductTime.of(product, samples.get(timer).timings())));
            times.forEach(all::putIfAbsent);
            List<Row> rows = new ArrayList<>();
            for (Variant variant : section.variants()) {
                Map<String, Timing> ms =
                        new LinkedHashMap<>(samples.get(ours.get(variant)).timings());
                if (theirs.containsKey(variant)) {
                    ms.put(
                            Row.REFERENCE,
                            samples.get(theirs.get(variant)).timings().get(Samples.TOTAL));
                }
                rows.add(new Row(
                        variant.name(),
                        variant.x(),
                        variant.settings(),
                        options.kernels(experiment(variant)).toString(),
                        ms,
                        figures(section, variant, ms, times)));
            }
            return new Table(section.id(), section.title(), section.axis(), rows);
        } finally {
            subjects.forEach(Subject::close);
        }
    }

    private Map<String, Double> figures(
            Section section, Variant variant, Map<String, Timing> ms, Map<StepProduct, ProductTime> times) {
        Map<String, Double> figures = new LinkedHashMap<>();
        double total = ms.get(Samples.TOTAL).median();
        if (ms.containsKey(Row.REFERENCE)) {
            figures.put(Row.RATIO, total / ms.get(Row.REFERENCE).median());
        }
        if (hasRoofline(section)) {
            StepProducts products = products(section, variant);
            double alone = products.sum(product -> times.get(product).ms());
            figures.put(Row.FLOP, products.flop());
            figures.put(Row.PRODUCTS, alone);
            figures.put(Row.SHARE, alone / total);
        }
        if (section.work() == Work.TRAINING) {
            double update = ms.get(TrainingSubject.name(TrainStep.Part.CLIP)).median()
                    + ms.get(TrainingSubject.name(TrainStep.Part.OPTIMIZER)).median();
            figures.put(Row.WITHOUT_UPDATE, total - update);
        }
        return figures;
    }

    /**
     * What is timed. To have something else timed, add a variant or a section here.
     *
     * @param quick only a few variants
     */
    private static List<Section> plan(Experiment base, boolean quick) {
        ModelConfig model = base.model();
        int batch = base.train().batchSize();
        int seq = base.train().seqLen();
        // As wide as what a token meets in a sparse layer.
        String dense = "model.feed_forward=dense model.n_experts=1 model.shared_experts=0 model.top_k=1 model.d_ff="
                + model.dFf() * (model.topK() + model.sharedExperts());
        Variant denseVariant = new Variant(Section.DENSE, 0, dense);

        List<Variant> experts = vary(
                "model.n_experts=", model.nExperts(), quick ? List.of(1, 16) : List.of(1, 2, 4, 8, 16, 32, 64, 128));
        experts.add(denseVariant);
        List<Variant> topK = vary("model.top_k=", model.topK(), quick ? List.of(2) : List.of(1, 2, 4));
        topK.removeIf(variant -> variant.x() > model.nExperts());
        List<Variant> evaluation =
                List.of(new Variant(model.nExperts() + " experts", model.nExperts(), ""), denseVariant);
        List<Variant> contexts = new ArrayList<>();
        for (int context : quick ? List.of(SMALLEST_CONTEXT) : List.of(SMALLEST_CONTEXT, 256, 1000)) {
            contexts.add(new Variant(context + " tokens", context, GenerationSubject.settings(context)));
        }
        return List.of(
                new Section(
                        Section.EXPERTS,
                        "training step by experts, equally many of them per token",
                        "experts",
                        Work.TRAINING,
                        experts),
                new Section(
                        "batch",
                        "training step by batch",
                        "sequences",
                        Work.TRAINING,
                        vary("train.batch_size=", batch, quick ? List.of(2 * batch) : List.of(batch / 4, 4 * batch))),
                new Section(
                        "sequence",
                        "training step by sequence",
                        "tokens",
                        Work.TRAINING,
                        vary("train.seq_len=", seq, quick ? List.of(2 * seq) : List.of(seq / 2, 2 * seq, 4 * seq))),
                new Section("top_k", "training step by choices per token", "choices", Work.TRAINING, topK),
                new Section(Section.EVALUATION, "evaluation, forward", "experts", Work.EVALUATION, evaluation),
                new Section(Section.GENERATION, "generation, per token", "context", Work.GENERATION, contexts));
    }

    /** The experiment's own value among others, in ascending order. */
    private static List<Variant> vary(String setting, int own, List<Integer> values) {
        return IntStream.concat(IntStream.of(own), values.stream().mapToInt(Integer::intValue))
                .filter(x -> x > 0)
                .distinct()
                .sorted()
                .mapToObj(x -> new Variant(Integer.toString(x), x, setting + x))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /**
     * The options of a benchmark.
     *
     * @param quick fewer variants and rounds, for a first look and for tests
     * @param reference the Python that runs the reference's code, if it is to be compared
     * @param threads CPU threads in use
     * @param kernels {@link KernelChoice#AUTO}, or a text of {@link Kernels}
     */
    public record Options(
            Experiment experiment,
            boolean quick,
            Optional<String> reference,
            Device device,
            int threads,
            String kernels) {

        private Rounds rounds() {
            return quick ? Rounds.QUICK : Rounds.FULL;
        }

        /** The kernels that a training of a variant would use. */
        private Kernels kernels(Experiment variant) {
            return KernelChoice.of(variant, device, Machine.identity(), kernels);
        }

        private String precision() {
            return experiment.toParams().getOrDefault("train.precision", "float32");
        }
    }

    /**
     * Variants that are timed in turn, so that they can be compared.
     *
     * @param id its name in the JSON file
     * @param title of the table
     * @param axis what the variants' x is
     */
    record Section(String id, String title, String axis, Work work, List<Variant> variants) {

        static final String EXPERTS = "experts";
        static final String EVALUATION = "evaluation";
        static final String GENERATION = "generation";
        static final String DENSE = "dense";
    }

    /**
     * One line of a table: the benchmark's experiment with something changed.
     *
     * @param x its place on the section's axis
     * @param settings assignments as in {@code "model.n_experts=8"}; empty for the experiment as it is
     */
    record Variant(String name, int x, String settings) {}
}
