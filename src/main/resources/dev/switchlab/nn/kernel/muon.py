# One update of Muon on all matrices in place. Formulas: train/Muon.java.
def orthogonal(self, u: Tensor) -> Tensor:
  norm = torch.linalg_vector_norm(u, 2, [1, 2], True)
  x = torch.div(u, torch.add(norm, 1e-7))
  s = torch.bmm(x, torch.transpose(x, 1, 2))
  if x.size(2) >= 3 * x.size(1):
    q = s
    for i in range(5):
      p = torch.baddbmm(s, s, s, beta=-4.775, alpha=2.0315)
      torch.add_(torch.diagonal(p, 0, 1, 2), 3.4445)
      if i == 0:
        q = p
      else:
        q = torch.bmm(p, q)
      if i < 4:
        s = torch.bmm(torch.bmm(p, s), p)
    x = torch.bmm(q, x)
  else:
    for i in range(5):
      if i > 0:
        s = torch.bmm(x, torch.transpose(x, 1, 2))
      p = torch.baddbmm(s, s, s, beta=-4.775, alpha=2.0315)
      x = torch.baddbmm(x, p, x, beta=3.4445, alpha=1)
  return x
def update(self, w: List[Tensor], g: List[Tensor], m: List[Tensor], divisor: Tensor, mu: float, rate: float,
    shrink: float) -> int:
  for i in range(len(w)):
    rows, columns = w[i].size(-2), w[i].size(-1)
    gradient = torch.div(g[i], divisor)
    torch.lerp_(m[i], gradient, 1 - mu)
    x = torch.reshape(torch.lerp(gradient, m[i], mu), [-1, rows, columns])
    if rows > columns:
      x = torch.transpose(self.orthogonal(torch.contiguous(torch.transpose(x, 1, 2))), 1, 2)
    else:
      x = self.orthogonal(x)
    torch.mul_(w[i], shrink)
    torch.add_(w[i], torch.reshape(x, w[i].size()), alpha=-rate * 0.2 * torch.sqrt(max(rows, columns)))
  return 0
