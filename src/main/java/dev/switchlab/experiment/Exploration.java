package dev.switchlab.experiment;

/**
 * How a router tries other experts in training than those it thinks best (Switch Transformer, appendix C, table 11).
 */
public enum Exploration {
    /** It does not. */
    ARGMAX,
    /** Experts are drawn by their scores, without replacement (Gumbel-top-k, arXiv 1903.06059). */
    SAMPLE,
    /** The router sees its input after dropout of {@code router_input_dropout}. */
    INPUT_DROPOUT,
    /** The router sees each feature times a factor from U(1 - j, 1 + j), j = {@code router_jitter}. */
    JITTER
}
