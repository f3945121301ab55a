# For ScriptTest and FormulasTest.
def product(self, x: Tensor, w: Tensor) -> Tensor:
  return torch.matmul(x, w)
def both(self, all: List[Tensor], n: int, by: float, on: bool, sizes: List[int], how: str) -> List[Tensor]:
  a = torch.mul(all[0], by)
  if on:
    a = torch.add(a, n)
  if how == "negative":
    a = torch.neg(a)
  return [a, torch.reshape(all[1], sizes)]
def nested(self, all: List[List[Tensor]]) -> Tensor:
  return torch.sub(all[1][0], all[0][1])
def twice(self, x: Tensor) -> int:
  torch.mul_(x, 2)
  return 0
# libtorch's operator, which is composed of others.
def libtorch_rms_norm(self, x: Tensor, w: Tensor) -> Tensor:
  return torch.rms_norm(x, [x.size(-1)], w, 1e-05)
