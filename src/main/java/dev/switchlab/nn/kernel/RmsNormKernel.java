package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * Root mean square normalisation over the last axis and its gradient by hand. The plain form is {@code RmsNormLayer}
 * under autograd.
 *
 * <p>With {@code r = 1 / sqrt(mean(x^2) + eps)} and {@code n = x r}: {@code y = n w}. Backward, with {@code g = dy w}:
 * {@code dw = sum dy n} over rows and {@code dx = r (g - n mean(g n))}. That is layer normalisation's gradient at mean
 * zero, which libtorch has in one pass, but for {@code r mean(g)}: there the mean takes part in the normalisation, here
 * it does not, and so it is given back.
 */
public final class RmsNormKernel {

    private static final Script SCRIPT = Script.of("rms norm", """
            def forward(self, x: Tensor, weight: Tensor, eps: float) -> List[Tensor]:
              norm = torch.linalg_vector_norm(x, 2, [-1], True)
              r = torch.rsqrt_(torch.add_(torch.div_(torch.square_(norm), x.size(-1)), eps))
              return [torch.mul_(torch.mul(x, r), weight), r]
            def backward(self, dy: Tensor, x: Tensor, r: Tensor, weight: Tensor) -> List[Tensor]:
              dy = torch.contiguous(dy)
              dx, dw, _ = torch.native_layer_norm_backward(
                  dy, x, [x.size(-1)], torch.zeros_like(r), r, weight, None, [True, True, False])
              mean = torch.div_(torch.matmul(dy, weight), x.size(-1))
              return [torch.add_(dx, torch.mul(torch.unsqueeze(mean, -1), r)), dw]
            """);

    private RmsNormKernel() {}

    /** (..., D) to the same, and what the backward pass needs: r per row. */
    public static NDArray[] forward(NDManager manager, NDArray x, NDArray weight, double epsilon) {
        return SCRIPT.tensors(manager, "forward", x, weight, epsilon);
    }

    /** Gradients of x and weight. */
    public static NDArray[] backward(NDManager manager, NDArray dy, NDArray x, NDArray[] forward, NDArray weight) {
        return SCRIPT.tensors(manager, "backward", dy, x, forward[1], weight);
    }
}
