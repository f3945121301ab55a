package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class TextGeneratorTest {

    private static final String SMALL = "model.drop_tokens=false train.seq_len=";

    /** Without a cache: every character from a pass over all that was read since the cache was full. */
    static String withoutCache(LanguageModel model, Sampler sampler, String prompt, int length, long seed) {
        int seqLen = model.experiment().train().seqLen();
        int[] start = model.tokenizer().encode(prompt);
        int[] tokens = Arrays.copyOf(start, start.length + length);
        SplittableRandom random = new SplittableRandom(seed);
        int from = Math.max(0, start.length - seqLen);
        for (int i = start.length; i < tokens.length; i++) {
            if (i - from > seqLen) {
                from = i - Math.max(1, seqLen / 2);
            }
            long[] window = Arrays.stream(tokens, from, i).asLongStream().toArray();
            float[] logits = model.evaluate(
                    new Batch(window, new long[0], window.length, 1),
                    model.evaluationDropPolicy(0, 0),
                    output -> output.logits().get(window.length - 1).toFloatArray()); // (V)
            tokens[i] = sampler.draw(logits, random);
        }
        return model.tokenizer().decode(tokens);
    }

    private static void with(String settings, Consumer<LanguageModel> test) {
        Experiment experiment = Runs.smoke(settings.split(" "));
        try (LanguageModel model =
                LanguageModel.create(experiment, CharTokenizer.of("abcdefghijklmnop"), Device.cpu())) {
            test.accept(model);
        }
    }

    @Test
    void writesWhatTheWholeModelWouldWrite() {
        for (String positions : List.of("none", "learned", "rotary")) {
            for (int seqLen : new int[] {1, 7, 8}) {
                with(SMALL + seqLen + " model.positions=" + positions, model -> {
                    for (String prompt : List.of("a", "abcdef", "abcdefghijklmnop")) {
                        for (Sampler sampler : List.of(new Sampler(1, 0), new Sampler(0, 0), new Sampler(0.7, 3))) {
                            assertThat(new TextGenerator(model, sampler).generate(prompt, 30, new SplittableRandom(5)))
                                    .isEqualTo(withoutCache(model, sampler, prompt, 30, 5));
                        }
                    }
                });
            }
        }
    }

    /** One draw per character: a longer text begins as the shorter one. */
    @Test
    void aLongerTextBeginsAsAShorterOne() {
        with(SMALL + 8, model -> {
            TextGenerator generator = new TextGenerator(model, new Sampler(1, 0));
            String text = generator.generate("abc", 50, new SplittableRandom(1));
            assertThat(text).hasSize(53).startsWith(generator.generate("abc", 20, new SplittableRandom(1)));
            assertThat(generator.generate("abc", 0, new SplittableRandom(1))).isEqualTo("abc");
            assertThatThrownBy(() -> generator.generate("", 5, new SplittableRandom(1)))
                    .hasMessageContaining("the prompt is empty");
        });
    }

    /** Whoever reads gets each character before the next is computed. */
    @Test
    void handsOnEachCharacterAtOnce() {
        with(SMALL + 8, model -> {
            List<String> seen = new ArrayList<>();
            RuntimeException stop = new RuntimeException("enough");
            assertThatThrownBy(() -> new TextGenerator(model, new Sampler(1, 0))
                            .generate("abc", 1_000_000, new SplittableRandom(1), character -> {
                                seen.add(character);
                                if (seen.size() == 10) {
                                    throw stop;
                                }
                            }))
                    .isSameAs(stop);
            assertThat(String.join("", seen))
                    .isEqualTo(new TextGenerator(model, new Sampler(1, 0))
                            .generate("abc", 10, new SplittableRandom(1))
                            .substring(3));
        });
    }

    @Test
    void leavesNothingBehind() {
        with(SMALL + 8, model -> {
            TextGenerator generator = new TextGenerator(model, new Sampler(1, 0));
            generator.generate("abc", 10, new SplittableRandom(1));
            int before = MemoryTest.liveArrays();
            for (int i = 0; i < 3; i++) {
                generator.generate("abc", 30, new SplittableRandom(1));
            }
            assertThat(MemoryTest.liveArrays()).isEqualTo(before);
        });
    }
}
