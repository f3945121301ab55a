/**
 * How fast it is: training steps, evaluation and generation, timed in turn with each other, with the matrix products
 * that they are made of, and with the reference's own code. Times are told as medians with their quartiles, and
 * compared as ratios within one run.
 */
package dev.switchlab.bench;
