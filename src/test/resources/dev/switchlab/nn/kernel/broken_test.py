# For ScriptTest: an operator that does not exist.
def f(self, x: Tensor) -> Tensor:
  return torch.no_such_op(x)
