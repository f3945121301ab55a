package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.data.Batch;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Sampler;
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

        /** Runs all rounds; {@code ended} is called after each. */
        Map<Subject, Samples> run(List<? extends Subject> subjects, Runnable ended) {
            Map<Subject, Samples> samples = new LinkedHashMap<>();
            for (int round = 0; round < all(); round++) {
                for (Subject subject : subjects) {
                    subject.round(
                            round < warmUp ? new Samples() : samples.computeIfAbsent(subject, s -> new Samples()));
                }
                ended.run();
            }
            return samples;
        }
    }

    /** Work of a model, repeated in each turn. */
    abstract class ModelSubject implements Subject {

        final LanguageModel model;
        final RandomText text = new RandomText();
        private final int repeats;

        private ModelSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            model = RandomText.model(experiment, device, kernels);
            this.repeats = repeats;
        }

        /** Works once and adds the times taken. */
        abstract void once(Samples samples);

        @Override
        public void round(Samples samples) {
            for (int i = 0; i < repeats; i++) {
                once(samples);
            }
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /** Training steps, split into their parts. What is in no part (reading numbers, freeing memory) is "other". */
    final class TrainingSubject extends ModelSubject {

        private static final String OTHER = "other";

        private final TrainStep step;
        private final Map<TrainStep.Part, Double> parts = new EnumMap<>(TrainStep.Part.class);
        private long last;
        private int taken;

        TrainingSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            super(experiment, device, kernels, repeats);
            step = new TrainStep(model, this::ended);
        }

        private void ended(TrainStep.Part part) {
            long now = System.nanoTime();
            parts.merge(part, (now - last) / 1e6, Double::sum);
            last = now;
        }

        @Override
        void once(Samples samples) {
            Batch batch = text.batch(model.experiment());
            parts.clear();
            long start = System.nanoTime();
            last = start;
            taken++;
            step.run(taken, List.of(batch), false);
            double total = (System.nanoTime() - start) / 1e6;
            samples.add(Samples.TOTAL, total);
            double other = total;
            for (TrainStep.Part part : TrainStep.Part.values()) {
                double ms = parts.getOrDefault(part, 0.0);
                samples.add(name(part), ms);
                other -= ms;
            }
            samples.add(OTHER, other);
        }

        static String name(TrainStep.Part part) {
            return part.name().toLowerCase(Locale.ROOT);
        }
    }

    /** Forward passes at evaluation, over a batch of the training size, down to one logit on the host. */
    final class EvaluationSubject extends ModelSubject {

        EvaluationSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            super(experiment, device, kernels, repeats);
        }

        @Override
        void once(Samples samples) {
            Batch batch = text.batch(model.experiment());
            long start = System.nanoTime();
            float logit = model.evaluate(
                    batch,
                    model.evaluationDropPolicy(0, 0),
                    output -> output.logits().get(0, 0, 0).getFloat());
            samples.add(Samples.TOTAL, (System.nanoTime() - start) / 1e6);
            if (!Float.isFinite(logit)) {
                throw new IllegalStateException("the model's logits are " + logit);
            }
        }
    }

    /**
     * Text written one character at a time, the most probable next one, after a prompt as long as the context. The time
     * per character is that between the first and the last new character; the time before the first, for reading the
     * prompt, is "prompt".
     */
    final class GenerationSubject extends ModelSubject {

        private static final String PROMPT = "prompt";

        /** Characters written per text: few, so that the context keeps its length. */
        static final int LENGTH = 8;

        private final TextGenerator generator = new TextGenerator(model, new Sampler(0, 0));

        GenerationSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
            super(experiment, device, kernels, repeats);
        }

        /** Settings of a model for sequences of this context and the new characters. */
        static String settings(int context) {
            return "train.batch_size=1 train.seq_len=" + (context + LENGTH);
        }

        @Override
        void once(Samples samples) {
            String prompt = text.prompt(model.experiment().train().seqLen() - LENGTH);
            long[] times = new long[LENGTH];
            int[] next = {0};
            long start = System.nanoTime();
            generator.generate(
                    prompt, LENGTH, new SplittableRandom(1), character -> times[next[0]++] = System.nanoTime());
            samples.add(Samples.TOTAL, (times[LENGTH - 1] - times[0]) / 1e6 / (LENGTH - 1));
            samples.add(PROMPT, (times[0] - start) / 1e6);
        }
    }
}
