package dev.switchlab.cli;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** An experiment, and changes of its settings. */
class ExperimentOptions {

    /** The folder of experiment files. */
    static final class Folder {

        @Option(
                names = "--experiments",
                paramLabel = "FOLDER",
                description = "The folder of experiment files (default: ${DEFAULT-VALUE}).",
                defaultValue = "experiments")
        private Path path;

        Path path() {
            return path;
        }
    }

    @Mixin
    private Folder folder;

    @Option(
            names = "--experiment",
            paramLabel = "ID",
            description =
                    "A file of experiments/ without .yaml, or a path (default: tiny-shakespeare; bench: reference).",
            defaultValue = "")
    private String experiment;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE ...",
            description = "Settings to change, separated by spaces, such as \"model.n_experts=8 train.steps=500\".",
            defaultValue = "")
    private String set;

    boolean isGiven() {
        return !experiment.isBlank();
    }

    Path folder() {
        return folder.path();
    }

    /** Several experiments, separated by white space. */
    List<String> names(String otherwise) {
        return List.of(name(otherwise).split("\\s+", -1));
    }

    /** The experiment's id or path. */
    String name(String otherwise) {
        return isGiven() ? experiment.strip() : otherwise;
    }

    /** The changes as one text. */
    String set() {
        return set;
    }

    /** The experiment with all changes. */
    Experiment load(String otherwise) {
        return ExperimentLoader.load(name(otherwise), overrides(), folder());
    }

    /** The changes: setting to value. */
    Map<String, String> changes() {
        return ExperimentLoader.changes(overrides());
    }

    List<String> overrides() {
        return set.isBlank() ? List.of() : List.of(set);
    }

    /** With options of their own for seed and corpus. */
    static final class Trained extends ExperimentOptions {

        static final String DEFAULT = "tiny-shakespeare";

        @Option(names = "--seed", paramLabel = "N", description = "The root seed.", defaultValue = "")
        private String seed;

        @Option(
                names = "--corpus",
                paramLabel = "NAME|FILE",
                description = "A known corpus or any UTF-8 text file.",
                defaultValue = "")
        private String corpus;

        @Option(
                names = "--init",
                paramLabel = "RUN|FILE",
                description = "Begin with the weights and the vocabulary of a run, or of a weights.safetensors:"
                        + " fine-tuning; of a dense model in a sparse one: upcycling.",
                defaultValue = "")
        private String init;

        Optional<String> seed() {
            return seed.isBlank() ? Optional.empty() : Optional.of(seed.strip());
        }

        Map<String, String> changesWithoutSeed() {
            Map<String, String> changes = changes();
            changes.remove("seed");
            return changes;
        }

        @Override
        List<String> overrides() {
            List<String> overrides = new ArrayList<>(super.overrides());
            seed().ifPresent(given -> overrides.add("seed=" + given));
            if (!corpus.isBlank()) {
                overrides.add(ExperimentLoader.text(Map.of("corpus", corpus.strip())));
            }
            if (!init.isBlank()) {
                overrides.add(ExperimentLoader.text(Map.of("init_from", init.strip())));
            }
            return overrides;
        }
    }
}
