package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import dev.switchlab.nn.BackwardListener;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.nn.kernel.Script;
import dev.switchlab.world.World;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gradients added up over ranks, in the order of ranks: the same bits on each. Those of a layer go out as one message,
 * as soon as the backward pass has left the layer, and travel while it goes on; the rest, and all gradients of a pass
 * that is not fused, go when it is over.
 */
final class GradientSum implements BackwardListener {

    private static final Script SCRIPT = Script.of("gradient sum", """
            def pack(self, gradients: List[Tensor]) -> Tensor:
              flat = annotate(List[Tensor], [])
              for gradient in gradients:
                flat.append(torch.flatten(gradient))
              return torch.cat(flat)
            def unpack(self, flat: Tensor, shaped: List[Tensor]) -> List[Tensor]:
              parts = annotate(List[Tensor], [])
              at = 0
              for own in shaped:
                n = torch.numel(own)
                parts.append(torch.reshape(torch.narrow(flat, 0, at, n), torch.size(own)))
                at = torch.add(at, n)
              return parts
            """);

    private final World world;
    private final NDManager step;
    private final StepWeights weights;
    /** Whose gradients have not gone out yet. */
    private final Set<Parameter> left;

    private final List<Part> parts = new ArrayList<>();

    /** @param flat (all), their gradients one after the other */
    private record Part(List<Parameter> parameters, NDArray flat, World.Sum sum) {}

    /**
     * Of {@code parameters}, whose gradients are float32 on the CPU. All ranks call it and what follows together.
     *
     * @param step owns the sums
     * @param weights where the gradients are
     */
    GradientSum(World world, NDManager step, StepWeights weights, Collection<Parameter> parameters) {
        this.world = world;
        this.step = step;
        this.weights = weights;
        left = new LinkedHashSet<>(parameters);
    }

    @Override
    public void complete(Block block) {
        begin(block.getParameters().values().stream().filter(left::contains).toList());
    }

    @Override
    public void advanced() {
        world.progress();
    }

    private void begin(List<Parameter> parameters) {
        if (parameters.isEmpty()) {
            return;
        }
        NDArray flat = SCRIPT.tensor(
                step, "pack", parameters.stream().map(weights::gradient).toList()); // (all)
        parameters.forEach(weights::forget);
        parameters.forEach(left::remove);
        parts.add(
                new Part(parameters, flat, world.beginSum(HostCopy.memory(flat).asFloatBuffer())));
    }

    /** The sums of all, by parameter, each of its shape. Waits for them. */
    Map<Parameter, NDArray> end() {
        begin(List.copyOf(left));
        Map<Parameter, NDArray> sums = new HashMap<>();
        for (Part part : parts) {
            part.sum().end();
            List<NDArray> shaped =
                    part.parameters().stream().map(Parameter::getArray).toList();
            NDArray[] own = SCRIPT.tensors(step, "unpack", part.flat(), shaped);
            for (int i = 0; i < own.length; i++) {
                sums.put(part.parameters().get(i), own[i]);
            }
        }
        return sums;
    }
}
