"""An independent computation for what the reference does not have: positions, dropping by position, zero for dropped tokens, dense layers.

Written from the formulas in plain torch operations, without the reference's code, and run in float64, so that its rounding does not
count. ``capture.py`` first shows that it equals the reference, values and gradients, wherever both apply.

Settings beyond the reference's, all in the case's config:
  positions       none | learned (a table ``pos_embed.weight`` added to the embedding) | rotary (arXiv 2104.09864: feature i of a head
                  pairs with feature i + d_k/2; the pair is turned by position * 10000^(-2i/d_k))
  feed_forward    switch | dense
  dropped_tokens  pass_through (the layer's normalised input, gated like an expert's output) | zero
  drop_order      random (the permutation is stored) | position (first come, first served in token order)
  router_bias     true | false
  min_capacity    least expert capacity in tokens
"""

import math

import torch

DEFAULTS = {'positions': 'none', 'feed_forward': 'switch', 'dropped_tokens': 'pass_through', 'drop_order': 'random',
            'router_bias': True, 'min_capacity': 0}


class Permutations(dict):
    """Draws the permutation of an over-full expert when it is asked for, and keeps it."""

    def __init__(self, seed):
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def of(self, key, n):
        if key not in self:
            self[key] = torch.randperm(n, generator=self.generator)
        return self[key]


def beyond_reference(config):
    """Whether the config asks for something that the reference does not have."""
    return any(config.get(key, value) != value for key, value in DEFAULTS.items())


def shapes(c):
    """The state_dict that a config asks for: names and shapes."""
    d, f, v = c['d_model'], c['d_ff'], c['n_vocab']
    c = {**DEFAULTS, **c}
    out = {'src_embed.weight': (v, d)}
    if c['positions'] == 'learned':
        out['pos_embed.weight'] = (c['max_seq_len'], d)
    for i in range(c['n_layers']):
        at = f'transformer.layers.{i}.'
        for name in ('query.linear', 'key.linear', 'value.linear', 'output'):
            out[f'{at}attn.{name}.weight'], out[f'{at}attn.{name}.bias'] = (d, d), (d,)
        networks = [f'experts.{e}.' for e in range(c['n_experts'])] if c['feed_forward'] == 'switch' else ['']
        for network in networks:
            for layer, o, n in (('layer1', f, d), ('layer2', d, f)):
                out[f'{at}feed_forward.{network}{layer}.weight'] = (o, n)
                out[f'{at}feed_forward.{network}{layer}.bias'] = (o,)
        if c['feed_forward'] == 'switch':
            out[f'{at}feed_forward.switch.weight'] = (c['n_experts'], d)
            if c['router_bias']:
                out[f'{at}feed_forward.switch.bias'] = (c['n_experts'],)
        for norm in ('norm_self_attn', 'norm_ff'):
            out[f'{at}{norm}.weight'], out[f'{at}{norm}.bias'] = (d,), (d,)
    out['transformer.norm.weight'], out['transformer.norm.bias'] = (d,), (d,)
    out['generator.weight'], out['generator.bias'] = (v, d), (v,)
    return out


def linear(p, name, x):
    y = x @ p[name + '.weight'].T
    return y + p[name + '.bias'] if name + '.bias' in p else y


def layer_norm(p, name, x):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-5) * p[name + '.weight'] + p[name + '.bias']


def rotate(x):
    """x: [seq, batch, heads, d_k]."""
    seq, width = x.shape[0], x.shape[-1]
    half = width // 2
    pair = torch.arange(half, dtype=torch.float64)
    angle = torch.arange(seq, dtype=torch.float64)[:, None] * torch.tensor(10000.0, dtype=torch.float64) ** (-2 * pair / width)
    # As complex numbers: turning is one product.
    turn = torch.polar(torch.ones_like(angle), angle)[:, None, None, :]
    z = torch.complex(x[..., :half].double(), x[..., half:].double()) * turn
    return torch.cat([z.real, z.imag], -1).to(x.dtype)


def attention(c, p, at, z):
    seq, batch, d = z.shape
    heads, width = c['heads'], d // c['heads']
    q, k, v = (linear(p, f'{at}attn.{n}.linear', z).reshape(seq, batch, heads, width) for n in ('query', 'key', 'value'))
    if c['positions'] == 'rotary':
        q, k = rotate(q), rotate(k)
    scores = (q[:, None] * k[None]).sum(-1) / math.sqrt(width)  # [query, key, batch, head]
    later = torch.arange(seq)[None, :] > torch.arange(seq)[:, None]
    scores = scores.masked_fill(later[:, :, None, None], -math.inf)
    weights = torch.exp(scores - scores.amax(1, keepdim=True))
    weights = weights / weights.sum(1, keepdim=True)
    mixed = (weights[..., None] * v[None]).sum(1)
    return linear(p, f'{at}attn.output', mixed.reshape(seq, batch, d))


def expert(p, name, x):
    hidden = linear(p, name + 'layer1', x)
    return linear(p, name + 'layer2', hidden * (hidden > 0))


def switch(c, p, at, z, layer, perms):
    tokens, n = z.reshape(-1, z.shape[-1]), c['n_experts']
    logits = linear(p, f'{at}feed_forward.switch', tokens)
    prob = torch.exp(logits - logits.amax(-1, keepdim=True))
    prob = prob / prob.sum(-1, keepdim=True)
    routes = prob.argmax(-1)
    chosen = prob[torch.arange(len(tokens)), routes]
    gate = chosen if c['is_scale_prob'] else chosen / chosen.detach()
    capacity = max(c['min_capacity'], int(c['capacity_factor'] * len(tokens) / n))
    rows, dropped = [None] * len(tokens), []
    for e in range(n):
        mine = [t for t in range(len(tokens)) if routes[t] == e]
        if c['drop_tokens'] and len(mine) > capacity:
            if c['drop_order'] == 'random':
                mine = [mine[i] for i in perms.of((layer, e), len(mine))]
            dropped += mine[capacity:]
            mine = mine[:capacity]
        for t in mine:
            rows[t] = expert(p, f'{at}feed_forward.experts.{e}.', tokens[t]) * gate[t]
    for t in dropped:
        rows[t] = tokens[t] * gate[t] if c['dropped_tokens'] == 'pass_through' else tokens[t] * 0
    counts = torch.tensor([(routes == e).sum() for e in range(n)])
    best = prob.detach().topk(min(2, n), -1)[0]
    return torch.stack(rows).reshape(z.shape), {
        'layer': layer, 'routes': routes, 'counts': counts.to(z.dtype), 'route_prob_sum': prob.sum(0), 'route_prob_max': chosen,
        'capacity': capacity, 'dropped': torch.tensor(dropped, dtype=torch.int64), 'n_dropped': len(dropped),
        'margin': (best[:, 0] - best[:, 1]).min().item() if n > 1 else 1.0}


def model(c, params, tokens, target, perms):
    """Outputs, gradients and routing margin of the language model, by the names of a case; float64 unless params say otherwise."""
    c = {**DEFAULTS, **c}
    p = {name: value.clone().requires_grad_(True) for name, value in params.items()}
    x = p['src_embed.weight'][tokens]
    if c['positions'] == 'learned':
        x = x + p['pos_embed.weight'][:len(tokens)][:, None]
    states = []
    for i in range(c['n_layers']):
        at = f'transformer.layers.{i}.'
        x = x + attention(c, p, at, layer_norm(p, at + 'norm_self_attn', x))
        z = layer_norm(p, at + 'norm_ff', x)
        if c['feed_forward'] == 'switch':
            y, state = switch(c, p, at, z, i, perms)
            states.append(state)
        else:
            y = expert(p, at + 'feed_forward.', z)
        x = x + y
    logits = linear(p, 'generator', layer_norm(p, 'transformer.norm', x))
    flat = logits.reshape(-1, c['n_vocab'])
    log_prob = flat - torch.logsumexp(flat, -1, keepdim=True)
    cross_entropy = -log_prob[torch.arange(len(flat)), target.reshape(-1)].mean()
    lb_loss = sum(len(s['counts']) * (s['counts'] / len(flat) * s['route_prob_sum'] / len(flat)).sum() for s in states)
    loss = cross_entropy + c['load_balancing_coef'] * lb_loss
    loss.backward()
    grads = {name: torch.zeros_like(value) if value.grad is None else value.grad for name, value in p.items()}
    outputs = {'logits': logits, 'cross_entropy': cross_entropy, 'loss': loss,
               'grad_norm': torch.sqrt(sum((g ** 2).sum() for g in grads.values()))}
    if states:
        outputs['lb_loss'] = lb_loss
        for name in ('counts', 'route_prob_sum', 'route_prob_max', 'routes'):
            outputs[name] = torch.stack([s[name] for s in states])
        outputs['n_dropped'] = torch.tensor([s['n_dropped'] for s in states])
        outputs['capacity'] = torch.tensor(states[0]['capacity'])
        outputs.update({f'dropped.{s["layer"]}': s['dropped'] for s in states})
    margin = min((s['margin'] for s in states), default=None)
    return {k: v.detach() for k, v in outputs.items()}, grads, margin
