package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;

/**
 * Where tokens stand when all experts run at once. Slot {@code i * E + e} is the i-th of expert e.
 *
 * @param perExpert C
 * @param tokenOfSlot (C * E) int64; 0 for an empty slot
 * @param slotOfPair (N * K) int64; any slot for a dropped pair
 */
record Slots(int perExpert, NDArray tokenOfSlot, NDArray slotOfPair) {}
