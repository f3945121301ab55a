package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Machine;
import dev.switchlab.train.KernelChoice;
import java.util.Optional;

/**
 * What a benchmark is given.
 *
 * @param experiment what it varies
 * @param quick whether it shall be short: fewer variants and rounds, for a first look and for tests
 * @param reference the Python that runs the reference's code, if it is to be compared
 * @param device where to compute
 * @param threads CPU threads in use
 * @param kernels what multiplies: {@link KernelChoice#AUTO}, or a text of {@link Kernels}
 */
public record BenchOptions(
        Experiment experiment, boolean quick, Optional<String> reference, Device device, int threads, String kernels) {

    Rounds rounds() {
        return quick ? Rounds.QUICK : Rounds.FULL;
    }

    /** What a variant multiplies with: what a training of it would. */
    Kernels kernels(Experiment variant) {
        return KernelChoice.of(variant, device, Machine.identity(), kernels);
    }

    /** What is multiplied. */
    String precision() {
        return experiment.toParams().getOrDefault("train.precision", "float32");
    }
}
