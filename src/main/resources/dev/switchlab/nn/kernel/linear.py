# A linear layer, y = x W^T + b, with x (R, in), W (out, in), b (out) or nothing, y (R, out), by one of three kernels:
#   0  libtorch's BLAS, which takes a single row (in), too;
#   1  oneDNN's convolution with a 1 x 1 kernel over a picture of R x 1 pixels: the same memory, other machine code. The
#      dilation spreads nothing, but libtorch gives a dilated convolution to oneDNN on one thread, too;
#   2  oneDNN on operands that are rounded to bfloat16, sums in float32.
# libtorch differentiates all three: dx = dy W, dW = dy^T x, db = sum(dy).
# What x is in bfloat16, in float32. Its gradient is rounded, too.
def rounded(self, x: Tensor) -> Tensor:
  return torch.to(torch.to(x, 15), 6)
def picture(self, x: Tensor) -> Tensor:
  return torch.permute(torch.reshape(x, [1, x.size(0), 1, x.size(1)]), [0, 3, 1, 2])
def linear(self, x: Tensor, w: Tensor, b: List[Tensor], kernel: int) -> Tensor:
  if kernel == 0:
    if len(b) == 0:
      y = torch.matmul(x, torch.t(w))
    elif torch.dim(x) == 1:
      y = torch.addmv(b[0], w, x)
    else:
      y = torch.addmm(b[0], x, torch.t(w))
  else:
    if kernel == 1:
      pixels = torch.conv2d(self.picture(x), torch.reshape(w, [w.size(0), w.size(1), 1, 1]), None, [1, 1], [0, 0], [2, 2], 1)
      y = torch.reshape(torch.permute(pixels, [0, 2, 3, 1]), [x.size(0), w.size(0)])
    else:
      y = torch.to(torch.mm(torch.to(x, 15), torch.t(torch.to(w, 15))), 6)
    if len(b) > 0:
      y = torch.add(y, b[0])
  return y
