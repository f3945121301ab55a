package dev.switchlab.bench;

import java.util.List;

/**
 * Variants that are timed in turn, so that they can be compared.
 *
 * @param id what the JSON file calls it
 * @param title what the table says above it
 * @param axis what the variants' x is
 * @param work what is timed
 * @param variants in the order of the table
 */
record BenchSection(String id, String title, String axis, Work work, List<BenchVariant> variants) {

    static final String EXPERTS = "experts";
    static final String EVALUATION = "evaluation";
    static final String GENERATION = "generation";
    static final String DENSE = "dense";
}
