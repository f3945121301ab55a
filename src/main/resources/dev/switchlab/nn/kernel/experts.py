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
def operand(self, x: Tensor, kernel: int) -> Tensor:
  if kernel == 2:
    x = torch.to(x, 15)
  return x
def product(self, x: Tensor, w: Tensor, kernel: int) -> Tensor:
  return self.linear(x, w, annotate(List[Tensor], []), kernel)
def data_gradient(self, dy: Tensor, w: Tensor, kernel: int) -> Tensor:
  if kernel == 0:
    dx = torch.mm(dy, w)
  elif kernel == 2:
    dx = torch.to(torch.mm(self.operand(dy, 2), self.operand(w, 2)), 6)
  else:
    dx = self.product(dy, torch.contiguous(torch.t(w)), kernel)
  return dx
def add_weight_gradient(self, dy: Tensor, x: Tensor, kernel: int, first: bool, into: Tensor) -> int:
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
# Expert, first row and number of rows of each block.
def blocks(self, offsets: List[int]) -> List[Tuple[int, int, int]]:
  all = annotate(List[Tuple[int, int, int]], [])
  for e in range(len(offsets) - 1):
    start = offsets[e]
    while start < offsets[e + 1]:
      rows = offsets[e + 1] - start
      if rows >= 768:
        rows = 512
      all.append((e, start, rows))
      start = start + rows
  return all
def operands(self, w: List[Tensor], kernel: int) -> List[Tensor]:
  all = annotate(List[Tensor], [])
  for one in w:
    all.append(self.operand(one, kernel))
  return all
def layer(self, x: Tensor, w: Tensor, b: List[Tensor], e: int, kernel: int, into: Tensor) -> int:
  if kernel == 0:
    torch.mm(x, torch.t(torch.select(w, 0, e)), out=into)
  else:
    torch.copy_(into, self.product(x, torch.select(w, 0, e), kernel))
  if len(b) > 0:
    torch.add_(into, torch.select(b[0], 0, e))
  return 0
def layer_backward(self, dy: Tensor, x: Tensor, w: Tensor, dw: Tensor, db: Tensor, e: int, first: bool, kernel: int) -> Tensor:
  own = torch.select(db, 0, e)
  if first:
    torch.sum(dy, [0], out=own)
  else:
    torch.add_(own, torch.sum(dy, [0]))
  dy = self.operand(dy, kernel)
  self.add_weight_gradient(dy, x, kernel, first, torch.select(dw, 0, e))
  return self.data_gradient(dy, torch.select(w, 0, e), kernel)
# y (R, D), then what the backward pass needs: x, a, f(a), v, h.
def experts(self, x: Tensor, matrices: List[Tensor], b1: List[Tensor], b2: List[Tensor], bv: List[Tensor], dropped: List[Tensor],
    offsets: List[int], activation: str, kernel: int) -> List[Tensor]:
  w = self.operands(matrices, kernel)
  gated = len(w) > 2
  y = torch.empty_like(x)
  x = self.operand(x, kernel)
  h = torch.empty([x.size(0), w[0].size(1)], dtype=6, device=x.device)
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
  for e, start, count in self.blocks(offsets):
    own = torch.narrow(x, 0, start, count)
    ab, hb, hvb = torch.narrow(a, 0, start, count), torch.narrow(h, 0, start, count), torch.narrow(hv, 0, start, count)
    self.layer(own, w[0], b1, e, kernel, ab)
    self.activate_into(ab, activation, hb)
    if gated:
      vb = torch.narrow(v, 0, start, count)
      self.layer(own, w[2], bv, e, kernel, vb)
      torch.mul(hb, vb, out=hvb)
      hb = hvb
    if len(dropped) > 0:
      torch.mul(hb, torch.narrow(dropped[0], 0, start, count), out=hvb)
    if kernel == 2:
      hvb = torch.copy_(torch.narrow(into2, 0, start, count), hvb)
    self.layer(hvb, w[1], b2, e, kernel, torch.narrow(y, 0, start, count))
  return [y, x, a, h, v, into2]
# dx, then dW_1, db_1, dW_2, db_2 and, if gated, dW_v, db_v; also of absent biases.
def experts_backward(self, dy: Tensor, saved: List[Tensor], matrices: List[Tensor], dropped: List[Tensor], offsets: List[int],
    activation: str, kernel: int) -> List[Tensor]:
  w = self.operands(matrices, kernel)
  x = saved[0]
  gated = len(w) > 2
  dx = torch.empty_like(dy)
  dw = annotate(List[Tensor], [])
  db = annotate(List[Tensor], [])
  for one in w:
    dw.append(torch.empty_like(one, dtype=6))
    db.append(torch.empty([one.size(0), one.size(1)], dtype=6, device=x.device))
  for e in range(len(offsets) - 1):
    if offsets[e] == offsets[e + 1]:
      for j in range(len(w)):
        torch.zero_(torch.select(dw[j], 0, e))
        torch.zero_(torch.select(db[j], 0, e))
  for e, start, count in self.blocks(offsets):
    first = start == offsets[e]
    own = torch.narrow(x, 0, start, count)
    ab, hb = torch.narrow(saved[1], 0, start, count), torch.narrow(saved[2], 0, start, count)
    into = torch.narrow(dx, 0, start, count)
    dh = self.layer_backward(torch.narrow(dy, 0, start, count), torch.narrow(saved[4], 0, start, count), w[1], dw[1], db[1],
        e, first, kernel)
    if len(dropped) > 0:
      dh = torch.mul(dh, torch.narrow(dropped[0], 0, start, count))
    if gated:
      dv = torch.mul(dh, hb)
      dh = torch.mul(dh, torch.narrow(saved[3], 0, start, count))
      da = self.activate_backward(dh, ab, hb, activation)
      torch.add(self.layer_backward(da, own, w[0], dw[0], db[0], e, first, kernel),
          self.layer_backward(dv, own, w[2], dw[2], db[2], e, first, kernel), out=into)
    else:
      da = self.activate_backward(dh, ab, hb, activation)
      torch.copy_(into, self.layer_backward(da, own, w[0], dw[0], db[0], e, first, kernel))
  grads = [dx, dw[0], db[0], dw[1], db[1]]
  if gated:
    grads = grads + [dw[2], db[2]]
  return grads
