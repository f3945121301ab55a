package dev.switchlab.experiment;

/** What makes a score of a router's logit. */
public enum RouterScore {
    /** {@code exp(l_i) / sum_j exp(l_j)}: experts compete (Switch Transformer). */
    SOFTMAX,
    /** {@code 1 / (1 + exp(-l_i))}: each expert for itself (DeepSeek-V3, arXiv 2412.19437, equation 15). */
    SIGMOID
}
