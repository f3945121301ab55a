# One update of Adam on all weights in place. Formulas: train/Adam.java.
def update(self, p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], vmax: List[Tensor], step: Tensor,
    divisor: Tensor, lr: float, beta1: float, beta2: float, eps: float, shrink: float, pull: float, amsgrad: bool) -> int:
  if torch.ne(shrink, 1.0):
    torch._foreach_mul_(p, shrink)
  dense: List[Tensor] = []
  steps: List[Tensor] = []
  for one in g:
    dense.append(torch.contiguous(one))
    steps.append(step)
  torch._fused_adam_(p, dense, m, v, vmax, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=pull, eps=eps,
    amsgrad=amsgrad, maximize=False, grad_scale=divisor, found_inf=None)
  return 0
