# Self-attention over H heads of W = D / H features (labml: mha.MultiHeadAttention), with linear.py and norm.py.
#
#   q, k, v = z W_q^T + b_q, z W_k^T + b_k, z W_v^T + b_v
#   q, k = norm(q), norm(k)      per head, if there are norms
#   q, k turned by position      rotary, if there are angles
#   P = softmax(q k^T / sqrt(W) + mask)
#   y = (P v) W_o^T + b_o
#
# z (S, B, D); norms holds nothing or the factors (W) of queries and keys; angles nothing or cosines and sines (S, W / 2).
# Feature i is paired with i + W / 2: (a, b) to (a cos - b sin, b cos + a sin).
def turn(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
  swapped = torch.roll(x, [cos.size(-1)], [-1])
  return torch.addcmul(torch.mul(x, torch.cat([cos, cos], -1)), swapped, torch.cat([torch.neg(sin), sin], -1))
# Rows (S * B, D) as matrices (B * H, S, W): heads are just more sequences. Copied, because products read each row again.
def heads_of(self, rows: Tensor, s: int, width: int) -> Tensor:
  return torch.contiguous(torch.transpose(torch.reshape(rows, [s, -1, width]), 0, 1))
# P v for queries, keys and values (B * H, S, W), in blocks of so many queries. Before the last block, keys end where the block
# does: mask forbids those behind.
def mix(self, q: Tensor, k: Tensor, v: Tensor, mask: List[Tensor], dropped: List[Tensor], block: int) -> Tensor:
  scale = 1 / torch.sqrt(q.size(2))
  first = 0
  seen_k, seen_v, mixed = annotate(List[Tensor], []), annotate(List[Tensor], []), annotate(List[Tensor], [])
  blocks_k, blocks_v = torch.split(k, block, 1), torch.split(v, block, 1)
  for queries in torch.split(q, block, 1):
    seen_k.append(blocks_k[len(seen_k)])
    seen_v.append(blocks_v[len(seen_v)])
    rows = queries.size(1)
    keys, values = k, v
    if first + rows < k.size(1):
      # Not a slice of k: its gradient would be as large as k, for each block.
      keys, values = torch.cat(seen_k, 1), torch.cat(seen_v, 1)
    columns = keys.size(1)
    if len(mask) > 0:
      allowed = torch.narrow(torch.narrow(mask[0], 1, first, rows), 2, 0, columns)
      scores = torch.baddbmm(allowed, queries, torch.transpose(keys, 1, 2), beta=1, alpha=scale)
    else:
      scores = torch.bmm(torch.mul(queries, scale), torch.transpose(keys, 1, 2))
    p = torch.softmax(scores, -1)
    if len(dropped) > 0:
      p = torch.mul(p, torch.narrow(torch.narrow(dropped[0], 1, first, rows), 2, 0, columns))
    mixed.append(torch.bmm(p, values))
    first = first + rows
  if len(mixed) == 1:
    y = mixed[0]
  else:
    y = torch.cat(mixed, 1)
  return y
# w: weight (D, D) and bias (D) of query, key, value and output. mask: nothing or what is added to the scores, (1 or B, 1,
# 1 or S, S). dropped: nothing or factors of P, (B * H, S, S). block: S, or fewer queries where mask lets each position see itself
# and what came before. rounds: whether scores, P and P v are in bfloat16, too.
def attention(self, z: Tensor, w: List[Tensor], norms: List[Tensor], angles: List[Tensor], mask: List[Tensor],
    dropped: List[Tensor], block: int, heads: int, kernel: int, rounds: bool) -> Tensor:
  s, b, d = z.size(0), z.size(1), z.size(2)
  rows = torch.reshape(z, [s * b, d])
  q = self.heads_of(self.linear(rows, w[0], [w[1]], kernel), s, d // heads)
  k = self.heads_of(self.linear(rows, w[2], [w[3]], kernel), s, d // heads)
  v = self.heads_of(self.linear(rows, w[4], [w[5]], kernel), s, d // heads)
  if len(norms) > 0:
    q = self.rms_norm(q, norms[0])
    k = self.rms_norm(k, norms[1])
  if len(angles) > 0:
    q = self.turn(q, angles[0], angles[1])
    k = self.turn(k, angles[0], angles[1])
  if rounds:
    q, k, v = torch.to(q, 15), torch.to(k, 15), torch.to(v, 15)
    if len(mask) > 0:
      mask = [torch.to(mask[0], 15)]
  if len(mask) > 0:
    mask = [torch.reshape(torch.expand(mask[0], [b, heads, s, s]), [-1, s, s])]
  mixed = torch.to(self.mix(q, k, v, mask, dropped, block), 6)
  y = self.linear(torch.reshape(torch.transpose(mixed, 0, 1), [s * b, d]), w[6], [w[7]], kernel)
  return torch.reshape(y, [s, b, d])
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
