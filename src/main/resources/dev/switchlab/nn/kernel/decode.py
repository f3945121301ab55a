# A whole language model at evaluation as one call, for the next tokens of a sequence whose keys and values are kept, with
# linear.py, norm.py, attention.py and feed_forward.py. One token costs a few hundred operators of a few microseconds
# each, so what counts is their number. No pair of token and expert is dropped.
#
# n tokens, K choices, E experts; a network is four lists, as in feed_forward.py: matrices, b_1, b_2, b_v.

# Experts (n, K) of tokens z (n, D), and their gates; without n for one token. router holds weight (E, D) and, if there is
# one, bias (E).
def chosen_and_gates(self, z: Tensor, router: List[Tensor], selection_bias: List[Tensor], score: str, gating: str, k: int) -> Tuple[Tensor, Tensor]:
  ranking = self.linear(z, router[0], torch.slice(router, 1), 0)
  if score == "softmax":
    ranking = torch.softmax(ranking, -1)
  elif score == "sigmoid":
    ranking = torch.sigmoid(ranking)
  selection = ranking
  if len(selection_bias) > 0:
    selection = torch.add(ranking, selection_bias[0])
  if k == 1:
    chosen = torch.argmax(selection, -1, True)
  else:
    _, order = torch.sort(selection, stable=True, dim=-1, descending=True)
    chosen = torch.narrow(order, -1, 0, k)
  gates = torch.gather(ranking, -1, chosen)
  if score == "softmax over chosen":
    gates = torch.softmax(gates, -1)
  if gating == "one":
    gates = torch.ones_like(gates)
  elif gating == "normalized":
    gates = torch.div(gates, torch.add(torch.sum(gates, [-1], True), 1e-20))
  return chosen, gates
# x + the switch layer of z, both (n, D), or (D) for one token. Without a router the layer's row of routes (L, n) chooses. w
# is a network with E in front.
def add_switch(self, x: Tensor, z: Tensor, router: List[Tensor], selection_bias: List[Tensor], w: List[List[Tensor]], score: str,
    gating: str, k: int, scale: float, activation: str, routes: List[Tensor], layer: int) -> Tensor:
  if len(router) > 0:
    chosen, gates = self.chosen_and_gates(z, router, selection_bias, score, gating, k)
  else:
    gates = torch.ones_like(torch.narrow(z, -1, 0, 1))
    chosen = torch.view_as(torch.select(routes[0], 0, layer), gates)
  if scale != 1.:
    gates = torch.mul(gates, scale)
  if torch.dim(z) > 1:
    for e in range(w[0][0].size(0)):
      sent = torch.eq(chosen, e)
      rows = torch.select(torch.nonzero(sent), 1, 0)
      if torch.numel(rows) > 0:
        gate = torch.index_select(torch.sum(torch.mul(gates, sent), [1], True), 0, rows)
        out = self.expert(torch.index_select(z, 0, rows), w, e, activation)
        x = torch.index_add(x, 0, rows, torch.mul(out, gate))
  elif k == 1:
    x = torch.addcmul(x, self.expert(z, w, int(chosen), activation), gates)
  else:
    for i in range(k):
      out = self.expert(z, w, int(torch.select(chosen, 0, i)), activation)
      x = torch.addcmul(x, out, torch.narrow(gates, 0, i, 1))
  return x
def of_expert(self, stacked: List[Tensor], e: int) -> List[Tensor]:
  own = annotate(List[Tensor], [])
  for one in stacked:
    own.append(torch.select(one, 0, e))
  return own
def expert(self, z: Tensor, w: List[List[Tensor]], e: int, activation: str) -> Tensor:
  matrices = w[0]
  h = self.activate(self.linear(z, torch.select(matrices[0], 0, e), self.of_expert(w[1], e), 0), activation)
  if len(matrices) > 2:
    h = torch.mul(h, self.linear(z, torch.select(matrices[2], 0, e), self.of_expert(w[3], e), 0))
  return self.linear(h, torch.select(matrices[1], 0, e), self.of_expert(w[2], e), 0)
# Logits (V) of what comes after the last of tokens (n), whose keys and values are written behind those of the p before.
# model: embedding (V, D); final norm; generator, weight and bias; learned positions or none; angles of rotary positions or
# none; table of bigrams (V, V) or none. A layer: attention's norm; attention as attention_with_cache has it; norms of
# queries and keys; cache; the network's norm; dense or shared network, 4 lists; router; selection bias; experts, 4 lists.
# routes: nothing, or by layer the experts of the tokens, (L, n).
def logits(self, tokens: Tensor, model: List[List[Tensor]], layers: List[List[List[Tensor]]], heads: int, activation: str,
    score: str, gating: str, k: int, scale: float, routes: List[Tensor], p: int) -> Tensor:
  n = tokens.size(0)
  none = annotate(List[Tensor], [])
  x = torch.embedding(model[0][0], tokens)
  if len(model[3]) > 0:
    x = torch.add(x, torch.narrow(model[3][0], 0, p, n))
  if n == 1:
    x = torch.select(x, 0, 0)
  for i in range(len(layers)):
    w = layers[i]
    x = torch.add(x, self.attention_with_cache(self.norm(x, w[0]), w[1], w[2], model[4], w[3][0], p, heads))
    z = self.norm(x, w[4])
    if len(w[5]) > 0:
      x = torch.add(x, self.feed_forward(z, w[5], w[6], w[7], w[8], none, activation, 0))
    if len(w[11]) > 0:
      x = self.add_switch(x, z, w[9], w[10], [w[11], w[12], w[13], w[14]], score, gating, k, scale, activation, routes, i)
  if n > 1:
    x = torch.select(x, 0, -1)
  logits = self.linear(self.norm(x, model[1]), model[2][0], [model[2][1]], 0)
  if len(model[5]) > 0:
    logits = torch.add(logits, torch.embedding(model[5][0], torch.select(tokens, 0, -1)))
  return logits
