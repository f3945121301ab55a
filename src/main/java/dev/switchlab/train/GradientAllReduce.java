package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The gradients of a step, wherever its ranks are. Gradients of weights that all ranks have are summed over ranks, in
 * the order of ranks: the same bits on each. Gradients of sharded experts are complete already, because the tokens of
 * all ranks came here. All ranks call each method together.
 *
 * <p>The gradients of a layer go out as one message as soon as the backward pass has left the layer, and travel while
 * the pass goes on; the rest go when the pass is over.
 */
final class GradientAllReduce {

    private static final Script SCRIPT = Script.of("packing");

    private final ProcessGroup world;
    private final NDManager step;
    private final StepWeights weights;
    private final List<Parameter> parameters;
    private final Set<Parameter> sharded;
    /** The weights whose gradients have not gone out yet. */
    private final Set<Parameter> left;

    private final List<Message> messages = new ArrayList<>();

    /** @param flat (all), the gradients of {@code parameters} one after the other */
    private record Message(List<Parameter> parameters, NDArray flat, ProcessGroup.AllReduce sum) {}

    /**
     * @param all in the order of the weights
     * @param norm () float32, over the gradients of all ranks: the same bits on each
     */
    record Gradients(List<NDArray> all, NDArray norm) {}

    /**
     * @param step owns what is made
     * @param weights where the gradients are, float32
     * @param parameters the trained weights
     * @param sharded those of {@code parameters} that differ from rank to rank
     */
    GradientAllReduce(
            ProcessGroup world,
            NDManager step,
            StepWeights weights,
            List<Parameter> parameters,
            Set<Parameter> sharded) {
        this.world = world;
        this.step = step;
        this.weights = weights;
        this.parameters = parameters;
        this.sharded = sharded;
        left = new LinkedHashSet<>(parameters);
        left.removeAll(sharded);
    }

    /** Sends the gradients of a layer, which are complete, and moves on with those that are under way. */
    void complete(Block layer) {
        if (world.size() > 1) {
            send(layer.getParameters().values().stream().filter(left::contains).toList());
            world.progress();
        }
    }

    private void send(List<Parameter> some) {
        if (some.isEmpty()) {
            return;
        }
        NDArray flat =
                SCRIPT.tensor(step, "pack", some.stream().map(weights::gradient).toList()); // (all)
        some.forEach(weights::forget);
        some.forEach(left::remove);
        messages.add(new Message(
                some, flat, world.beginAllReduce(HostCopy.memory(flat).asFloatBuffer())));
    }

    /** The gradients after the step's last backward pass, and after all sums have come in. */
    Gradients all() {
        Map<Parameter, NDArray> sums = new HashMap<>();
        if (world.size() > 1) {
            send(List.copyOf(left));
            messages.forEach(message -> sums.putAll(received(message)));
        }
        List<NDArray> all = new ArrayList<>();
        List<NDArray> shared = new ArrayList<>();
        List<NDArray> own = new ArrayList<>();
        for (Parameter parameter : parameters) {
            NDArray sum = sums.get(parameter);
            NDArray gradient = sum == null ? weights.gradient(parameter) : sum;
            all.add(gradient);
            (sharded.contains(parameter) ? own : shared).add(gradient);
        }
        return new Gradients(all, own.isEmpty() ? GradientClipping.norm(step, all) : norm(shared, own));
    }

    /** The sums of a message by parameter, each of its shape. Waits for them. */
    private Map<Parameter, NDArray> received(Message message) {
        message.sum.end();
        List<NDArray> shaped =
                message.parameters.stream().map(Parameter::getArray).toList();
        NDArray[] own = SCRIPT.tensors(step, "unpack", message.flat, shaped);
        return IntStream.range(0, own.length).boxed().collect(Collectors.toMap(message.parameters::get, i -> own[i]));
    }

    private NDArray norm(List<NDArray> shared, List<NDArray> own) {
        double squares = square(GradientClipping.norm(step, shared));
        for (double[] ofRank : world.gather(new double[] {square(GradientClipping.norm(step, own))})) {
            squares += ofRank[0];
        }
        return step.create((float) Math.sqrt(squares)); // ()
    }

    private static double square(NDArray norm) {
        double value = HostCopy.number(norm);
        return value * value;
    }
}
