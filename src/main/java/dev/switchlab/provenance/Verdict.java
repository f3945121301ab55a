package dev.switchlab.provenance;

/** How a run compares to the run that it repeats. */
public enum Verdict {
    /** Every logged value and the final weights are equal to the bit. */
    IDENTICAL(0),
    /** The same settings, and every value within the stated tolerance. */
    EQUIVALENT(3),
    /** Anything else. */
    DIFFERENT(4);

    private final int exitCode;

    Verdict(int exitCode) {
        this.exitCode = exitCode;
    }

    /** The exit code of {@code make reproduce}. */
    public int exitCode() {
        return exitCode;
    }
}
