# Differentiates several tensors at once, each with its own gradient; what arrives at leaves is added to theirs.
def backward(self, tensors: List[Tensor], gradients: List[Tensor]) -> int:
  wanted = annotate(List[Tensor], [])
  given = annotate(List[Optional[Tensor]], [])
  for i in range(len(tensors)):
    if ops.prim.requires_grad(tensors[i]):
      wanted.append(tensors[i])
      given.append(gradients[i])
  if len(wanted) > 0:
    torch.backward(wanted, given)
  return 0
