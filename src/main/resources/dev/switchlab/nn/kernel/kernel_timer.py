# The three products of a linear layer by one kernel, with linear.py and experts.py: y = x W^T, dW = dy^T x, dx = dy W.
def three_products(self, x: Tensor, w: Tensor, dy: Tensor, kernel: int) -> Tensor:
  self.product(x, w, kernel)
  self.add_weight_gradient(dy, x, kernel, True, torch.empty_like(w))
  return self.data_gradient(dy, w, kernel)
