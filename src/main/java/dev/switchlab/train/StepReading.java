package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingNumbers;
import dev.switchlab.nn.RoutingStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** What a step has to say, kept where it was computed and read in one go when all is queued. */
final class StepReading {

    private final NDManager step;
    private final List<Losses> microBatches = new ArrayList<>();
    private List<RoutingNumbers> routing = List.of();

    /**
     * Nothing yet.
     *
     * @param step owns what is kept
     */
    StepReading(NDManager step) {
        this.step = step;
    }

    /** Losses of a micro-batch, scalars; {@code null} for one that there is not. */
    private record Losses(double share, NDArray loss, NDArray crossEntropy, NDArray loadBalance, NDArray zLoss) {}

    /**
     * The losses of a micro-batch.
     *
     * @param share its share of the step's tokens
     * @param loadBalance null for dense models
     * @param zLoss null unless it is trained on
     */
    void add(double share, NDArray loss, NDArray crossEntropy, NDArray loadBalance, NDArray zLoss) {
        microBatches.add(new Losses(share, keep(loss), keep(crossEntropy), keep(loadBalance), keep(zLoss)));
    }

    /** How the step's last micro-batch was routed. */
    void routing(List<Routing> layers) {
        routing = layers.stream().map(layer -> RoutingNumbers.of(step, layer)).toList();
    }

    private NDArray keep(NDArray scalar) {
        if (scalar == null) {
            return null;
        }
        NDArray kept = scalar.stopGradient();
        kept.attach(step);
        return kept;
    }

    /**
     * Reads everything: the only time that a step waits for its device.
     *
     * @param gradNorm the gradients' norm, a scalar
     * @param learningRate of the step
     */
    StepResult result(NDArray gradNorm, double learningRate) {
        List<NDArray> wanted = new ArrayList<>(List.of(gradNorm));
        for (Losses losses : microBatches) {
            for (NDArray scalar : scalars(losses)) {
                if (scalar != null) {
                    wanted.add(scalar);
                }
            }
        }
        routing.forEach(numbers -> wanted.add(numbers.tensor()));
        List<double[]> read = HostCopy.all(step, wanted);

        int at = 1;
        double[] sums = new double[4];
        boolean hasZLoss = false;
        for (Losses losses : microBatches) {
            NDArray[] scalars = scalars(losses);
            for (int i = 0; i < scalars.length; i++) {
                if (scalars[i] != null) {
                    sums[i] += losses.share * read.get(at++)[0];
                }
            }
            hasZLoss |= losses.zLoss != null;
        }
        List<RoutingStatistics> statistics = new ArrayList<>();
        for (RoutingNumbers numbers : routing) {
            statistics.add(numbers.statistics(read.get(at++)));
        }
        return new StepResult(
                sums[0],
                sums[1],
                sums[2],
                hasZLoss ? OptionalDouble.of(sums[3]) : OptionalDouble.empty(),
                read.get(0)[0],
                learningRate,
                List.copyOf(statistics));
    }

    private static NDArray[] scalars(Losses losses) {
        return new NDArray[] {losses.loss, losses.crossEntropy, losses.loadBalance, losses.zLoss};
    }
}
