package dev.switchlab.train;

import dev.switchlab.nn.HostCopy;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** Writes text, one character at a time, from the last {@code seq_len} characters. */
public final class TextGenerator {

    private final LanguageModel model;
    private final Sampler sampler;

    /** Draws from {@code model} with {@code sampler}. */
    public TextGenerator(LanguageModel model, Sampler sampler) {
        this.model = model;
        this.sampler = sampler;
    }

    /** Continues {@code prompt} by {@code length} characters and returns both. */
    public String generate(String prompt, int length, RandomGenerator random) {
        return generate(prompt, length, random, character -> {});
    }

    /**
     * Continues {@code prompt} by {@code length} characters.
     *
     * @param prompt at least one character, all of the model's vocabulary
     * @param each is given each new character at once
     * @return prompt and continuation
     */
    public String generate(String prompt, int length, RandomGenerator random, Consumer<String> each) {
        int[] start = model.tokenizer().encode(prompt);
        if (start.length == 0) {
            throw new IllegalArgumentException("the prompt is empty; give at least one character, for example \"A\"");
        }
        int[] tokens = Arrays.copyOf(start, start.length + length);
        for (int i = start.length; i < tokens.length; i++) {
            int from = Math.max(0, i - model.experiment().train().seqLen());
            tokens[i] = sampler.draw(nextLogits(Arrays.copyOfRange(tokens, from, i), i), random);
            each.accept(model.tokenizer().decode(tokens[i]));
        }
        return model.tokenizer().decode(tokens);
    }

    private float[] nextLogits(int[] window, int position) {
        long[] tokens = Arrays.stream(window).asLongStream().toArray();
        int last = tokens.length - 1;
        return model.evaluate(
                tokens,
                tokens.length,
                1,
                model.evaluationDropPolicy(0, position),
                output -> HostCopy.floats(output.logits().get(last))); // (V)
    }
}
