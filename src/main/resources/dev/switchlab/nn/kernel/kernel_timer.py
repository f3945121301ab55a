# The three products of a linear layer by one kernel, with linear.py and experts.py: y = x W^T, dW = dy^T x, dx = dy W.
def three_products(self, x: Tensor, w: Tensor, dy: Tensor, kernel: int) -> Tensor:
  dx = torch.empty_like(x)
  self.layer(x, w, annotate(List[List[Tensor]], []), 0, kernel, torch.empty_like(dy))
  self.weight_gradient(dy, x, kernel, True, torch.empty_like(w))
  self.data_gradient(dy, w, kernel, dx)
  return dx
