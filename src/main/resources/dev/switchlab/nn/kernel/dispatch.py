# Tokens to the rows of their experts, and the experts' outputs back. N tokens, K choices, R rows; pair token * K + choice.

# Rows of x by their numbers.
def rows_of(self, x: Tensor, numbers: Tensor) -> Tensor:
  return torch.index_select(x, 0, numbers)
# Rows of x by their numbers; zeros at fillers, if there are some.
def kept_rows_of(self, x: Tensor, numbers: Tensor, fillers: List[Tensor]) -> Tensor:
  rows = torch.index_select(x, 0, numbers)
  if len(fillers) > 0:
    torch.index_fill_(rows, 0, fillers[0], 0)
  return rows
# The experts' outputs y (R, D) by pair, (N * K, D). For dropped pairs zeros, or their tokens of x (N, D), if passes.
# dropped is nothing, or the numbers of those pairs and of their tokens.
def pairs_of(self, y: Tensor, x: Tensor, rows: Tensor, dropped: List[Tensor], passes: bool) -> Tensor:
  pairs = torch.index_select(y, 0, rows)
  if len(dropped) > 0:
    if passes:
      torch.index_copy_(pairs, 0, dropped[0], torch.index_select(x, 0, dropped[1]))
    else:
      torch.index_fill_(pairs, 0, dropped[0], 0)
  return pairs
# The gradient of x (N, D): drows (R, D) of its rows, and dpairs (N * K, D) of dropped pairs, if they pass.
def pairs_backward(self, drows: Tensor, dpairs: Tensor, rows: Tensor, dropped: List[Tensor], passes: bool, k: int) -> Tensor:
  dx = torch.index_select(drows, 0, rows)
  if len(dropped) > 0:
    if passes:
      torch.index_copy_(dx, 0, dropped[0], torch.index_select(dpairs, 0, dropped[0]))
    else:
      torch.index_fill_(dx, 0, dropped[0], 0)
  if k > 1:
    dx = torch.sum(torch.reshape(dx, [-1, k, dx.size(1)]), [1])
  return dx
# The first count rows of x.
def first(self, x: Tensor, count: int) -> Tensor:
  return torch.contiguous(torch.narrow(x, 0, 0, count))
# y_t = sum_k g_tk pairs_tk, with pairs (N * K, D) and gates g (N, K).
def combine(self, pairs: Tensor, gates: Tensor) -> Tensor:
  k = gates.size(1)
  y = torch.mul(pairs, torch.reshape(gates, [-1, 1]))
  if k > 1:
    y = torch.sum(torch.reshape(y, [-1, k, y.size(1)]), [1])
  return y
