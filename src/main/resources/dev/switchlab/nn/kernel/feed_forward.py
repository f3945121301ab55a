# A feed-forward network, y = dropout(f(x W_1^T + b_1)) W_2^T + b_2, gated: y = dropout(f(x W_1^T + b_1) (x W_v^T + b_v))
# W_2^T + b_2 (labml: feed_forward.FeedForward), with linear.py.
#
# x (R, D); w holds W_1 (F, D), W_2 (D, F) and, if gated, W_v (F, D); a bias is nothing or one tensor; dropped is nothing
# or factors (R, F).
# May overwrite a.
def activate(self, a: Tensor, activation: str) -> Tensor:
  if activation == "relu":
    h = torch.relu_(a)
  elif activation == "relu2":
    h = torch.square(torch.relu_(a))
  elif activation == "gelu":
    h = torch.gelu(a)
  elif activation == "sigmoid":
    h = torch.sigmoid(a)
  else:
    h = torch.silu(a)
  return h
def feed_forward(self, x: Tensor, w: List[Tensor], b1: List[Tensor], b2: List[Tensor], bv: List[Tensor], dropped: List[Tensor],
    activation: str, kernel: int) -> Tensor:
  h = self.activate(self.linear(x, w[0], b1, kernel), activation)
  if len(w) > 2:
    h = torch.mul(h, self.linear(x, w[2], bv, kernel))
  if len(dropped) > 0:
    h = torch.mul(h, dropped[0])
  return self.linear(h, w[1], b2, kernel)
