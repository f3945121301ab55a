package dev.switchlab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.Experiment.Validation;
import dev.switchlab.random.RandomStreams;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Texts here count upwards, so that a token tells where it was cut. */
class BatchesTest {
    private static final RandomStreams STREAMS = new RandomStreams(1);

    @Test
    void tinyShakespearesLengthGivesTheReferencesSplitAndBatches() {
        Corpus corpus = new Corpus("letters", "", "ab".repeat(1_115_394 / 2));
        Split split = Split.of(corpus, CharTokenizer.of("ab"), 0.9, Validation.REST);
        assertThat(split.train().limit()).isEqualTo(1_003_854);
        assertThat(split.validation().limit()).isEqualTo(111_540);
        TrainingBatches batches = new TrainingBatches(split.train(), 64, 32, STREAMS);
        assertThat(batches.batchesPerEpoch()).isEqualTo(491);
        assertThat(batches.batch(489).batchSize()).isEqualTo(32);
        assertThat(batches.batch(490).batchSize()).isEqualTo(5);
        assertThat(batches.batch(491).batchSize()).isEqualTo(32);
    }

    @Test
    void aBatchIsTimeMajorAndTargetsAreTheNextTokens() {
        Batch batch = EvaluationBatches.whole(text(20), 4, 3).get(0);
        assertThat(batch.seqLen()).isEqualTo(4);
        assertThat(batch.batchSize()).isEqualTo(3);
        assertThat(batch.size()).isEqualTo(12);
        assertThat(batch.tokens()).containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
        assertThat(batch.targets()).containsExactly(1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12);
    }

    @Test
    void anEpochVisitsEveryWindowOnceShiftedByLessThanItsLength() {
        TrainingBatches batches = new TrainingBatches(text(1000), 7, 10, STREAMS);
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Long> starts = starts(batches, epoch);
            assertThat(starts).hasSize(142); // (1000 - 1) / 7
            assertThat(starts.stream().map(start -> start / 7)).doesNotHaveDuplicates();
            assertThat(starts.stream().map(start -> start % 7)).contains(0L, 1L, 2L, 3L, 4L, 5L, 6L);
        }
    }

    @Test
    void epochsDifferInOrderAndInOffsets() {
        TrainingBatches batches = new TrainingBatches(text(1000), 7, 10, STREAMS);
        List<Long> first = starts(batches, 0);
        List<Long> second = starts(batches, 1);
        assertThat(second).isNotEqualTo(first);
        assertThat(new HashSet<>(second)).isNotEqualTo(new HashSet<>(first));
        assertThat(second.stream().map(start -> start / 7))
                .isNotEqualTo(first.stream().map(start -> start / 7).toList());
    }

    /** The reference draws {@code randint(0, min(seq_len - 1, len - (start + seq_len + 1)))}, both ends included. */
    @Test
    void theLastWindowIsShiftedNoFurtherThanTheTextReaches() {
        IntBuffer text = text(4 * 5 + 3); // the last window begins at 15 and may be shifted by 0, 1 or 2
        Set<Long> lastStarts = new HashSet<>();
        TrainingBatches batches = new TrainingBatches(text, 5, 4, STREAMS);
        for (int epoch = 0; epoch < 100; epoch++) {
            starts(batches, epoch).stream()
                    .filter(start -> start >= 15 && start / 5 == 3)
                    .forEach(lastStarts::add);
        }
        assertThat(lastStarts).containsExactlyInAnyOrder(15L, 16L, 17L);
        assertThat(new Windows(text(21), 5).largestOffset(3)).isZero();
        assertThat(new Windows(text(21), 5).largestOffset(2)).isEqualTo(4);
    }

    @Test
    void anyBatchIsTheSameWhateverWasAskedForBefore() {
        TrainingBatches inOrder = new TrainingBatches(text(1000), 7, 10, STREAMS);
        List<long[]> tokens =
                IntStream.range(0, 45).mapToObj(i -> inOrder.batch(i).tokens()).toList();
        TrainingBatches resumed = new TrainingBatches(text(1000), 7, 10, new RandomStreams(1));
        for (int i = 44; i >= 0; i--) {
            assertThat(resumed.batch(i).tokens()).isEqualTo(tokens.get(i));
        }
        TrainingBatches otherSeed = new TrainingBatches(text(1000), 7, 10, new RandomStreams(2));
        assertThat(otherSeed.batch(0).tokens()).isNotEqualTo(tokens.get(0));
    }

    /** A promise: if this changes, every published run changes. */
    @Test
    void theFirstBatchOfSeedOneIsFixed() {
        assertThat(new TrainingBatches(text(100), 4, 3, STREAMS).batch(0).tokens())
                .containsExactly(50, 16, 67, 51, 17, 68, 52, 18, 69, 53, 19, 70);
    }

    @Test
    void theWholeSplitIsCutIntoConsecutiveWindows() {
        EvaluationBatches batches = EvaluationBatches.whole(text(31), 4, 3);
        assertThat(batches).hasSize(3);
        List<Long> starts = new ArrayList<>();
        batches.forEach(batch -> starts.addAll(starts(batch)));
        assertThat(starts).containsExactly(0L, 4L, 8L, 12L, 16L, 20L, 24L);
        assertThat(batches.get(2).batchSize()).isEqualTo(1);
        assertThatThrownBy(() -> batches.get(3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void theSampleIsFixedAndWithoutReplacement() {
        EvaluationBatches sample = EvaluationBatches.sample(text(1000), 7, 10, 3, STREAMS);
        assertThat(sample)
                .hasSize(3)
                .allSatisfy(batch -> assertThat(batch.batchSize()).isEqualTo(10));
        List<Long> starts =
                sample.stream().flatMap(batch -> starts(batch).stream()).toList();
        assertThat(starts)
                .isSorted()
                .doesNotHaveDuplicates()
                .allSatisfy(start -> assertThat(start % 7).isZero());
        assertThat(tokens(EvaluationBatches.sample(text(1000), 7, 10, 3, STREAMS)))
                .isDeepEqualTo(tokens(sample));
        assertThat(tokens(EvaluationBatches.sample(text(1000), 7, 10, 3, new RandomStreams(2)))[1])
                .isNotEqualTo(tokens(sample)[1]);
    }

    @Test
    void aSampleLargerThanTheSplitIsTheSplit() {
        EvaluationBatches sample = EvaluationBatches.sample(text(31), 4, 3, 1000, STREAMS);
        EvaluationBatches whole = EvaluationBatches.whole(text(31), 4, 3);
        assertThat(sample).hasSameSizeAs(whole);
        assertThat(tokens(sample)).isDeepEqualTo(tokens(whole));
    }

    @Test
    void aSplitWithoutOneWindowIsRefused() {
        String rest = " split of the corpus has 64 tokens; train.seq_len=64 needs at least 65;"
                + " use a longer corpus or a smaller train.seq_len";
        assertThatThrownBy(() -> new TrainingBatches(text(64), 64, 32, STREAMS))
                .isInstanceOf(DataException.class)
                .hasMessage("the training" + rest);
        assertThatThrownBy(() -> EvaluationBatches.whole(text(64), 64, 32)).hasMessage("the validation" + rest);
        assertThat(EvaluationBatches.whole(text(65), 64, 32)).hasSize(1);
    }

    /** Seven windows of four characters have 28 targets; with every stride each of them counts once, in order. */
    @Test
    void everyCharacterCountsOnceWhateverTheStride() {
        for (int stride = 1; stride <= 4; stride++) {
            List<Long> counted = new ArrayList<>();
            for (ScoredBatch scored : StridedBatches.of(text(31), 4, stride, 3)) {
                Batch batch = scored.batch();
                assertThat(batch.batchSize()).isLessThanOrEqualTo(3);
                for (int b = 0; b < batch.batchSize(); b++) {
                    for (int s = 4 - scored.scored(); s < 4; s++) {
                        long target = batch.targets()[s * batch.batchSize() + b];
                        counted.add(target);
                        long contextBefore = target - 1 - batch.tokens()[b];
                        assertThat(target <= 4 || contextBefore >= 4 - stride)
                                .as("context of %s", target)
                                .isTrue();
                    }
                }
            }
            assertThat(counted)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, 28).boxed().toList());
        }
    }

    @Test
    void aStrideOfTheWholeWindowIsTheUsualWay() {
        List<ScoredBatch> strided = StridedBatches.of(text(31), 4, 4, 3);
        EvaluationBatches whole = EvaluationBatches.whole(text(31), 4, 3);
        assertThat(strided).hasSameSizeAs(whole);
        for (int i = 0; i < whole.size(); i++) {
            assertThat(strided.get(i).batch().tokens()).isEqualTo(whole.get(i).tokens());
            assertThat(strided.get(i).size()).isEqualTo(whole.get(i).size());
        }
    }

    @Test
    void aStrideOutsideTheWindowIsRefused() {
        for (int stride : new int[] {-1, 0, 65}) {
            assertThatThrownBy(() -> StridedBatches.of(text(100), 64, stride, 3))
                    .isInstanceOf(DataException.class)
                    .hasMessage("a stride of " + stride
                            + "; allowed: whole numbers from 1 to train.seq_len=64; example: STRIDE=16");
        }
    }

    private static List<Long> starts(TrainingBatches batches, int epoch) {
        List<Long> starts = new ArrayList<>();
        for (int i = 0; i < batches.batchesPerEpoch(); i++) {
            starts.addAll(starts(batches.batch((long) epoch * batches.batchesPerEpoch() + i)));
        }
        return starts;
    }

    private static List<Long> starts(Batch batch) {
        return IntStream.range(0, batch.batchSize())
                .mapToObj(b -> batch.tokens()[b])
                .toList();
    }

    private static long[][] tokens(List<Batch> batches) {
        return batches.stream().map(Batch::tokens).toArray(long[][]::new);
    }

    private static IntBuffer text(int length) {
        return IntBuffer.wrap(IntStream.range(0, length).toArray());
    }
}
