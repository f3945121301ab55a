package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.kernel.GradientNorm;
import dev.switchlab.world.World;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * The gradients of a step that ranks share: of what all have the {@linkplain GradientSum sum} over ranks; of experts that only this rank has its own,
 * which are whole already, because the tokens of all ranks came here.
 *
 * @param all in the order of the parameters
 * @param norm () float32, over those of all ranks: the same bits on each
 */
record RankGradients(List<NDArray> all, NDArray norm) {

    /**
     * All ranks call it together.
     *
     * @param step owns what is made
     * @param spread those of the parameters that other ranks have others of
     * @param gradients of a parameter
     */
    static RankGradients of(
            World world,
            NDManager step,
            List<Parameter> parameters,
            List<Parameter> spread,
            Function<Parameter, NDArray> gradients) {
        if (spread.isEmpty()) {
            List<NDArray> all = GradientSum.over(
                    world, step, parameters.stream().map(gradients).toList());
            return new RankGradients(all, GradientNorm.of(step, all));
        }
        Set<Parameter> here = new HashSet<>(spread);
        List<NDArray> shared = GradientSum.over(
                world,
                step,
                parameters.stream()
                        .filter(parameter -> !here.contains(parameter))
                        .map(gradients)
                        .toList());
        List<NDArray> all = new ArrayList<>();
        List<NDArray> own = new ArrayList<>();
        int next = 0;
        for (Parameter parameter : parameters) {
            if (here.contains(parameter)) {
                own.add(gradients.apply(parameter));
                all.add(own.get(own.size() - 1));
            } else {
                all.add(shared.get(next++));
            }
        }
        return new RankGradients(List.copyOf(all), norm(world, step, shared, own));
    }

    private static NDArray norm(World world, NDManager step, List<NDArray> shared, List<NDArray> own) {
        double squares = square(GradientNorm.of(step, shared));
        for (double[] ofRank : world.gather(new double[] {square(GradientNorm.of(step, own))})) {
            squares += ofRank[0];
        }
        return step.create((float) Math.sqrt(squares)); // ()
    }

    private static double square(NDArray norm) {
        double value = HostCopy.number(norm);
        return value * value;
    }
}
