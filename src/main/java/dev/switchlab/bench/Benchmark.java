package dev.switchlab.bench;

import ai.djl.engine.Engine;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.provenance.Machine;
import dev.switchlab.train.StepClock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Times an experiment and variants of it, section by section. */
public final class Benchmark {

    /** A reference that multiplies at less than this share of our speed has no good BLAS, whatever it is called. */
    private static final double LEAST_SHARE = 0.2;

    private static final int MEMORY_STEPS = 5;

    private final BenchOptions options;
    private final View view;
    private final Experiment base;
    private final Rounds rounds;
    private final List<BenchSection> sections;

    /** Where it is shown what happens. */
    public interface View {

        /**
         * Before the first section.
         *
         * @param turns of all subjects in all sections
         */
        void begun(BenchSetup setup, int turns);

        /** A section begins. */
        void section(String title);

        /** One more turn of one subject. */
        void turned();

        /** A section has ended. */
        void ended(BenchTable table);
    }

    /** Prepares; {@link #run} measures. */
    public Benchmark(BenchOptions options, View view) {
        this.options = options;
        this.view = view;
        base = options.experiment();
        rounds = options.rounds();
        if (base.model().feedForward() != ModelConfig.FeedForwardKind.SWITCH) {
            throw new IllegalArgumentException("the experiment " + base.id()
                    + " has no experts; bench varies one that has, for example EXPERIMENT=reference");
        }
        if (options.reference().isPresent() && ReferenceModel.of(base).isEmpty()) {
            throw new IllegalArgumentException(
                    "the reference's code has no model like that of the experiment " + base.id()
                            + "; name one with its semantics, or leave REFERENCE out, for example EXPERIMENT=reference");
        }
        sections = BenchPlan.of(base, options.quick());
    }

    /** Turns of all subjects in all sections. */
    private int turns() {
        return sections.stream()
                .mapToInt(section -> rounds.all()
                        * (section.variants().stream()
                                        .mapToInt(variant -> comparable(variant).isPresent() ? 2 : 1)
                                        .sum()
                                + (hasRoofline(section) ? 1 : 0)))
                .sum();
    }

    /** Measures everything. */
    public BenchResult run() {
        int d = base.model().dModel();
        int tokens = base.train().tokensPerBatch();
        Optional<ReferenceProcess> reference =
                options.reference().map(python -> ReferenceProcess.start(python, options.threads(), tokens, d, 3 * d));
        try {
            BenchSetup setup = setup(reference.map(ReferenceProcess::reference).orElse(null));
            view.begun(setup, turns());
            reference.ifPresent(process -> requireGoodBlas(process.reference(), tokens, d));
            BenchMemory memory = memory(reference);
            List<BenchTable> tables = new ArrayList<>();
            Map<StepProduct, ProductTime> products = new LinkedHashMap<>();
            for (BenchSection section : sections) {
                BenchTable table = measure(section, reference, products);
                tables.add(table);
                view.ended(table);
            }
            List<ProductTime> own = Roofline.of(StepProducts.of(base, RandomText.VOCABULARY), products);
            return new BenchResult(
                    setup,
                    tables,
                    own,
                    new BenchMemory(
                            memory.ours(),
                            memory.reference(),
                            ResidentMemory.read().orElse(null)),
                    BenchResult.summary(setup, base.model().nExperts(), tables));
        } finally {
            reference.ifPresent(ReferenceProcess::close);
        }
    }

    private BenchSetup setup(Reference reference) {
        return new BenchSetup(
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
        Samples samples = new Samples();
        try (ProductTimer timer = new ProductTimer(product, options.device())) {
            for (int i = 0; i < rounds.all(); i++) {
                timer.round().forEach(samples::add);
            }
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

    /** First of all, because a peak never comes down. */
    private BenchMemory memory(Optional<ReferenceProcess> reference) {
        view.section("memory");
        try (Subject ours = subject(Work.TRAINING, base, MEMORY_STEPS)) {
            ours.round(new Samples());
            ResidentMemory theirs = null;
            if (reference.isPresent()) {
                try (ReferenceSubject subject = new ReferenceSubject(
                        reference.get(), ReferenceModel.of(base).orElseThrow(), Work.TRAINING, MEMORY_STEPS)) {
                    subject.round(new Samples());
                    theirs = subject.memory().orElseThrow();
                }
            }
            return new BenchMemory(ResidentMemory.read().orElse(null), theirs, null);
        }
    }

    private Subject subject(Work work, Experiment experiment, int repeats) {
        return work.subject(experiment, options.device(), options.kernels(experiment), repeats);
    }

    private boolean hasRoofline(BenchSection section) {
        return section.work() != Work.GENERATION;
    }

    private Experiment experiment(BenchVariant variant) {
        return variant.settings().isEmpty() ? base : base.with(variant.settings());
    }

    private Optional<ReferenceModel> comparable(BenchVariant variant) {
        return options.reference().isPresent() ? ReferenceModel.of(experiment(variant)) : Optional.empty();
    }

    private StepProducts products(BenchSection section, BenchVariant variant) {
        StepProducts products = StepProducts.of(experiment(variant), RandomText.VOCABULARY);
        return section.work() == Work.EVALUATION ? products.forwardOnly() : products;
    }

    /** One section: all its subjects are there at once and take turns. */
    private BenchTable measure(
            BenchSection section, Optional<ReferenceProcess> reference, Map<StepProduct, ProductTime> all) {
        view.section(section.title());
        List<Subject> subjects = new ArrayList<>();
        try {
            Map<BenchVariant, Subject> ours = new LinkedHashMap<>();
            Map<BenchVariant, Subject> theirs = new LinkedHashMap<>();
            for (BenchVariant variant : section.variants()) {
                ours.put(variant, subject(section.work(), experiment(variant), rounds.repeats()));
                subjects.add(ours.get(variant));
                comparable(variant).ifPresent(model -> {
                    theirs.put(
                            variant,
                            new ReferenceSubject(reference.orElseThrow(), model, section.work(), rounds.repeats()));
                    subjects.add(theirs.get(variant));
                });
            }
            Optional<Roofline> roofline = Optional.empty();
            if (hasRoofline(section)) {
                roofline = Optional.of(new Roofline(
                        section.variants().stream()
                                .map(variant -> products(section, variant))
                                .toList(),
                        options.device()));
                subjects.add(roofline.get());
            }
            Map<Subject, Samples> samples = rounds.run(subjects, view::turned);
            Map<StepProduct, ProductTime> times =
                    roofline.map(subject -> subject.times(samples.get(subject))).orElse(Map.of());
            times.forEach(all::putIfAbsent);
            List<BenchRow> rows = new ArrayList<>();
            for (BenchVariant variant : section.variants()) {
                Map<String, Timing> ms =
                        new LinkedHashMap<>(samples.get(ours.get(variant)).timings());
                if (theirs.containsKey(variant)) {
                    ms.put(BenchRow.REFERENCE, samples.get(theirs.get(variant)).timing(Samples.TOTAL));
                }
                rows.add(new BenchRow(
                        variant.name(),
                        variant.x(),
                        variant.settings(),
                        options.kernels(experiment(variant)).toString(),
                        ms,
                        figures(section, variant, ms, times)));
            }
            return new BenchTable(section.id(), section.title(), section.axis(), rows);
        } finally {
            subjects.forEach(Subject::close);
        }
    }

    private Map<String, Double> figures(
            BenchSection section, BenchVariant variant, Map<String, Timing> ms, Map<StepProduct, ProductTime> times) {
        Map<String, Double> figures = new LinkedHashMap<>();
        double total = ms.get(Samples.TOTAL).median();
        if (ms.containsKey(BenchRow.REFERENCE)) {
            figures.put(BenchRow.RATIO, total / ms.get(BenchRow.REFERENCE).median());
        }
        if (hasRoofline(section)) {
            StepProducts products = products(section, variant);
            double alone = Roofline.ms(products, times);
            figures.put(BenchRow.FLOP, products.flop());
            figures.put(BenchRow.PRODUCTS, alone);
            figures.put(BenchRow.SHARE, alone / total);
        }
        if (section.work() == Work.TRAINING) {
            double update = ms.get(TrainingSubject.name(StepClock.Part.CLIP)).median()
                    + ms.get(TrainingSubject.name(StepClock.Part.OPTIMIZER)).median();
            figures.put(BenchRow.WITHOUT_UPDATE, total - update);
        }
        return figures;
    }
}
