package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * Layer normalisation over the last axis and its gradient, as libtorch has both. The plain form is
 * {@code LayerNormLayer} under autograd.
 */
public final class NormKernel {

    private static final Script SCRIPT = Script.of("norm", """
            def forward(self, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> List[Tensor]:
              y, mean, rstd = torch.native_layer_norm(x, [x.size(-1)], weight, bias, eps)
              return [y, mean, rstd]
            def backward(self, dy: Tensor, x: Tensor, saved: List[Tensor], weight: Tensor, bias: Tensor) -> List[Tensor]:
              dx, dw, db = torch.native_layer_norm_backward(
                  torch.contiguous(dy), x, [x.size(-1)], saved[0], saved[1], weight, bias, [True, True, True])
              return [dx, dw, db]
            """);

    private NormKernel() {}

    /** (..., D) to the same, and what the backward pass needs: mean and 1 / deviation per row. */
    public static NDArray[] forward(NDManager manager, NDArray x, NDArray weight, NDArray bias, double epsilon) {
        return SCRIPT.tensors(manager, "forward", x, weight, bias, epsilon);
    }

    /** Gradients of x, weight and bias. */
    public static NDArray[] backward(
            NDManager manager, NDArray dy, NDArray x, NDArray[] forward, NDArray weight, NDArray bias) {
        return SCRIPT.tensors(manager, "backward", dy, x, List.of(forward[1], forward[2]), weight, bias);
    }
}
