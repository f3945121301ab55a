package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.data.Corpus;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.session.Origins;
import dev.switchlab.session.TrainingInput;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * A sweep with its texts, each long enough for the runs on it, and with the place where the runs compute.
 *
 * @param sweep the runs
 * @param inputs what the first run of each setting trains on, by {@link SweepRun#row()}
 * @param conditions where and how runs compute
 */
public record ResolvedSweep(Sweep sweep, Map<String, TrainingInput> inputs, Conditions conditions) {

    /**
     * Where and how runs compute.
     *
     * @param device {@code cpu}, {@code gpu} or {@code gpu:N}; {@code auto} if the machines of a cluster decide
     * @param threads CPU threads of a run
     * @param kernels as in {@code KERNELS}; {@code auto} for a choice by measurement
     */
    public record Conditions(String device, int threads, String kernels) {

        /** These conditions on a device of this machine. */
        public Conditions on(Device device) {
            return new Conditions(device.isGpu() ? "gpu:" + device.getDeviceId() : "cpu", threads, kernels);
        }

        Map<String, String> entries() {
            return Map.of("DEVICE", device, "THREADS", Integer.toString(threads), "KERNELS", kernels);
        }
    }

    /**
     * Opens the texts, with one warning for each that is a fallback.
     *
     * @throws dev.switchlab.data.DataException in one line, if a text cannot be had or is too short for a run
     */
    public static ResolvedSweep of(Sweep sweep, Conditions conditions) {
        Map<List<String>, OpenedCorpus> corpora = new HashMap<>();
        Map<List<Object>, TextData> texts = new HashMap<>();
        Map<String, TrainingInput> inputs = new LinkedHashMap<>();
        CorpusStore store = CorpusStore.create();
        Set<String> notices = new HashSet<>();
        sweep.settings().forEach((row, runs) -> {
            SweepRun first = runs.get(0);
            Experiment experiment = first.experiment();
            OpenedCorpus opened = corpora.computeIfAbsent(
                    List.of(experiment.corpus(), experiment.fallbackCorpus(), experiment.tokenizer()), key -> {
                        OpenedCorpus corpus = store.open(experiment);
                        corpus.fallbackReason().ifPresent(reason -> System.err.println("WARNING: " + reason));
                        return corpus;
                    });
            TextData data = texts.computeIfAbsent(
                    List.of(
                            opened.corpus().name(),
                            experiment.tokenizer(),
                            experiment.trainFraction(),
                            experiment.validation()),
                    key -> TextData.of(opened.corpus(), experiment));
            inputs.put(
                    row,
                    TrainingInput.of(
                            experiment,
                            data,
                            opened.fallbackReason(),
                            Origins.NONE, // found when a run is launched
                            first.title(),
                            conditions.kernels(),
                            notice -> {
                                if (notices.add(notice)) {
                                    System.err.println(notice);
                                }
                            }));
        });
        List<SweepRun> runs = sweep.runs().stream()
                .map(run -> run.withPrompt(
                        inputs.get(run.row()).experiment().train().samplePrompt()))
                .toList();
        return new ResolvedSweep(new Sweep(sweep.spec(), runs), inputs, conditions);
    }

    /**
     * This sweep on a device of this machine, with kernels chosen for each setting now, before training disturbs the
     * measurement. The engine has been started with the threads of a run.
     *
     * @throws IllegalArgumentException in one line, if a setting cannot be computed here
     */
    public ResolvedSweep on(Device device) {
        Map<String, TrainingInput> chosen = new LinkedHashMap<>();
        inputs.values().forEach(input -> input.requireMemory(device, 1, false));
        inputs.forEach((row, input) ->
                chosen.put(row, input.withKernels(input.kernelsOn(device).toString())));
        return new ResolvedSweep(sweep, chosen, conditions.on(device));
    }

    /** What makes this sweep the same as an earlier one. */
    public SweepIdentity identity() {
        return SweepIdentity.of(sweep, this::text, conditions.entries());
    }

    /** Some of the runs; empty if none is wanted. */
    public Optional<ResolvedSweep> only(Predicate<SweepRun> wanted) {
        List<SweepRun> runs = sweep.runs().stream().filter(wanted).toList();
        return runs.isEmpty()
                ? Optional.empty()
                : Optional.of(new ResolvedSweep(new Sweep(sweep.spec(), runs), inputs, conditions));
    }

    /** What a run is trained on. */
    public Corpus text(SweepRun run) {
        return inputs.get(run.row()).data().corpus();
    }

    /** Whether the sweep's parent run is the summary of its one setting, too. */
    boolean hasOneSetting() {
        return inputs.size() == 1;
    }

    /** Id of the summary run of a run's setting. */
    String settingRunId(String parentRunId, SweepRun run) {
        return hasOneSetting() ? parentRunId : run.settingRunId(parentRunId);
    }

    /**
     * What the process of a run needs to know.
     *
     * @param digest of the {@link SweepIdentity}
     * @param origins trained models that the run builds on
     */
    RunPlan plan(SweepRun run, String parentRunId, String digest, Origins origins) {
        TrainingInput input = inputs.get(run.row());
        return new RunPlan(
                run.number(),
                run.runId(parentRunId),
                input.title().label(),
                input.title().changed(),
                run.experiment().toYaml(),
                input.data().corpus().name(),
                input.fallbackReason().orElse(""),
                origins.recorded(),
                input.kernels(),
                conditions.device(),
                conditions.threads(),
                command(run),
                Map.of(
                        RunInfo.PARENT_TAG, settingRunId(parentRunId, run),
                        RunInfo.SWEEP_TAG, digest,
                        RunInfo.SETTING_TAG, run.setting()));
    }

    /** The command that trains a run alone. */
    String command(SweepRun run) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("EXPERIMENT", run.source());
        variables.put("SEED", Long.toString(run.seed()));
        variables.put("SET", ExperimentLoader.text(run.changes()));
        variables.put("THREADS", Integer.toString(conditions.threads()));
        variables.put("DEVICE", conditions.device().equals("cpu") ? "" : conditions.device());
        variables.put("KERNELS", conditions.kernels().equals("auto") ? "" : conditions.kernels());
        return MakeLine.of("train", variables);
    }
}
