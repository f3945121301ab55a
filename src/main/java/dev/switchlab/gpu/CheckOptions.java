package dev.switchlab.gpu;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import java.nio.file.Path;

/**
 * What a device is checked with.
 *
 * @param device a GPU, or the CPU, whose routing is then planned as a GPU's
 * @param experiment what is trained for a few steps; its capacity is fixed
 * @param golden the golden cases
 * @param steps of each of the two runs that are compared
 * @param memorySteps after which memory is compared with what it was after a tenth of them
 */
public record CheckOptions(Device device, Experiment experiment, Path golden, int steps, int memorySteps) {

    /** Memory may still grow by so many megabytes, 10^6 bytes, from a tenth of the steps to their end. */
    static final double TOLERATED_GROWTH = 64;
}
