package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;

/**
 * How one switch layer routed its tokens, both as the reference returns it and as host arrays for statistics.
 *
 * @param plan each token's expert, the counts before dropping, and who was kept and dropped
 * @param probabilities router probabilities on the host, [token * E + expert]
 * @param probabilitySum router probability summed over tokens, (E); carries the router's gradient
 * @param chosenProbability router probability of each token's expert, (N)
 */
public record Routing(RoutingPlan plan, float[] probabilities, NDArray probabilitySum, NDArray chosenProbability) {}
