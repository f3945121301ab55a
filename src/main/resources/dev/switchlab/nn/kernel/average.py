# The moving average of weights.
def update(self, average: List[Tensor], weights: List[Tensor], share: float) -> int:
  torch._foreach_lerp_(average, weights, share)
  return 0
def swap(self, one: List[Tensor], other: List[Tensor]) -> int:
  for i in range(torch.len(one)):
    kept = torch.clone(one[i])
    torch.copy_(one[i], other[i])
    torch.copy_(other[i], kept)
  return 0
def copy(self, to: List[Tensor], values: List[Tensor]) -> int:
  for i in range(torch.len(to)):
    torch.copy_(to[i], values[i])
  return 0
