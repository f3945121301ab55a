package dev.switchlab.gpu;

/**
 * What one check found.
 *
 * @param name of the check
 * @param passed whether it is as it should be
 * @param text what was found, in one line
 */
public record Finding(String name, boolean passed, String text) {

    /** The finding in one line. */
    public String line() {
        return (passed ? "ok    " : "FAIL  ") + name + ": " + text;
    }
}
