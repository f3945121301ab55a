package dev.switchlab.experiment;

/** Whose tokens share an expert's capacity, and the balance of loads, where several ranks share a batch. */
public enum CapacityScope {
    /** Those of the whole batch (arXiv 2101.03961, section 2.2): the number of ranks changes nothing but rounding. */
    GLOBAL,
    /**
     * Those of each rank: nothing need be known of the others' tokens, as where ranks are many (GShard's groups, arXiv
     * 2006.16668, section 2.2). What is dropped then depends on the number of ranks.
     */
    RANK
}
