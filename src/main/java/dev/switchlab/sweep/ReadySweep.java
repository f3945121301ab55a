package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.data.Corpus;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Sha256;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.session.RunTitle;
import dev.switchlab.session.TrainingInput;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A sweep whose texts are open and were found long enough for every child.
 *
 * @param sweep the sweep
 * @param inputs by {@link Child#row()}: the first child of each setting with its text
 * @param conditions where and how children compute
 */
public record ReadySweep(Sweep sweep, Map<String, TrainingInput> inputs, Conditions conditions) {

    /**
     * Where and how children compute.
     *
     * @param device {@code cpu}, {@code gpu} or {@code gpu:N}; {@code auto} where a cluster's machines decide
     * @param threads CPU threads of each
     * @param kernels as {@code KERNELS} says it; {@code auto} for a choice by measurement
     */
    public record Conditions(String device, int threads, String kernels) {

        Map<String, String> entries() {
            return Map.of("DEVICE", device, "THREADS", Integer.toString(threads), "KERNELS", kernels);
        }
    }

    /**
     * Opens the texts; that a fallback is taken is said loudly, once.
     *
     * @throws dev.switchlab.data.DataException in one line, if a text cannot be had or is too short for a child
     */
    public static ReadySweep of(Sweep sweep, Conditions conditions) {
        Map<List<String>, OpenedCorpus> corpora = new HashMap<>();
        Map<List<Object>, TextData> texts = new HashMap<>();
        Map<String, TrainingInput> inputs = new LinkedHashMap<>();
        CorpusStore store = CorpusStore.create();
        sweep.settings().forEach((row, children) -> {
            Child child = children.get(0);
            Experiment experiment = child.experiment();
            OpenedCorpus opened =
                    corpora.computeIfAbsent(List.of(experiment.corpus(), experiment.fallbackCorpus()), key -> {
                        OpenedCorpus corpus = store.open(experiment);
                        corpus.fallbackReason().ifPresent(reason -> System.err.println("WARNING: " + reason));
                        return corpus;
                    });
            TextData data = texts.computeIfAbsent(
                    List.of(opened.corpus().name(), experiment.trainFraction(), experiment.validation()),
                    key -> TextData.of(opened.corpus(), experiment));
            data.requireUsable(experiment);
            inputs.put(
                    row,
                    new TrainingInput(
                            experiment,
                            data,
                            opened.fallbackReason(),
                            RunTitle.of(experiment, child.changes()),
                            conditions.kernels()));
        });
        return new ReadySweep(sweep, inputs, conditions);
    }

    /**
     * The same on a device of this machine, with kernels chosen, here and now, for each setting: before anything trains
     * beside the measurement. The engine has been started with the threads of a child.
     *
     * @throws IllegalArgumentException in one line, if a setting cannot be computed here
     */
    public ReadySweep on(Device device) {
        String name = device.isGpu() ? "gpu:" + device.getDeviceId() : "cpu";
        Map<String, TrainingInput> chosen = new LinkedHashMap<>();
        inputs.forEach((row, input) ->
                chosen.put(row, input.withKernels(input.kernelsOn(device).toString())));
        return new ReadySweep(sweep, chosen, new Conditions(name, conditions.threads(), conditions.kernels()));
    }

    /** What it consists of. */
    public SweepIdentity identity() {
        return SweepIdentity.of(sweep, this::text, conditions.entries());
    }

    /** What a child is trained on. */
    Corpus text(Child child) {
        return inputs.get(child.row()).data().corpus();
    }

    /** The id of the run of a setting, or of a child: there never are two. */
    static String runId(String parentRunId, String what) {
        return Sha256.of(parentRunId + " " + what).substring(0, 32);
    }

    /** Whether the sweep's parent is the run of its one setting, too. */
    boolean hasOneSetting() {
        return inputs.size() == 1;
    }

    String settingRunId(String parentRunId, String row) {
        return hasOneSetting() ? parentRunId : runId(parentRunId, "setting " + row);
    }

    /** All that the process of a child has to know. */
    ChildPlan plan(Child child, String parentRunId, String digest) {
        TrainingInput input = inputs.get(child.row());
        return new ChildPlan(
                child.number(),
                runId(parentRunId, "child " + child.row() + " seed " + child.seed()),
                input.title().label(),
                input.title().changed(),
                child.experiment().toYaml(),
                input.data().corpus().name(),
                input.fallbackReason().orElse(""),
                input.kernels(),
                conditions.device(),
                conditions.threads(),
                command(child),
                Map.of(
                        RunInfo.PARENT_TAG, settingRunId(parentRunId, child.row()),
                        RunInfo.SWEEP_TAG, digest,
                        RunInfo.SETTING_TAG, child.setting()));
    }

    /** What trains a child alone. */
    String command(Child child) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("EXPERIMENT", child.source());
        variables.put("SEED", Long.toString(child.seed()));
        variables.put("SET", ExperimentLoader.text(child.changes()));
        variables.put("THREADS", Integer.toString(conditions.threads()));
        variables.put("DEVICE", conditions.device().equals("cpu") ? "" : conditions.device());
        variables.put("KERNELS", conditions.kernels().equals("auto") ? "" : conditions.kernels());
        return MakeLine.of("train", variables);
    }
}
