package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.kernel.Script;
import dev.switchlab.world.World;
import java.util.List;

/** Gradients added up over ranks, in the order of ranks: the same bits on each. All go in one message, as one vector. */
final class GradientSum {

    private static final Script SCRIPT = Script.of("gradient sum", """
            def pack(self, gradients: List[Tensor]) -> Tensor:
              flat = annotate(List[Tensor], [])
              for gradient in gradients:
                flat.append(torch.flatten(gradient))
              return torch.cat(flat)
            def unpack(self, flat: Tensor, gradients: List[Tensor]) -> List[Tensor]:
              parts = annotate(List[Tensor], [])
              at = 0
              for gradient in gradients:
                n = torch.numel(gradient)
                parts.append(torch.reshape(torch.narrow(flat, 0, at, n), torch.size(gradient)))
                at = torch.add(at, n)
              return parts
            """);

    private GradientSum() {}

    /**
     * The sums, shaped as {@code gradients}, which stay as they are; in a world of one those themselves.
     *
     * @param step owns the sums
     * @param gradients float32, on the CPU
     */
    static List<NDArray> over(World world, NDManager step, List<NDArray> gradients) {
        if (world.size() == 1) {
            return gradients;
        }
        NDArray flat = SCRIPT.tensor(step, "pack", gradients); // (all)
        world.sum(HostCopy.memory(flat).asFloatBuffer());
        return List.of(SCRIPT.tensors(step, "unpack", flat, gradients));
    }
}
