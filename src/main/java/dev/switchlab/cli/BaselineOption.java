package dev.switchlab.cli;

import picocli.CommandLine.Option;

/** Which setting the others are held against. */
final class BaselineOption {

    @Option(
            names = "--baseline",
            paramLabel = "SETTING",
            description = "The setting that others are held against: its letter, what tells it from the others, such as"
                    + " model.n_experts=2, or one of its runs; default: the first.",
            defaultValue = "")
    private String baseline;

    /** As it was given; blank if it was not. */
    String text() {
        return baseline;
    }
}
