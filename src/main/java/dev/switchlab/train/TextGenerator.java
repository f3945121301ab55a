package dev.switchlab.train;

import dev.switchlab.nn.Decoder;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Writes text, one token at a time. The model sees the last {@code seq_len} tokens of the prompt, and what it writes.
 * When these are {@code seq_len} tokens, which is all it was trained to see, it reads the last half of them anew and
 * goes on: so the cost of a token does not grow with the text, and positions are as in training.
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

    /** Continues {@code prompt} by {@code length} tokens and returns both. */
    public String generate(String prompt, int length, RandomGenerator random) {
        return generate(prompt, length, random, character -> {});
    }

    /**
     * Continues {@code prompt} by {@code length} tokens.
     *
     * @param prompt at least one character, all of the model's vocabulary
     * @param each is given each new piece of text as soon as it is whole characters
     * @return prompt and continuation
     */
    public String generate(String prompt, int length, RandomGenerator random, Consumer<String> each) {
        int[] start = model.tokenizer().encode(prompt);
        if (start.length == 0) {
            throw new IllegalArgumentException("the prompt is empty; give at least one character, for example \"A\"");
        }
        int[] tokens = Arrays.copyOf(start, start.length + length);
        try (Decoder decoder = model.decoder()) {
            int told = start.length; // tokens whose text was given to each
            int context = Math.max(0, told - 1);
            for (int i = start.length; i < tokens.length; i++) {
                float[] logits = i == start.length
                        ? decoder.start(before(tokens, i, seqLen))
                        : decoder.isFull()
                                ? decoder.start(before(tokens, i, Math.max(1, seqLen / 2)))
                                : decoder.next(tokens[i - 1]); // (V)
                tokens[i] = sampler.draw(logits, random);
                // How a token is spelled can depend on those before it, and a character may take several tokens.
                String before = model.tokenizer().decode(Arrays.copyOfRange(tokens, context, told));
                String now = model.tokenizer().decode(Arrays.copyOfRange(tokens, context, i + 1));
                if (!now.endsWith("\uFFFD") || i == tokens.length - 1) {
                    each.accept(now.substring(Math.min(before.length(), now.length())));
                    context = told;
                    told = i + 1;
                }
            }
        }
        return model.tokenizer().decode(tokens);
    }

    /** At most {@code count} tokens before {@code position}. */
    private static int[] before(int[] tokens, int position, int count) {
        return Arrays.copyOfRange(tokens, Math.max(0, position - count), position);
    }
}
