package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/** A linear layer, {@code y = x W^T + b}, and its gradient. The plain form is {@code LinearLayer} under autograd. */
public final class LinearKernel {

    private static final Script SCRIPT = Script.of("linear", ProductScript.METHODS + """
            def forward(self, x: Tensor, w: Tensor, b: List[Tensor], kernel: int) -> Tensor:
              y = self.product(x, w, kernel)
              if len(b) > 0:
                torch.add_(y, b[0])
              return y
            def backward(self, dy: Tensor, x: Tensor, w: Tensor, kernels: List[int]) -> List[Tensor]:
              return [self.data_gradient(dy, w, kernels[1]), self.weight_gradient(dy, x, kernels[2]), torch.sum(dy, [0])]
            """);

    private LinearKernel() {}

    /** x (R, in), weight (out, in), bias (out) or nothing, to (R, out). */
    public static NDArray forward(
            NDManager manager, NDArray x, NDArray weight, List<NDArray> bias, ProductKernels kernels) {
        return SCRIPT.tensor(manager, "forward", x, weight, bias, kernels.codes()[0]);
    }

    /** Gradients of x, weight and bias. */
    public static NDArray[] backward(NDManager manager, NDArray dy, NDArray x, NDArray weight, ProductKernels kernels) {
        return SCRIPT.tensors(manager, "backward", dy, x, weight, kernels.codes());
    }
}
