# The feed-forward networks of E experts, each over rows of its own, and their gradient by hand, with linear.py.
#
# The rows x (R, D) stand sorted by expert: expert e has rows offsets[e] to offsets[e + 1], so that its input and output
# are slices and nothing is padded. Rows go through both layers in blocks that stay in a core's cache. w holds W_1 (E, F, D),
# W_2 (E, D, F) and, if gated, W_v (E, F, D); biases are nothing or (E, F), (E, D), (E, F); dropped is nothing or factors
# (R, F). Kernels 0 to 2 as in linear.py.
#
# Forward, per expert:   a = x W_1^T + b_1,  h = f(a) dropped         gated: h = f(a) (x W_v^T + b_v) dropped
#                        y = h W_2^T + b_2
# Backward:              dh = dy W_2 dropped        dW_2 = dy^T h,  db_2 = sum dy
#                        da = dh f'(a)              gated: da = f'(a) (dh v), dv = dh f(a)
#                        dx = da W_1 (+ dv W_v)     dW_1 = da^T x,  db_1 = sum da
#
# By hand, since libtorch's own gradient of a slice per expert takes a quarter longer with 64 experts (25 against 20 ms
# for 2,048 tokens of 128 features on one thread of an Intel Xeon, which is a tenth of a step): gradients are written
# where they belong, with no tensor per expert. With 4 experts both take the same time.
#
# Slices are made for all blocks in one call each: with few rows, making them takes as long as multiplying them.
def operand(self, x: Tensor, kernel: int) -> Tensor:
  if kernel == 2:
    x = torch.to(x, 15)
  return x
def operands(self, w: List[Tensor], kernel: int) -> List[Tensor]:
  all = annotate(List[Tensor], [])
  for one in w:
    all.append(self.operand(one, kernel))
  return all
def slices(self, x: List[Tensor]) -> List[List[Tensor]]:
  all = annotate(List[List[Tensor]], [])
  for one in x:
    all.append(torch.unbind(one))
  return all
# The expert of each block, and its number of rows.
def blocks(self, offsets: List[int]) -> Tuple[List[int], List[int]]:
  experts, rows = annotate(List[int], []), annotate(List[int], [])
  for e in range(len(offsets) - 1):
    left = offsets[e + 1] - offsets[e]
    while left > 0:
      count = left
      if left >= 768:
        count = 512
      experts.append(e)
      rows.append(count)
      left = left - count
  return experts, rows
# y = x W^T + b, W (out, in).
def layer(self, x: Tensor, w: Tensor, b: List[List[Tensor]], e: int, kernel: int, into: Tensor) -> int:
  if kernel > 0:
    torch.copy_(into, self.linear(x, w, annotate(List[Tensor], []), kernel))
    if len(b) > 0:
      torch.add_(into, b[0][e])
  elif len(b) > 0:
    torch.addmm(b[0][e], x, torch.t(w), out=into)
  else:
    torch.mm(x, torch.t(w), out=into)
  return 0
def data_gradient(self, dy: Tensor, w: Tensor, kernel: int, into: Tensor) -> int:
  if kernel == 0:
    torch.mm(dy, w, out=into)
  elif kernel == 2:
    torch.copy_(into, torch.mm(self.operand(dy, 2), self.operand(w, 2)))
  else:
    torch.copy_(into, self.linear(dy, torch.contiguous(torch.t(w)), annotate(List[Tensor], []), kernel))
  return 0
def weight_gradient(self, dy: Tensor, x: Tensor, kernel: int, first: bool, into: Tensor) -> int:
  if kernel == 0:
    if first:
      torch.mm(torch.t(dy), x, out=into)
    else:
      torch.addmm_(into, torch.t(dy), x)
  else:
    if kernel == 1:
      shape = [dy.size(1), x.size(1), 1, 1]
      _, dw, _ = torch.convolution_backward(self.picture(dy), self.picture(x), torch.empty(shape, dtype=6), None,
          [1, 1], [0, 0], [2, 2], False, [0, 0], 1, [False, True, False])
      dw = torch.reshape(dw, torch.size(into))
    else:
      dw = torch.to(torch.mm(torch.t(self.operand(dy, 2)), self.operand(x, 2)), 6)
    if first:
      torch.copy_(into, dw)
    else:
      torch.add_(into, dw)
  return 0
# dW and db of one layer, and dx.
def layer_backward(self, dy: Tensor, x: Tensor, w: Tensor, dw: Tensor, db: Tensor, first: bool, kernel: int, dx: Tensor) -> int:
  if first:
    torch.sum(dy, [0], out=db)
  else:
    torch.add_(db, torch.sum(dy, [0]))
  dy = self.operand(dy, kernel)
  self.weight_gradient(dy, x, kernel, first, dw)
  self.data_gradient(dy, w, kernel, dx)
  return 0
def activate_into(self, a: Tensor, activation: str, h: Tensor) -> int:
  if activation == "relu":
    torch.clamp_min(a, 0, out=h)
  elif activation == "relu2":
    torch.clamp_min_(a, 0)
    torch.mul(a, a, out=h)
  elif activation == "gelu":
    torch.gelu(a, out=h)
  elif activation == "sigmoid":
    torch.sigmoid(a, out=h)
  else:
    torch.silu(a, out=h)
  return 0
def activate_backward(self, dh: Tensor, a: Tensor, h: Tensor, activation: str) -> Tensor:
  if activation == "relu":
    da = torch.threshold_backward(dh, h, 0, grad_input=dh)
  elif activation == "relu2":
    da = torch.addcmul(torch.zeros([1], dtype=6, device=dh.device), dh, a, value=2, out=dh)
  elif activation == "gelu":
    da = torch.gelu_backward(dh, a)
  elif activation == "sigmoid":
    da = torch.sigmoid_backward(dh, h)
  else:
    da = torch.silu_backward(dh, a)
  return da
# y (R, D), then what the backward pass needs: x, a, f(a), v, h.
def experts(self, x: Tensor, matrices: List[Tensor], b1: List[Tensor], b2: List[Tensor], bv: List[Tensor], dropped: List[Tensor],
    offsets: List[int], activation: str, kernel: int) -> List[Tensor]:
  w = self.slices(self.operands(matrices, kernel))
  gated = len(w) > 2
  y = torch.empty_like(x)
  x = self.operand(x, kernel)
  h = torch.empty([x.size(0), matrices[0].size(1)], dtype=6, device=x.device)
  a = h
  v = h
  hv = h
  if activation != "relu" and activation != "sigmoid":
    a = torch.empty_like(h)
  if gated:
    v = torch.empty_like(h)
  if gated or len(dropped) > 0:
    hv = torch.empty_like(h)
  into2 = hv
  if kernel == 2:
    into2 = torch.empty_like(hv, dtype=15)
  of, rows = self.blocks(offsets)
  biases1, biases2, biasesv = self.slices(b1), self.slices(b2), self.slices(bv)
  xs, ys = torch.split_with_sizes(x, rows), torch.split_with_sizes(y, rows)
  as_, hs, vs = torch.split_with_sizes(a, rows), torch.split_with_sizes(h, rows), torch.split_with_sizes(v, rows)
  hvs, intos = torch.split_with_sizes(hv, rows), torch.split_with_sizes(into2, rows)
  factors = annotate(List[Tensor], [])
  if len(dropped) > 0:
    factors = torch.split_with_sizes(dropped[0], rows)
  for i in range(len(rows)):
    e = of[i]
    self.layer(xs[i], w[0][e], biases1, e, kernel, as_[i])
    self.activate_into(as_[i], activation, hs[i])
    hb = hs[i]
    if gated:
      self.layer(xs[i], w[2][e], biasesv, e, kernel, vs[i])
      hb = torch.mul(hb, vs[i], out=hvs[i])
    if len(dropped) > 0:
      hb = torch.mul(hb, factors[i], out=hvs[i])
    if kernel == 2:
      hb = torch.copy_(intos[i], hb)
    self.layer(hb, w[1][e], biases2, e, kernel, ys[i])
  return [y, x, a, h, v, into2]
# dx, then dW_1, db_1, dW_2, db_2 and, if gated, dW_v, db_v; also of absent biases.
def experts_backward(self, dy: Tensor, saved: List[Tensor], matrices: List[Tensor], dropped: List[Tensor], offsets: List[int],
    activation: str, kernel: int) -> List[Tensor]:
  w = self.slices(self.operands(matrices, kernel))
  x = saved[0]
  gated = len(w) > 2
  dx = torch.empty_like(dy)
  dw = annotate(List[Tensor], [])
  db = annotate(List[Tensor], [])
  for one in matrices:
    dw.append(torch.empty_like(one))
    db.append(torch.empty([one.size(0), one.size(1)], dtype=6, device=x.device))
  dws, dbs = self.slices(dw), self.slices(db)
  for e in range(len(offsets) - 1):
    if offsets[e] == offsets[e + 1]:
      for j in range(len(w)):
        torch.zero_(dws[j][e])
        torch.zero_(dbs[j][e])
  of, rows = self.blocks(offsets)
  xs, dxs, dys = torch.split_with_sizes(x, rows), torch.split_with_sizes(dx, rows), torch.split_with_sizes(dy, rows)
  as_, hs, vs = torch.split_with_sizes(saved[1], rows), torch.split_with_sizes(saved[2], rows), torch.split_with_sizes(saved[3], rows)
  hvs = torch.split_with_sizes(saved[4], rows)
  factors = annotate(List[Tensor], [])
  if len(dropped) > 0:
    factors = torch.split_with_sizes(dropped[0], rows)
  for i in range(len(rows)):
    e = of[i]
    first = i == 0 or of[i - 1] != e
    dh = torch.empty_like(hs[i])
    self.layer_backward(dys[i], hvs[i], w[1][e], dws[1][e], dbs[1][e], first, kernel, dh)
    if len(dropped) > 0:
      torch.mul_(dh, factors[i])
    if gated:
      dv = torch.mul(dh, hs[i])
      torch.mul_(dh, vs[i])
      da = self.activate_backward(dh, as_[i], hs[i], activation)
      self.layer_backward(da, xs[i], w[0][e], dws[0][e], dbs[0][e], first, kernel, dxs[i])
      dxv = torch.empty_like(dxs[i])
      self.layer_backward(dv, xs[i], w[2][e], dws[2][e], dbs[2][e], first, kernel, dxv)
      torch.add_(dxs[i], dxv)
    else:
      da = self.activate_backward(dh, as_[i], hs[i], activation)
      self.layer_backward(da, xs[i], w[0][e], dws[0][e], dbs[0][e], first, kernel, dxs[i])
  grads = [dx, dw[0], db[0], dw[1], db[1]]
  if gated:
    grads = grads + [dw[2], db[2]]
  return grads
