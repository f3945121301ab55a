package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.data.Batch;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Sampler;
import dev.switchlab.train.StepClock;
import dev.switchlab.train.TextGenerator;
import dev.switchlab.train.TrainStep;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/** Something that is timed in turn with other subjects. Owns native memory or a process. */
interface Subject extends AutoCloseable {

    /** Runs a few times and adds each time taken. */
    void round(Samples samples);

    @Override
    void close();

    /** What is timed. */
    enum Work {
        /** A training step. */
        TRAINING,
        /** A forward pass at evaluation. */
        EVALUATION,
        /** A character of generated text. */
        GENERATION;

        Subject subject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            return switch (this) {
                case TRAINING -> new TrainingSubject(experiment, device, kernels, repeats);
                case EVALUATION -> new EvaluationSubject(experiment, device, kernels, repeats);
                case GENERATION -> new GenerationSubject(experiment, device, kernels, repeats);
            };
        }
    }

    /**
     * How long it is measured. Subjects take turns, A B C A B C, so that a busy minute of the machine falls on all of
     * them.
     *
     * @param warmUp rounds before the clock counts: libtorch compiles kernels and the JVM methods in them
     * @param rounds rounds that count
     * @param repeats times that a subject runs in each of its turns
     */
    record Rounds(int warmUp, int rounds, int repeats) {

        static final Rounds FULL = new Rounds(2, 10, 3);
        static final Rounds QUICK = new Rounds(1, 3, 1);

        int all() {
            return warmUp + rounds;
        }

        /**
         * Runs all rounds.
         *
         * @param turned is told after each subject's turn
         */
        Map<Subject, Samples> run(List<Subject> subjects, Runnable turned) {
            Map<Subject, Samples> samples = new LinkedHashMap<>();
            for (int round = 0; round < all(); round++) {
                for (Subject subject : subjects) {
                    subject.round(
                            round < warmUp ? new Samples() : samples.computeIfAbsent(subject, s -> new Samples()));
                    turned.run();
                }
            }
            return samples;
        }
    }

    /**
     * Training steps of one experiment, split into their parts. What is in no part (reading numbers, freeing memory) is
     * "other".
     */
    final class TrainingSubject implements Subject {

        static final String OTHER = "other";

        private final LanguageModel model;
        private final TrainStep step;
        private final int repeats;
        private final RandomText text = new RandomText();
        private final Map<StepClock.Part, Double> parts = new EnumMap<>(StepClock.Part.class);
        private long last;
        private int taken;

        TrainingSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            model = RandomText.model(experiment, device, kernels);
            step = new TrainStep(model, this::ended);
            this.repeats = repeats;
        }

        private void ended(StepClock.Part part) {
            long now = System.nanoTime();
            parts.merge(part, (now - last) / 1e6, Double::sum);
            last = now;
        }

        @Override
        public void round(Samples samples) {
            for (int i = 0; i < repeats; i++) {
                Batch batch = text.batch(model.experiment());
                parts.clear();
                long start = System.nanoTime();
                last = start;
                taken++;
                step.run(taken, List.of(batch), false);
                double total = (System.nanoTime() - start) / 1e6;
                samples.add(Samples.TOTAL, total);
                double other = total;
                for (StepClock.Part part : StepClock.Part.values()) {
                    double ms = parts.getOrDefault(part, 0.0);
                    samples.add(name(part), ms);
                    other -= ms;
                }
                samples.add(OTHER, other);
            }
        }

        static String name(StepClock.Part part) {
            return part.name().toLowerCase(Locale.ROOT);
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /** Forward passes at evaluation, over a batch as large as in training, down to one logit on the host. */
    final class EvaluationSubject implements Subject {

        private final LanguageModel model;
        private final int repeats;
        private final RandomText text = new RandomText();

        EvaluationSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            model = RandomText.model(experiment, device, kernels);
            this.repeats = repeats;
        }

        @Override
        public void round(Samples samples) {
            for (int i = 0; i < repeats; i++) {
                Batch batch = text.batch(model.experiment());
                long start = System.nanoTime();
                float logit = model.evaluate(
                        batch.tokens(),
                        batch.seqLen(),
                        batch.batchSize(),
                        model.evaluationDropPolicy(0, 0),
                        output -> output.logits().get(0, 0, 0).getFloat());
                samples.add(Samples.TOTAL, (System.nanoTime() - start) / 1e6);
                if (!Float.isFinite(logit)) {
                    throw new IllegalStateException("the model's logits are " + logit);
                }
            }
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /**
     * Text written one character at a time, the most probable next one, after a prompt as long as the context. The time
     * per character is that between the first and the last new character; what came before the first, reading the
     * prompt, is "prompt".
     */
    final class GenerationSubject implements Subject {

        static final String PROMPT = "prompt";

        /** Written per text: few, so that the context is about what it is called. */
        static final int LENGTH = 8;

        private final LanguageModel model;
        private final TextGenerator generator;
        private final int context;
        private final int repeats;
        private final RandomText text = new RandomText();

        GenerationSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            context = context(experiment);
            model = RandomText.model(experiment, device, kernels);
            generator = new TextGenerator(model, new Sampler(0, 0));
            this.repeats = repeats;
        }

        /** Prompt and new characters together are as long as the sequences that the model is made for. */
        static int context(Experiment experiment) {
            return experiment.train().seqLen() - LENGTH;
        }

        /** Of a model that is made for sequences with so much context. */
        static String settings(int context) {
            return "train.batch_size=1 train.seq_len=" + (context + LENGTH);
        }

        @Override
        public void round(Samples samples) {
            for (int i = 0; i < repeats; i++) {
                String prompt = text.prompt(context);
                long[] times = new long[LENGTH];
                int[] next = {0};
                long start = System.nanoTime();
                generator.generate(
                        prompt, LENGTH, new SplittableRandom(1), character -> times[next[0]++] = System.nanoTime());
                samples.add(Samples.TOTAL, (times[LENGTH - 1] - times[0]) / 1e6 / (LENGTH - 1));
                samples.add(PROMPT, (times[0] - start) / 1e6);
            }
        }

        @Override
        public void close() {
            model.close();
        }
    }
}
