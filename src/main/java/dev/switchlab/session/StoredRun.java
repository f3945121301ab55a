package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.WholeFile;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.WeightsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A run of the book with the contents of its artifacts. */
public record StoredRun(MirroredBook store, Run run) {

    /** Digest of the weights of a run that took all its steps. */
    static final String WEIGHTS_TAG = "switchlab.weights_sha256";

    /** The artifact with the model's weights. */
    public static final String WEIGHTS = "weights.safetensors";

    /**
     * The finished runs that this one sums up, compared.
     *
     * @param baseline as {@link Comparison#of(RunSource, List, String)} takes it
     * @throws IllegalArgumentException if they are fewer than two
     */
    public Comparison children(String baseline) {
        return Comparison.of(RunSource.of(store), List.of(run.runId()), baseline);
    }

    /** Whether the run left a trained model. */
    public boolean hasModel() {
        return !run.isSummary() && store.book().artifacts(run.runId()).list().contains(WEIGHTS);
    }

    /**
     * The model that the run trained, on a device that is asked for as late as possible. To be closed.
     *
     * @throws IllegalArgumentException in one line, if the weights are not those that the run recorded
     */
    public LanguageModel model(Supplier<Device> device) throws IOException {
        WeightsFile weights = weights();
        return LanguageModel.load(weights, device.get());
    }

    /** The weights that the run left; otherwise as {@link #model}. */
    WeightsFile weights() throws IOException {
        requireOwnTraining();
        WeightsFile weights =
                WeightsFile.read(store.book().artifacts(run.runId()).file(WEIGHTS));
        String recorded = run.tags().getOrDefault(WEIGHTS_TAG, ""); // blank for a run that was stopped
        if (!recorded.isBlank() && !recorded.equals(weights.digest())) {
            throw new IllegalArgumentException(weights.file()
                    + " is damaged or was replaced: the sha256 of its weights is not " + recorded + ", which run "
                    + run.shortId() + " recorded; copy the file again, or train anew with: make reproduce RUN="
                    + run.shortId());
        }
        return weights;
    }

    /**
     * The provenance of the run.
     *
     * @throws IllegalArgumentException in one line, if it is missing or damaged
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

    /** The text that the run was trained on, in the tokens of {@code model}. */
    public TextData data(LanguageModel model) {
        return data(
                model,
                run.params().getOrDefault("corpus.name", model.experiment().corpus()));
    }

    /** Another corpus, or a text file, as {@code model} reads it. */
    public static TextData data(LanguageModel model, String corpus) {
        return TextData.of(
                CorpusStore.create()
                        .open(corpus, Experiment.NO_FALLBACK, model.experiment().tokenizer())
                        .corpus(),
                model.tokenizer(),
                model.experiment());
    }

    /**
     * Adds scores by overlapping windows to the run, under names of their own.
     *
     * @param stride characters that a window counts
     * @param steps that the model was trained for
     */
    public void keepStrided(Evaluation score, int stride, int steps) {
        store.book().addMetrics(run.runId(), steps, score.metrics(MetricNames.strided(stride)));
        store.update(run);
    }

    /** Whether a process on this machine trains the run. A setting of a sweep is alive while its sweep is. */
    public boolean isAlive() {
        return RunLock.isHeld(store.book().checkpoints(owner()), run.runId());
    }

    private String owner() {
        boolean sumsUp = run.tags().containsKey(RunInfo.SUMMARY_TAG);
        return sumsUp ? run.tags().getOrDefault(RunInfo.PARENT_TAG, run.runId()) : run.runId();
    }

    /**
     * Marks runs as killed that the book has as running, but whose process is gone: killed, or cut off with its
     * machine. They can still be resumed.
     */
    public static void endKilled(MirroredBook store) {
        if (store.book().isReadOnly()) {
            return;
        }
        for (Run run : store.book().runs(Optional.empty(), Integer.MAX_VALUE)) {
            StoredRun stored = new StoredRun(store, run);
            // Without the folder the run began on another machine, or is just beginning.
            if (run.status().equals("RUNNING")
                    && Files.exists(store.book().checkpoints(stored.owner()))
                    && !stored.isAlive()) {
                store.book().endKilled(run.runId());
                WholeFile.clear(store.book().checkpoints(run.runId()));
                WholeFile.clear(store.book().artifacts(run.runId()).root());
            }
        }
    }

    private void requireOwnTraining() {
        if (run.isSummary()) {
            throw new IllegalArgumentException("run " + run.runId() + " (" + run.title()
                    + ") only sums up runs with several seeds; name one of those: make runs lists them");
        }
    }
}
