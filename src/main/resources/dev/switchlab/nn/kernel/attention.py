# Self-attention over H heads of W = D / H features (labml: mha.MultiHeadAttention), with linear.py and norm.py.
#
#   q, k, v = z W_q^T + b_q, z W_k^T + b_k, z W_v^T + b_v
#   q, k = norm(q), norm(k)      per head, if there are norms
#   q, k turned by position      rotary, if there are angles
#   P = softmax(q k^T / sqrt(W) + mask)
#   y = (P v) W_o^T + b_o
#
# Sequences stand one after the other here, (B, S, ...): so heads are views, forward and backward.
#
# z (S, B, D); norms holds nothing or the factors (W) of queries and keys; angles nothing or cosines and sines (S, W / 2).
# Feature i is paired with i + W / 2: (a, b) to (a cos - b sin, b cos + a sin).
def turn(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  swapped = torch.roll(x, [cos.size(-1)], [-1])
  return torch.addcmul(torch.mul(x, torch.cat([cos, cos], -1)), swapped, torch.cat([torch.neg(sin), sin], -1))
# (B * S, D) to the heads of S positions, (B, H, S, W).
def heads_of(self, rows: Tensor, s: int, heads: int) -> Tensor:
  return torch.transpose(torch.reshape(rows, [-1, s, heads, rows.size(1) // heads]), 1, 2)
# w: weight (D, D) and bias (D) of query, key, value and output; the first three are one product. mask: nothing or what is
# added to the scores, (1 or B, 1, S, S). dropped: nothing or factors of P, (B * H, S, S). causal: each position sees itself
# and what came before; mask says so, too, and is read only where P is written out for the sake of dropped.
def attention(self, z: Tensor, w: List[Tensor], norms: List[Tensor], angles: List[Tensor], mask: List[Tensor],
    dropped: List[Tensor], causal: bool, heads: int, kernel: int) -> Tensor:
  s, b, d = z.size(0), z.size(1), z.size(2)
  rows = torch.reshape(torch.transpose(z, 0, 1), [b * s, d])
  all = self.linear(rows, torch.cat([w[0], w[2], w[4]]), [torch.cat([w[1], w[3], w[5]])], kernel)
  queries, keys, values = torch.chunk(all, 3, -1)
  q, k, v = self.heads_of(queries, s, heads), self.heads_of(keys, s, heads), self.heads_of(values, s, heads)
  if len(norms) > 0:
    q = self.rms_norm(q, norms[0])
    k = self.rms_norm(k, norms[1])
  if len(angles) > 0:
    q = self.turn(q, angles[0], angles[1])
    k = self.turn(k, angles[0], angles[1])
  if len(dropped) > 0:
    scores = torch.div(torch.matmul(q, torch.transpose(k, 2, 3)), torch.sqrt(q.size(3)))
    if len(mask) > 0:
      scores = torch.add(scores, mask[0])
    p = torch.mul(torch.softmax(scores, -1), torch.reshape(dropped[0], torch.size(scores)))
    mixed = torch.matmul(p, v)
  elif causal:
    mixed = torch.scaled_dot_product_attention(q, k, v, None, 0., True)
  elif len(mask) > 0:
    mixed = torch.scaled_dot_product_attention(q, k, v, torch.expand(mask[0], [b, heads, s, s]), 0., False)
  else:
    mixed = torch.scaled_dot_product_attention(q, k, v, None, 0., False)
  y = self.linear(torch.reshape(torch.transpose(mixed, 1, 2), [b * s, d]), w[6], [w[7]], kernel)
  return torch.transpose(torch.reshape(y, [b, s, d]), 0, 1)
# The first tokens of one sequence, z (n, D) with p = 0, or the next one as (D). cache (2, 1, H, S, W) holds keys and values
# of the p tokens before, and gets theirs. w: weight (3 * D, D) and bias (3 * D) of query, key and value, one product; weight and bias
# of output.
def attention_with_cache(self, z: Tensor, w: List[Tensor], norms: List[Tensor], angles: List[Tensor], cache: Tensor, p: int,
    heads: int) -> Tensor:
  rows = self.linear(z, w[0], [w[1]], 0)
  all = torch.permute(torch.reshape(rows, [1, -1, 3, heads, z.size(-1) // heads]), [2, 0, 3, 1, 4])
  n = all.size(3)
  q = torch.select(all, 0, 0)
  new = torch.narrow(all, 0, 1, 2)
  if len(norms) + len(angles) > 0:
    k = torch.select(new, 0, 0)
    if len(norms) > 0:
      q = self.rms_norm(q, norms[0])
      k = self.rms_norm(k, norms[1])
    if len(angles) > 0:
      cos, sin = torch.narrow(angles[0], 0, p, n), torch.narrow(angles[1], 0, p, n)
      q = self.turn(q, cos, sin)
      k = self.turn(k, cos, sin)
    new = torch.stack([k, torch.select(new, 0, 1)], 0)
  torch.copy_(torch.narrow(cache, 3, p, n), new)
  keys, values = torch.unbind(torch.narrow(cache, 3, 0, p + n), 0)
  mixed = torch.scaled_dot_product_attention(q, keys, values, None, 0., n > 1)
  return self.linear(torch.reshape(torch.transpose(mixed, 1, 2), torch.size(z)), w[2], [w[3]], 0)
