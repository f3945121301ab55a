package dev.switchlab.data;

import com.google.common.base.Utf8;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.random.RandomStreams;

/**
 * A corpus made ready for an experiment.
 *
 * @param corpus the text
 * @param tokenizer the experiment's, or that of the run that a model comes from
 * @param split its tokens
 */
public record TextData(Corpus corpus, Tokenizer tokenizer, Split split) {

    private static final int LONGEST_BEGINNING = 24;

    /** For new weights: the vocabulary is the corpus' own where characters are the tokens. */
    public static TextData of(Corpus corpus, Experiment experiment) {
        return of(corpus, Tokenizer.of(experiment.tokenizer(), corpus), experiment);
    }

    /** For weights that exist: throws {@link DataException} when their vocabulary lacks a character of the corpus. */
    public static TextData of(Corpus corpus, Tokenizer tokenizer, Experiment experiment) {
        return new TextData(
                corpus, tokenizer, Split.of(corpus, tokenizer, experiment.trainFraction(), experiment.validation()));
    }

    /** Bytes of the validation split in UTF-8 for each of its tokens. */
    public double bytesPerToken() {
        boolean isBytes = tokenizer instanceof ByteTokenizer;
        return isBytes
                ? 1
                : (double) Utf8.encodedLength(split.validationText())
                        / split.validation().limit();
    }

    /** Characters of the validation split for each of its tokens. */
    public double charactersPerToken() {
        String text = split.validationText();
        return (double) text.codePointCount(0, text.length())
                / split.validation().limit();
    }

    /** Throws {@link DataException} if a split is shorter than a window. */
    public void requireUsable(Experiment experiment) {
        int seqLen = experiment.train().seqLen();
        Windows.of(split.train(), seqLen, "training");
        Windows.of(split.validation(), seqLen, "validation");
    }

    /**
     * What samples of an experiment continue: {@code train.sample_prompt}, or the beginning of the text's first line
     * that is not blank if the vocabulary lacks a character of that prompt.
     */
    public String prompt(Experiment experiment) {
        String prompt = experiment.train().samplePrompt();
        if (tokenizer.has(prompt)) {
            return prompt;
        }
        String line = corpus.text()
                .lines()
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElse(corpus.text());
        return line.codePoints()
                .limit(LONGEST_BEGINNING)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Training batches; a step takes {@code train.accumulate} of them. */
    public TrainingBatches training(Experiment experiment) {
        TrainConfig train = experiment.train();
        return new TrainingBatches(
                split.train(), train.seqLen(), train.batchSize(), new RandomStreams(experiment.seed()));
    }

    /** The fixed validation sample for evaluations while training. */
    public EvaluationBatches validationSample(Experiment experiment) {
        TrainConfig train = experiment.train();
        return EvaluationBatches.sample(
                split.validation(),
                train.seqLen(),
                train.batchSize(),
                train.evalBatches(),
                new RandomStreams(experiment.seed()));
    }

    /** The validation split by windows that overlap: {@link StridedBatches}. */
    public StridedBatches validation(Experiment experiment, int stride) {
        TrainConfig train = experiment.train();
        return StridedBatches.of(split.validation(), train.seqLen(), stride, train.batchSize());
    }

    /** The whole validation split, for the end. What that is, {@link Experiment#validation} says. */
    public EvaluationBatches validation(Experiment experiment) {
        TrainConfig train = experiment.train();
        return EvaluationBatches.whole(split.validation(), train.seqLen(), train.batchSize());
    }
}
