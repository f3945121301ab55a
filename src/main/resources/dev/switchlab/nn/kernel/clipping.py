# The common norm of all gradients, and what each is divided by so that the norm is at most a limit.
def norm(self, gradients: List[Tensor]) -> Tensor:
  return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients)))
def excess(self, norm: Tensor, limit: float, eps: float) -> Tensor:
  return torch.clamp(torch.div(torch.add(norm, eps), limit), 1.0)
