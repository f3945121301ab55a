package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.analysis.RunComparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.LaterMetrics;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A run of the book, with what its artifacts hold.
 *
 * @param store where it is
 * @param run what it says of it
 */
public record StoredRun(MirroredBook store, Run run) {

    /** The artifact with the model's weights. */
    public static final String WEIGHTS = "weights.safetensors";

    /**
     * The finished runs that this one sums up, compared.
     *
     * @throws IllegalArgumentException if they are fewer than two
     */
    public RunComparison children() {
        return children("");
    }

    /**
     * The same with another baseline.
     *
     * @param baseline as {@link RunComparison#of(RunSource, List, String)} takes it
     */
    public RunComparison children(String baseline) {
        return RunComparison.of(RunSource.of(store), List.of(run.runId()), baseline);
    }

    /** The model that the run trained. To be closed. */
    public LanguageModel model(Device device) throws IOException {
        requireOwnTraining();
        return LanguageModel.load(store.book().artifacts(run.runId()).file(WEIGHTS), device);
    }

    /**
     * Where the run comes from.
     *
     * @throws IllegalArgumentException in one line, if that is not stored or damaged
     */
    public Provenance provenance() throws IOException {
        requireOwnTraining();
        return Provenance.ofJson(
                Files.readString(store.book().artifacts(run.runId()).file(Provenance.ARTIFACT)), "run " + run.runId());
    }

    /** The last text that the run wrote while training. */
    public Optional<String> sample() throws IOException {
        ArtifactFolder artifacts = store.book().artifacts(run.runId());
        Optional<String> newest = artifacts.list().stream()
                .filter(path -> path.matches("samples/.*\\.txt"))
                .max(Comparator.naturalOrder());
        return newest.isEmpty() ? Optional.empty() : Optional.of(Files.readString(artifacts.file(newest.get())));
    }

    /** The text that the run was trained on, never its fallback, as {@code model} reads it. */
    public TextData data(LanguageModel model) {
        String corpus =
                run.params().getOrDefault("corpus.name", model.experiment().corpus());
        return TextData.of(
                CorpusStore.create().open(corpus, Experiment.NO_FALLBACK).corpus(),
                model.tokenizer(),
                model.experiment());
    }

    /**
     * Keeps how the run's model scored by windows that overlap, under names of their own: what training logged stays as
     * it is.
     *
     * @param stride characters that a window counts
     * @param steps that the model was trained for
     */
    public void keepStrided(Evaluation score, int stride, int steps) {
        LaterMetrics.add(store.book(), run.runId(), steps, score.metrics(MetricNames.strided(stride)));
        store.update(run);
    }

    private void requireOwnTraining() {
        if (RunComparison.isSummary(run)) {
            throw new IllegalArgumentException("run " + run.runId() + " (" + run.name()
                    + ") only sums up runs with several seeds; name one of those: make runs lists them");
        }
    }
}
