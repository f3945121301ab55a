package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.analysis.RunComparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
     * The runs that this one sums up, also by way of others that sum up, the oldest first, compared.
     *
     * @throws IllegalArgumentException if they are fewer than two
     */
    public RunComparison children() {
        List<Run> below = store.book().tagged(RunInfo.PARENT_TAG);
        Set<String> parents = new HashSet<>(Set.of(run.runId()));
        below.stream()
                .filter(RunComparison::isSummary)
                .filter(setting -> run.runId().equals(setting.tags().get(RunInfo.PARENT_TAG)))
                .forEach(setting -> parents.add(setting.runId()));
        List<String> ids = below.stream()
                .filter(child ->
                        parents.contains(child.tags().get(RunInfo.PARENT_TAG)) && !RunComparison.isSummary(child))
                .filter(child -> child.status().equals("FINISHED"))
                .sorted(Comparator.comparing(Run::start))
                .map(Run::runId)
                .toList();
        return RunComparison.of(RunSource.of(store), ids);
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

    private void requireOwnTraining() {
        if (RunComparison.isSummary(run)) {
            throw new IllegalArgumentException("run " + run.runId() + " (" + run.name()
                    + ") only sums up runs with several seeds; name one of those: make runs lists them");
        }
    }
}
