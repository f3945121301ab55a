package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.data.Corpus;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.data.Split;
import dev.switchlab.data.TextData;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Experiment.Validation;
import dev.switchlab.io.Memory;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Computation;
import dev.switchlab.provenance.Machine;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Source;
import dev.switchlab.runs.Dataset;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.KernelChoice;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.MemoryEstimate;
import dev.switchlab.train.TrainingException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An experiment and its text, ready to be trained.
 *
 * @param experiment all settings
 * @param data the text
 * @param fallbackReason why the experiment's fallback text was taken; empty if it was not
 * @param origins trained models that the training builds on
 * @param title what distinguishes the run from others of its experiment
 * @param kernels requested kernels: a text of {@code Kernels}, or {@code auto}
 */
public record TrainingInput(
        Experiment experiment,
        TextData data,
        Optional<String> fallbackReason,
        Origins origins,
        RunTitle title,
        String kernels) {

    /**
     * An experiment on its corpus; prints a warning if the fallback text is taken.
     *
     * @param changes settings that differ from the experiment's file
     */
    public static TrainingInput of(Experiment experiment, Map<String, String> changes, Origins origins) {
        OpenedCorpus opened = CorpusStore.create().open(experiment);
        opened.fallbackReason().ifPresent(reason -> System.err.println("WARNING: " + reason));
        return of(experiment, opened, origins, RunTitle.of(changes), KernelChoice.AUTO);
    }

    /**
     * The experiment of a run on the text of that run, never on a fallback.
     *
     * @param name of the run
     */
    public static TrainingInput of(Provenance provenance, String name, Origins origins) {
        Experiment experiment = provenance.toExperiment();
        OpenedCorpus opened =
                CorpusStore.create().open(provenance.text().name(), Experiment.NO_FALLBACK, experiment.tokenizer());
        String reason = provenance.text().fallbackReason();
        return of(
                experiment,
                new OpenedCorpus(opened.corpus(), reason.isEmpty() ? Optional.empty() : Optional.of(reason)),
                origins,
                RunTitle.again(experiment, name),
                KernelChoice.recordedName(provenance.computation().kernels()));
    }

    /**
     * An experiment on a text that is open already.
     *
     * @param kernels requested kernels: a text of {@code Kernels}, or {@code auto}
     */
    public static TrainingInput of(
            Experiment experiment, OpenedCorpus opened, Origins origins, RunTitle title, String kernels) {
        TextData data = origins.data(opened.corpus(), experiment);
        return of(experiment, data, opened.fallbackReason(), origins, title, kernels, System.err::println);
    }

    /**
     * An experiment on its text. A prompt that the text's characters do not spell gives way to the text's beginning.
     *
     * @param notices takes a line that starts with WARNING if the prompt is replaced
     */
    public static TrainingInput of(
            Experiment experiment,
            TextData data,
            Optional<String> fallbackReason,
            Origins origins,
            RunTitle title,
            String kernels,
            Consumer<String> notices) {
        data.requireUsable(experiment); // fails before training, not after
        String prompt = data.prompt(experiment);
        if (prompt.equals(experiment.train().samplePrompt())) {
            return new TrainingInput(experiment, data, fallbackReason, origins, title, kernels);
        }
        notices.accept(("WARNING: the text lacks a character of train.sample_prompt, \"%s\": samples begin with \"%s\""
                        + " instead; choose another beginning with SET='train.sample_prompt=\"...\"'")
                .formatted(experiment.train().samplePrompt(), prompt));
        return new TrainingInput(experiment.withPrompt(prompt), data, fallbackReason, origins, title, kernels);
    }

    /** This input with other kernels. */
    public TrainingInput withKernels(String requested) {
        return new TrainingInput(experiment, data, fallbackReason, origins, title, requested);
    }

    /**
     * The kernels to use on {@code device}. The engine must have been started.
     *
     * @throws IllegalArgumentException in one line, if the requested kernels or precision are not available
     */
    public Kernels kernelsOn(Device device) {
        Machine.require(experiment.train().precision(), device);
        return KernelChoice.of(experiment, device, Machine.identity(), kernels);
    }

    /**
     * Refuses an experiment that this machine has no memory for. How much a GPU has is not checked.
     *
     * @param ranks processes on this machine that share the training
     * @param sharded whether experts are sharded over them
     * @throws dev.switchlab.train.TrainingException in one line
     */
    public void requireMemory(Device device, int ranks, boolean sharded) {
        if (!device.isGpu()) {
            new MemoryEstimate(experiment, data.tokenizer().size(), ranks, sharded).require(Memory.available());
        }
    }

    /**
     * A model before its first step.
     *
     * @param model with all experts, or with those of this rank
     * @param digest of all weights, including other ranks' experts
     */
    record FirstWeights(LanguageModel model, String digest) {}

    /**
     * @param group the ranks that train the model
     * @param sharded whether experts are sharded over them
     */
    FirstWeights firstWeights(Device device, Kernels chosenKernels, ProcessGroup group, boolean sharded) {
        LanguageModel all = model(device, chosenKernels, group, false);
        String digest = all.digest();
        if (!sharded) {
            return new FirstWeights(all, digest);
        }
        all.close(); // for a moment a rank holds all experts, without gradients and optimizer state
        return new FirstWeights(model(device, chosenKernels, group, true), digest);
    }

    private LanguageModel model(Device device, Kernels chosenKernels, ProcessGroup group, boolean sharded) {
        LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), device, chosenKernels, group, sharded);
        try {
            origins.init().ifPresent(origin -> model.beginWith(origin.weights(), experiment.initParts()));
            return model;
        } catch (IllegalArgumentException e) {
            model.close();
            throw new TrainingException(
                    "init_from " + origins.init().orElseThrow().recorded().name() + ": " + e.getMessage(), e);
        }
    }

    /** The model to learn from, on the device; to be closed after the training. */
    Optional<LanguageModel> teacher(Device device) {
        return origins.teacher().map(origin -> LanguageModel.load(origin.weights(), device));
    }

    /**
     * The provenance of a training that begins in this process.
     *
     * @param command the command line
     * @param initialWeights digest of the first weights
     * @param ranks processes that share the training
     * @param expertParallel whether experts are sharded over the ranks
     */
    public Provenance provenance(
            String command,
            Device device,
            String chosenKernels,
            String initialWeights,
            int ranks,
            boolean expertParallel) {
        Computation computation = Computation.on(device, chosenKernels, ranks, expertParallel);
        return Provenance.collect(experiment, command, text(), origins.recorded(), computation, initialWeights);
    }

    /**
     * Name, parameters and tags of a run that is about to begin.
     *
     * @param more tags beside the usual
     */
    RunInfo info(MirroredBook store, Provenance provenance, Map<String, String> more) {
        Map<String, String> params = params(provenance);
        return info(store, provenance, title.name(experiment.seed()), params, more);
    }

    /**
     * Name, parameters and tags of a run that sums up this experiment with several seeds.
     *
     * @param seeds in words, such as {@code 1..5}
     */
    public RunInfo parentInfo(MirroredBook store, Provenance provenance, String seeds, Map<String, String> more) {
        Map<String, String> params = params(provenance);
        params.remove("seed");
        params.put("seeds", seeds);
        return info(store, provenance, title.named("seeds " + seeds), params, more);
    }

    private Map<String, String> params(Provenance provenance) {
        Map<String, String> params = new LinkedHashMap<>(experiment.toParams());
        Corpus corpus = data.corpus();
        params.put("corpus.name", corpus.name());
        params.put("corpus.sha256", corpus.sha256());
        params.put("corpus.unigram_entropy", String.format(Locale.ROOT, "%.4f", corpus.unigramEntropy()));
        provenance.origins().forEach((setting, origin) -> {
            params.put(setting + ".run", origin.name());
            params.put(setting + ".sha256", origin.sha256());
        });
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
        tags.putAll(Source.repository(Path.of("").toAbsolutePath()));
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

    /** The text as a dataset of MLflow. */
    public Dataset dataset() {
        Corpus corpus = data.corpus();
        Split split = data.split();
        boolean heldOut = experiment.validation() == Validation.HELD_OUT;
        return new Dataset(
                // MLflow identifies a dataset by name and digest; another split needs another name.
                Corpus.shortName(corpus.name()) + (heldOut ? " (validation held out of training)" : ""),
                corpus.sha256(),
                corpus.name(),
                corpus.characters(),
                data.tokenizer().size(),
                split.train().limit(),
                split.validation().limit());
    }

    /** The text as the provenance records it. */
    public Provenance.Text text() {
        return new Provenance.Text(data.corpus().name(), data.corpus().sha256(), fallbackReason.orElse(""));
    }
}
