package dev.switchlab.session;

import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Text;
import java.util.Optional;

/**
 * What is trained on what.
 *
 * @param experiment all settings
 * @param data the text
 * @param fallbackReason why the text is the experiment's fallback, if it is
 */
public record TrainingInput(Experiment experiment, TextData data, Optional<String> fallbackReason) {

    /** An experiment on its corpus; that it takes the fallback is said loudly. */
    public static TrainingInput of(Experiment experiment) {
        OpenedCorpus opened = CorpusStore.create().open(experiment);
        opened.fallbackReason().ifPresent(reason -> System.err.println("WARNING: " + reason));
        return of(experiment, opened);
    }

    /** The experiment of a run on the text that the run was trained on, which is never a fallback for it. */
    public static TrainingInput of(Provenance provenance) {
        Experiment experiment = provenance.toExperiment();
        OpenedCorpus opened = CorpusStore.create().open(provenance.text().name(), Experiment.NO_FALLBACK);
        String reason = provenance.text().fallbackReason();
        return of(
                experiment,
                new OpenedCorpus(opened.corpus(), reason.isEmpty() ? Optional.empty() : Optional.of(reason)));
    }

    private static TrainingInput of(Experiment experiment, OpenedCorpus opened) {
        TextData data = TextData.of(opened.corpus(), experiment);
        data.requireUsable(experiment); // fails now rather than after training
        return new TrainingInput(experiment, data, opened.fallbackReason());
    }

    /** The same with another seed. */
    public TrainingInput withSeed(long seed) {
        return new TrainingInput(experiment.with("seed=" + seed), data, fallbackReason);
    }

    /** The text, as it is recorded. */
    public Text text() {
        return new Text(data.corpus().name(), data.corpus().sha256(), fallbackReason.orElse(""));
    }
}
