package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.data.Corpus;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.data.Split;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Experiment.Validation;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Machine;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Text;
import dev.switchlab.runs.Dataset;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.KernelChoice;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What is trained on what.
 *
 * @param experiment all settings
 * @param data the text
 * @param fallbackReason why the text is the experiment's fallback, if it is
 * @param title what tells the run from others of its experiment
 * @param kernels what shall multiply: a text of {@code Kernels}, or {@code auto}
 */
public record TrainingInput(
        Experiment experiment, TextData data, Optional<String> fallbackReason, RunTitle title, String kernels) {

    /**
     * An experiment on its corpus; that it takes the fallback is said loudly.
     *
     * @param changes settings that are not as in the experiment's file
     */
    public static TrainingInput of(Experiment experiment, Map<String, String> changes) {
        OpenedCorpus opened = CorpusStore.create().open(experiment);
        opened.fallbackReason().ifPresent(reason -> System.err.println("WARNING: " + reason));
        return of(experiment, opened, RunTitle.of(experiment, changes), KernelChoice.AUTO);
    }

    /**
     * The experiment of a run on the text that the run was trained on, which is never a fallback for it.
     *
     * @param name of that run
     */
    public static TrainingInput of(Provenance provenance, String name) {
        Experiment experiment = provenance.toExperiment();
        OpenedCorpus opened = CorpusStore.create().open(provenance.text().name(), Experiment.NO_FALLBACK);
        String reason = provenance.text().fallbackReason();
        String kernels = provenance.computation().kernels();
        return of(
                experiment,
                new OpenedCorpus(opened.corpus(), reason.isEmpty() ? Optional.empty() : Optional.of(reason)),
                RunTitle.again(experiment, name),
                kernels.isEmpty() ? KernelChoice.AUTO : kernels);
    }

    /**
     * An experiment on a text that is open already.
     *
     * @param kernels what shall multiply: a text of {@code Kernels}, or {@code auto}
     */
    public static TrainingInput of(Experiment experiment, OpenedCorpus opened, RunTitle title, String kernels) {
        TextData data = TextData.of(opened.corpus(), experiment);
        data.requireUsable(experiment); // fails now rather than after training
        return new TrainingInput(experiment, data, opened.fallbackReason(), title, kernels);
    }

    /** The same with another seed. */
    public TrainingInput withSeed(long seed) {
        return new TrainingInput(experiment.with("seed=" + seed), data, fallbackReason, title, kernels);
    }

    /** The same with other kernels. */
    public TrainingInput withKernels(String wish) {
        return new TrainingInput(experiment, data, fallbackReason, title, wish);
    }

    /**
     * What multiplies on {@code device}. The engine has been started.
     *
     * @throws IllegalArgumentException in one line, if it cannot be as wished here
     */
    public Kernels kernelsOn(Device device) {
        Machine.require(experiment.train().precision(), device);
        return KernelChoice.of(experiment, device, Machine.identity(), kernels);
    }

    /**
     * A run that is about to begin.
     *
     * @param provenance of it
     * @param more tags beside the usual
     */
    RunInfo info(MirroredBook store, Provenance provenance, Map<String, String> more) {
        Map<String, String> params = params(provenance);
        return info(store, provenance, title.name(experiment.seed()), params, more);
    }

    /**
     * A run that is to sum up this experiment with several seeds.
     *
     * @param seeds in words, such as {@code 1..5}
     */
    public RunInfo parentInfo(MirroredBook store, Provenance provenance, String seeds, Map<String, String> more) {
        Map<String, String> params = params(provenance);
        params.remove("seed");
        params.put("seeds", seeds);
        return info(store, provenance, title.label() + " seeds " + seeds, params, more);
    }

    private Map<String, String> params(Provenance provenance) {
        Map<String, String> params = new LinkedHashMap<>(experiment.toParams());
        Corpus corpus = data.corpus();
        params.put("corpus.name", corpus.name());
        params.put("corpus.sha256", corpus.sha256());
        params.put("corpus.unigram_entropy", String.format(Locale.ROOT, "%.4f", corpus.unigramEntropy()));
        params.put("device", provenance.computation().device());
        params.put("threads", Integer.toString(provenance.computation().threads()));
        if (provenance.computation().ranks() > 1) {
            params.put("ranks", Integer.toString(provenance.computation().ranks()));
        }
        return params;
    }

    private RunInfo info(
            MirroredBook store,
            Provenance provenance,
            String name,
            Map<String, String> params,
            Map<String, String> more) {
        Map<String, String> tags = new LinkedHashMap<>(provenance.tags());
        tags.putAll(more);
        return new RunInfo(
                store.experimentName(experiment.id()),
                experiment.about(),
                name,
                title.description(experiment, fallbackReason.isPresent()),
                provenance.command(),
                "experiments/" + experiment.id() + ".yaml",
                Optional.of(provenance.source().commit()).filter(commit -> !commit.isEmpty()),
                System.getProperty("user.name"),
                params,
                tags,
                Optional.of(dataset()));
    }

    /** The text, as MLflow shows it. */
    Dataset dataset() {
        Corpus corpus = data.corpus();
        Split split = data.split();
        boolean heldOut = experiment.validation() == Validation.HELD_OUT;
        return new Dataset(
                // MLflow knows a dataset by name and digest, and these splits are other ones.
                heldOut ? corpus.name() + " (validation held out of training)" : corpus.name(),
                corpus.sha256(),
                corpus.name(),
                corpus.characters(),
                data.tokenizer().size(),
                split.train().length,
                split.validation().length);
    }

    /** The text, as it is recorded. */
    public Text text() {
        return new Text(data.corpus().name(), data.corpus().sha256(), fallbackReason.orElse(""));
    }
}
