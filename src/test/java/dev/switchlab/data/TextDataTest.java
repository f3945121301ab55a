package dev.switchlab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.primitives.Ints;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import java.nio.IntBuffer;
import org.junit.jupiter.api.Test;

class TextDataTest {
    private final Experiment experiment =
            Experiment.of(Semantics.PAPER, "train.seq_len=8 train.batch_size=4 train.eval_batches=2");
    private final Corpus corpus = new Corpus("verse", "", "to be or not to be, that is the question\n".repeat(25));

    @Test
    void anExperimentsSettingsShapeItsBatches() {
        TextData data = TextData.of(corpus, experiment);
        assertThat(data.split().train().limit()).isEqualTo(922); // int(1025 * 0.9)
        assertThat(data.split().validation().limit()).isEqualTo(103);
        assertThat(data.tokenizer().decode(ids(data.split().train())))
                .isEqualTo(corpus.text().substring(0, 922));
        assertThat(data.training(experiment).batchesPerEpoch()).isEqualTo(29); // 115 windows
        assertThat(data.training(experiment).batch(0).batchSize()).isEqualTo(4);
        assertThat(data.training(experiment).batch(0).seqLen()).isEqualTo(8);
        assertThat(data.validationSample(experiment)).hasSize(2);
        assertThat(data.validation(experiment)).hasSize(3); // 12 windows
    }

    /** What results are reported on, the last tenth of all, is in neither part. */
    @Test
    void whatIsHeldOutIsTheLastTenthOfWhatTrainingWouldSee() {
        Experiment heldOut = experiment.with("validation=held_out");
        Split whole = TextData.of(corpus, experiment).split();
        Split split = TextData.of(corpus, heldOut).split();
        assertThat(split.train().limit()).isEqualTo(829); // int(922 * 0.9)
        assertThat(split.validation().limit()).isEqualTo(93);
        assertThat(Ints.concat(ids(split.train()), ids(split.validation()))).containsExactly(ids(whole.train()));
        assertThat(experiment.with("validation=rest")).isEqualTo(experiment);
    }

    private static int[] ids(IntBuffer tokens) {
        int[] ids = new int[tokens.limit()];
        tokens.get(0, ids);
        return ids;
    }

    @Test
    void theSeedIsTheExperiments() {
        TextData data = TextData.of(corpus, experiment);
        assertThat(data.training(experiment.with("seed=2")).batch(0).tokens())
                .isNotEqualTo(data.training(experiment).batch(0).tokens());
    }

    @Test
    void aVocabularyThatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> TextData.of(corpus, CharTokenizer.of("to be"), experiment))
                .isInstanceOf(DataException.class)
                .hasMessage("character 'r' (U+0072) at position 7 is not in the vocabulary of 5 characters; leave the"
                        + " character out, or train on a text that has it; allowed: \" beot\"");
    }
}
