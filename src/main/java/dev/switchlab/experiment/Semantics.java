package dev.switchlab.experiment;

/** Whose behavior a model follows where the reference implementation and the paper differ. */
public enum Semantics {
    /** labml's annotated implementation, to the letter. */
    REFERENCE,
    /** arXiv 2101.03961. */
    PAPER
}
