# What a router did with a batch, as one row of float64. N tokens, K choices, E experts.
def probabilities(self, ranking: Tensor, of_logits: bool, softmax: bool) -> Tensor:
  if of_logits:
    p = torch.softmax(ranking, 1)
  elif softmax:
    p = ranking
  else:
    p = torch.div(ranking, torch.add(torch.sum(ranking, [1], True), 1e-20))
  return p
def numbers(self, float_ranking: Tensor, routes: Tensor, takers: Tensor, float_kept: Tensor, bias: Tensor,
    of_logits: bool, softmax: bool, shares: bool) -> Tensor:
  ranking = torch.to(float_ranking, 7)
  e = torch.size(ranking, 1)
  experts = torch.sub(torch.cumsum(torch.new_ones(routes, [e]), 0), 1)
  wants = torch.to(torch.eq(torch.unsqueeze(routes, -1), experts), 7)
  takes = torch.to(torch.eq(torch.unsqueeze(takers, -1), experts), 7)
  kept = torch.unsqueeze(torch.reshape(torch.to(float_kept, 7), torch.size(routes)), -1)
  p = self.probabilities(ranking, of_logits, softmax)
  trusted = ranking
  if of_logits:
    trusted = p
  own = torch.gather(trusted, 1, routes)
  first = torch.select(own, 1, 0)
  if shares:
    first = torch.div(first, torch.add(torch.sum(own, [1]), 1e-20))
  entropy = torch.neg(torch.mean(torch.sum(torch.xlogy(p, p), [1])))
  return torch.cat([
    torch.stack([entropy, torch.mean(first)]),
    torch.sum(wants, [0, 1]),
    torch.sum(torch.select(wants, 1, 0), [0]),
    torch.mean(p, [0]),
    torch.sum(torch.mul(wants, torch.sub(torch.ones_like(kept), kept)), [0, 1]),
    torch.sum(torch.mul(takes, kept), [0, 1]),
    torch.to(bias, 7)])
