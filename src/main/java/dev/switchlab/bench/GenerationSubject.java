package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Sampler;
import dev.switchlab.train.TextGenerator;
import java.util.SplittableRandom;

/**
 * Text written one character at a time, the most probable next one, after a prompt as long as the context. The time per
 * character is that between the first and the last new character; what came before the first, reading the prompt, is
 * "prompt".
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
