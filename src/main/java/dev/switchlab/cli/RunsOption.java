package dev.switchlab.cli;

import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Option;

/** Which runs. */
final class RunsOption {

    @Option(
            names = "--compare",
            paramLabel = "\"A B\"",
            description =
                    "Two or more runs by id, beginning of an id or name; an experiment stands for all its finished runs.",
            defaultValue = "${env:SWITCHLAB_RUNS:-}")
    private String names;

    /** What was given, in its order; empty if nothing was. */
    List<String> names() {
        return Arrays.stream(names.strip().split("[\\s,]+"))
                .filter(name -> !name.isEmpty())
                .toList();
    }
}
