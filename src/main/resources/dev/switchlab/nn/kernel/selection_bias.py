# The rule that balances experts without a loss (arXiv 2408.15664, algorithm 1; torchtitan: _update_expert_bias).
def move(self, bias: Tensor, counts: Tensor, rate: float) -> int:
  e = torch.numel(bias)
  sign = torch.to(torch.sign(torch.sub(torch.sum(counts), torch.mul(counts, e))), 6)
  step = torch.mul(sign, rate)
  torch.add_(bias, torch.sub(step, torch.mean(step)))
  return 0
