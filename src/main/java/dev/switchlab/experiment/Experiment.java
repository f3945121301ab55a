package dev.switchlab.experiment;

/**
 * One experiment, fully resolved: nothing is left to a default elsewhere.
 *
 * @param id the file name without {@code .yaml}; also the name of the MLflow experiment
 * @param about why the experiment exists and what loss and time to expect
 * @param semantics which set of defaults {@code model} started from
 * @param seed the root seed; every random stream is derived from it
 * @param corpus a known corpus name or the path of a UTF-8 text file
 * @param fallbackCorpus the corpus taken when {@code corpus} cannot be downloaded, or {@code none} to forbid that
 * @param trainFraction share of the corpus' characters, from its start, that training sees; the rest validates
 * @param model the architecture
 * @param train the training recipe
 */
public record Experiment(
        String id,
        String about,
        Semantics semantics,
        long seed,
        String corpus,
        String fallbackCorpus,
        double trainFraction,
        ModelConfig model,
        TrainConfig train) {}
