package dev.switchlab.cli;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which experiment, and what is changed in it. */
final class ExperimentOptions {

    private static final String DEFAULT = "tiny-shakespeare";

    @Option(
            names = "--experiment",
            paramLabel = "ID",
            description = "A file of experiments/ without .yaml, or a path (default: " + DEFAULT + ").",
            defaultValue = "")
    private String experiment;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE ...",
            description = "Settings to change, separated by spaces, such as \"model.n_experts=8 train.steps=500\".",
            defaultValue = "")
    private String set;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "The root seed.",
            defaultValue = "")
    private String seed;

    @Option(
            names = "--corpus",
            paramLabel = "NAME|FILE",
            description = "A known corpus or any UTF-8 text file.",
            defaultValue = "")
    private String corpus;

    @Option(
            names = "--experiments",
            paramLabel = "FOLDER",
            description = "Where experiment files are (default: ${DEFAULT-VALUE}).",
            defaultValue = "experiments")
    private Path folder;

    /** The experiment with all changes. */
    Experiment load() {
        return ExperimentLoader.load(experiment.isBlank() ? DEFAULT : experiment.strip(), overrides(), folder);
    }

    /** Whether an experiment was named. */
    boolean isGiven() {
        return !experiment.isBlank();
    }

    /** Several experiments, with white space between. */
    List<String> several() {
        return List.of((isGiven() ? experiment : DEFAULT).strip().split("\\s+", -1));
    }

    /** The seed, if one was given. */
    Optional<String> seed() {
        return seed.isBlank() ? Optional.empty() : Optional.of(seed.strip());
    }

    /** The changes but for the seed. */
    Map<String, String> changesWithoutSeed() {
        Map<String, String> changes = changes();
        changes.remove("seed");
        return changes;
    }

    /** Where experiment files are. */
    Path folder() {
        return folder;
    }

    /** The changes: key to value. */
    Map<String, String> changes() {
        return ExperimentLoader.changes(overrides());
    }

    private List<String> overrides() {
        List<String> overrides = new ArrayList<>();
        if (!set.isBlank()) {
            overrides.add(set);
        }
        if (!seed.isBlank()) {
            overrides.add("seed=" + seed.strip());
        }
        if (!corpus.isBlank()) {
            overrides.add("corpus=" + corpus.strip());
        }
        return overrides;
    }
}
