package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import dev.switchlab.nn.BackwardListener;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.nn.kernel.GradientNorm;
import dev.switchlab.world.World;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The gradients of a step, wherever its ranks are. Of what all have it takes the {@linkplain GradientSum sum} over
 * ranks; of experts that only this rank has its own, which are whole already, because the tokens of all ranks came
 * here. All ranks call it together.
 */
final class RankGradients {

    private final World world;
    private final NDManager step;
    private final StepWeights weights;
    private final List<Parameter> parameters;
    private final Set<Parameter> spread;
    private final GradientSum sum;

    /**
     * @param all in the order of {@code parameters}
     * @param norm () float32, over those of all ranks: the same bits on each
     */
    record Whole(List<NDArray> all, NDArray norm) {}

    /**
     * @param step owns what is made
     * @param weights where the gradients are
     * @param spread those of {@code parameters} that other ranks have others of
     */
    RankGradients(World world, NDManager step, StepWeights weights, List<Parameter> parameters, Set<Parameter> spread) {
        this.world = world;
        this.step = step;
        this.weights = weights;
        this.parameters = parameters;
        this.spread = spread;
        sum = new GradientSum(
                world,
                step,
                weights,
                parameters.stream()
                        .filter(parameter -> !spread.contains(parameter))
                        .toList());
    }

    /** For the last backward pass of the step, after which nothing is added to any gradient. */
    BackwardListener listener() {
        return world.size() == 1 ? BackwardListener.NONE : sum;
    }

    /** What came of the step's backward passes. */
    Whole whole() {
        if (world.size() == 1) {
            List<NDArray> all = parameters.stream().map(weights::gradient).toList();
            return new Whole(all, GradientNorm.of(step, all));
        }
        Map<Parameter, NDArray> sums = sum.end();
        List<NDArray> all = new ArrayList<>();
        List<NDArray> shared = new ArrayList<>();
        List<NDArray> experts = new ArrayList<>();
        for (Parameter parameter : parameters) {
            boolean isOwn = spread.contains(parameter);
            NDArray gradient = isOwn ? weights.gradient(parameter) : sums.get(parameter);
            all.add(gradient);
            (isOwn ? experts : shared).add(gradient);
        }
        return new Whole(List.copyOf(all), spread.isEmpty() ? GradientNorm.of(step, all) : norm(shared, experts));
    }

    private NDArray norm(List<NDArray> shared, List<NDArray> experts) {
        double squares = square(GradientNorm.of(step, shared));
        for (double[] ofRank : world.gather(new double[] {square(GradientNorm.of(step, experts))})) {
            squares += ofRank[0];
        }
        return step.create((float) Math.sqrt(squares)); // ()
    }

    private static double square(NDArray norm) {
        double value = HostCopy.number(norm);
        return value * value;
    }
}
