package dev.switchlab.experiment;

/** Which logits a softmax is over. */
public enum RouterScope {
    /** All: the gates of a token sum to less than one (Shazeer et al., arXiv 1701.06538; Switch Transformer). */
    ALL,
    /** Those of the chosen experts: the gates of a token sum to one (Mixtral, arXiv 2401.04088; nanoMoE). */
    CHOSEN
}
