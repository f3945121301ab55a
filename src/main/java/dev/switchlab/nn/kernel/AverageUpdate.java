package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** A moving average of weights, kept in one call for all of them. */
public final class AverageUpdate {

    private static final Script SCRIPT = Script.of("average", """
            def update(self, average: List[Tensor], weights: List[Tensor], share: float) -> int:
              torch._foreach_lerp_(average, weights, share)
              return 0
            def swap(self, one: List[Tensor], other: List[Tensor]) -> int:
              for i in range(torch.len(one)):
                kept = torch.clone(one[i])
                torch.copy_(one[i], other[i])
                torch.copy_(other[i], kept)
              return 0
            """);

    private AverageUpdate() {}

    /**
     * {@code average = average + share * (weights - average)}, in one pass over the memory of both.
     *
     * @param average changed; in the order of the weights, each of its weight's shape
     * @param share from 0 to 1; with 1 the average is the weights to the bit
     */
    public static void update(List<NDArray> average, List<NDArray> weights, double share) {
        SCRIPT.run("update", average, weights, share);
    }

    /** Each tensor gets the values of its partner, to the bit. */
    public static void swap(List<NDArray> one, List<NDArray> other) {
        SCRIPT.run("swap", one, other);
    }
}
