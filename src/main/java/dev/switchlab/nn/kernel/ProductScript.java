package dev.switchlab.nn.kernel;

/**
 * TorchScript of the three products of a linear layer, each by any kernel; scripts that multiply begin with it.
 *
 * <p>{@code y = x W^T}, {@code dx = dy W} and {@code dW = dy^T x}, with x (R, in), W (out, in) and dy (R, out).
 * {@code kernel} is the code of a {@link ProductKernel}. A convolution with a 1 x 1 kernel is a linear layer over a
 * picture of R x 1 pixels: the same memory, other machine code. Its dilation spreads nothing, but for libtorch a
 * dilated convolution is oneDNN's also on one thread.
 */
final class ProductScript {

    static final String METHODS = """
            def picture(self, x: Tensor) -> Tensor:
              return torch.permute(torch.reshape(x, [1, x.size(0), 1, x.size(1)]), [0, 3, 1, 2])
            def convolution(self, x: Tensor, w: Tensor) -> Tensor:
              kernels = torch.reshape(w, [w.size(0), w.size(1), 1, 1])
              y = torch.conv2d(self.picture(x), kernels, None, [1, 1], [0, 0], [2, 2], 1)
              return torch.reshape(torch.permute(y, [0, 2, 3, 1]), [x.size(0), w.size(0)])
            def operand(self, x: Tensor, kernel: int) -> Tensor:
              if kernel == 3:
                x = torch.to(x, 15)
              return x
            def product(self, x: Tensor, w: Tensor, kernel: int) -> Tensor:
              if kernel == 0:
                y = torch.mm(x, torch.t(w))
              elif kernel == 1:
                y = self.convolution(x, w)
              elif kernel == 2:
                y = ops.mkldnn._linear_pointwise(x, w, None, "none", [], "")
              else:
                y = torch.to(torch.mm(self.operand(x, 3), torch.t(self.operand(w, 3))), 6)
              return y
            def data_gradient(self, dy: Tensor, w: Tensor, kernel: int) -> Tensor:
              if kernel == 0:
                dx = torch.mm(dy, w)
              elif kernel == 3:
                dx = torch.to(torch.mm(self.operand(dy, 3), self.operand(w, 3)), 6)
              else:
                dx = self.product(dy, torch.contiguous(torch.t(w)), kernel)
              return dx
            def weight_gradient(self, dy: Tensor, x: Tensor, kernel: int) -> Tensor:
              if kernel == 0:
                dw = torch.mm(torch.t(dy), x)
              elif kernel == 1:
                kernels = torch.empty([dy.size(1), x.size(1), 1, 1], dtype=6)
                _, grad, _ = torch.convolution_backward(self.picture(dy), self.picture(x), kernels, None,
                    [1, 1], [0, 0], [2, 2], False, [0, 0], 1, [False, True, False])
                dw = torch.reshape(grad, [dy.size(1), x.size(1)])
              elif kernel == 2:
                dw = ops.mkldnn._linear_pointwise(torch.contiguous(torch.t(dy)), torch.contiguous(torch.t(x)), None, "none", [], "")
              else:
                dw = torch.to(torch.mm(torch.t(self.operand(dy, 3)), self.operand(x, 3)), 6)
              return dw
            def product_into(self, x: Tensor, w: Tensor, kernel: int, into: Tensor) -> int:
              if kernel == 0:
                torch.mm(x, torch.t(w), out=into)
              else:
                torch.copy_(into, self.product(x, w, kernel))
              return 0
            def add_weight_gradient(self, dy: Tensor, x: Tensor, kernel: int, first: bool, into: Tensor) -> int:
              if kernel == 0:
                if first:
                  torch.mm(torch.t(dy), x, out=into)
                else:
                  torch.addmm_(into, torch.t(dy), x)
              elif first:
                torch.copy_(into, self.weight_gradient(dy, x, kernel))
              else:
                torch.add_(into, self.weight_gradient(dy, x, kernel))
              return 0
            """;

    private ProductScript() {}
}
