package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/** The common norm of many tensors, left on their device. */
public final class GradientNorm {

    private static final Script SCRIPT = Script.of("norm", """
            def norm(self, gradients: List[Tensor]) -> Tensor:
              return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients)))
            def excess(self, norm: Tensor, limit: float, eps: float) -> Tensor:
              return torch.clamp(torch.div(torch.add(norm, eps), limit), 1.0)
            """);

    private GradientNorm() {}

    /**
     * The root of the sum of all squares, as torch.nn.utils.get_total_norm: the norm of the tensors' norms.
     *
     * @return () float32, owned by {@code manager}
     */
    public static NDArray of(NDManager manager, List<NDArray> tensors) {
        return SCRIPT.tensor(manager, "norm", tensors);
    }

    /**
     * How often {@code norm} is as large as {@code limit}: {@code max(1, (norm + eps) / limit)}.
     *
     * @return () float32, owned by {@code manager}
     */
    public static NDArray excess(NDManager manager, NDArray norm, double limit, double eps) {
        return SCRIPT.tensor(manager, "excess", norm, limit, eps);
    }
}
