package dev.switchlab.train;

import dev.switchlab.nn.Decoder;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Writes text, one character at a time. The model sees the last {@code seq_len} characters of the prompt, and what it
 * writes. When these are {@code seq_len} characters, which is all it was trained to see, it reads the last half of them
 * anew and goes on: so the cost of a character does not grow with the text, and positions are as in training.
 */
public final class TextGenerator {

    private final LanguageModel model;
    private final Sampler sampler;
    private final int seqLen;

    /** Draws from {@code model} with {@code sampler}. */
    public TextGenerator(LanguageModel model, Sampler sampler) {
        this.model = model;
        this.sampler = sampler;
        seqLen = model.experiment().train().seqLen();
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
        try (Decoder decoder = model.decoder()) {
            for (int i = start.length; i < tokens.length; i++) {
                float[] logits = i == start.length
                        ? decoder.start(before(tokens, i, seqLen))
                        : decoder.isFull()
                                ? decoder.start(before(tokens, i, Math.max(1, seqLen / 2)))
                                : decoder.next(tokens[i - 1]); // (V)
                tokens[i] = sampler.draw(logits, random);
                each.accept(model.tokenizer().decode(tokens[i]));
            }
        }
        return model.tokenizer().decode(tokens);
    }

    /** At most {@code count} tokens before {@code position}. */
    private static int[] before(int[] tokens, int position, int count) {
        return Arrays.copyOfRange(tokens, Math.max(0, position - count), position);
    }
}
