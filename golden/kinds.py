"""How each kind of case is made and run on the reference. See README.md for what the kinds hold."""

import contextlib
import math

import torch
from torch import nn

ACTIVATIONS = {'relu': nn.ReLU, 'gelu': nn.GELU, 'sigmoid': nn.Sigmoid, 'silu': nn.SiLU}


class Trace:
    """Watches switch layers while they run: routes, statistics, and the permutations drawn when tokens are dropped.

    With ``replay`` (``{(layer, expert): permutation}``) torch.randperm returns those instead of drawing.
    """

    def __init__(self, switches, replay=None):
        self.switches = switches
        self.replay = replay
        self.layers = []
        self.perms = {}

    @contextlib.contextmanager
    def watching(self):
        handles = []
        for layer, switch in enumerate(self.switches):
            handles.append(switch.softmax.register_forward_hook(self._routed(layer, switch)))
            handles.append(switch.register_forward_hook(self._finished(layer)))
        draw, torch.randperm = torch.randperm, self._randperm
        self._draw = draw
        try:
            yield self
        finally:
            torch.randperm = draw
            for handle in handles:
                handle.remove()

    def _routed(self, layer, switch):
        def hook(module, inputs, route_prob):
            tokens, n_experts = route_prob.shape
            # The same call on the same tensor as in the reference, so that ties go the same way.
            routes = torch.max(route_prob, dim=-1)[1]
            capacity = int(switch.capacity_factor * tokens / switch.n_experts)
            best = route_prob.detach().topk(min(2, n_experts), dim=-1)[0]
            margin = (best[:, 0] - best[:, 1]).min().item() if n_experts > 1 else 1.0
            over = [e for e in range(n_experts) if switch.drop_tokens and (routes == e).sum() > capacity]
            self.layers.append({'layer': layer, 'routes': routes, 'capacity': capacity, 'margin': margin, 'dropped': []})
            self.pending = [(layer, e) for e in over]
        return hook

    def _randperm(self, n, *args, **kwargs):
        layer, expert = self.pending.pop(0)
        if self.replay is None:
            perm = self._draw(n, *args, **kwargs)
        else:
            perm = self.replay[(layer, expert)]
            assert len(perm) == n, f'layer {layer} expert {expert}: {n} tokens to permute, {len(perm)} in the stored permutation'
        self.perms[(layer, expert)] = perm
        state = self.layers[-1]
        tokens = (state['routes'] == expert).nonzero(as_tuple=True)[0]
        state['dropped'].append(tokens[perm][state['capacity']:])
        return perm

    def _finished(self, layer):
        def hook(module, inputs, outputs):
            _, counts, route_prob_sum, n_dropped, route_prob_max = outputs
            state = self.layers[-1]
            dropped = torch.cat(state['dropped']) if state['dropped'] else torch.zeros(0, dtype=torch.int64)
            assert len(dropped) == n_dropped and not self.pending
            state.update(counts=counts, route_prob_sum=route_prob_sum, n_dropped=n_dropped, route_prob_max=route_prob_max,
                         dropped=dropped)
        return hook

    def margin(self):
        return min(state['margin'] for state in self.layers)

    def load_balancing_loss(self):
        """As ``Configs.step`` of the reference's experiment, layer by layer."""
        loss = 0.0
        for state in self.layers:
            counts, total = state['counts'], state['counts'].sum()
            loss = loss + len(counts) * ((counts / total) * (state['route_prob_sum'] / total)).sum()
        return loss

    def outputs(self, stacked):
        """The statistics by name; stacked over layers, or of the only layer."""
        out = {}
        for name in ('counts', 'route_prob_sum', 'route_prob_max', 'routes'):
            values = [state[name].detach() for state in self.layers]
            out[name] = torch.stack(values) if stacked else values[0]
        n_dropped = [state['n_dropped'] for state in self.layers]
        out['n_dropped'] = torch.tensor(n_dropped if stacked else n_dropped[0])
        out['capacity'] = torch.tensor(self.layers[0]['capacity'])
        for state in self.layers:
            out[f'dropped.{state["layer"]}' if stacked else 'dropped'] = state['dropped']
        return out


class Run:
    """What one run gave: tensors by name (without their prefix), permutations and the smallest routing margin."""

    def __init__(self, outputs, grads, perms=None, margin=None):
        self.outputs = {k: v.detach() for k, v in outputs.items()}
        self.grads = grads
        self.perms = perms or {}
        self.margin = margin


def randn(generator, *shape):
    return torch.randn(*shape, generator=generator)


def to(dtype, tensors):
    return {k: v.to(dtype) if v.is_floating_point() else v for k, v in tensors.items()}


def prepared(module, params, dtype):
    module.load_state_dict(params, strict=True)
    return module.to(dtype).train()


def perturb(module, generator, scale=0.3):
    """Moves every parameter: experts and layers of the reference start as copies, and copies would hide a mix-up."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += scale * parameter.std(unbiased=False).clamp(min=0.05) * randn(generator, *parameter.shape)


def module_grads(module):
    return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in module.named_parameters()}


def mask_of(config, generator):
    s, k, b = config['seq_len'], config.get('key_len', config['seq_len']), config['batch_size']
    name = config.get('mask')
    if name is None:
        return None
    if name == 'causal':
        return torch.tril(torch.ones(s, k)).to(torch.bool).unsqueeze(-1)
    rows = 1 if name in ('row', 'row_batch') else s
    columns = b if name in ('batch', 'row_batch') else 1
    mask = torch.rand(rows, k, columns, generator=generator) < 0.6
    mask[:, 0, :] = True  # a query that may attend to nothing gives NaN
    return mask


class FeedForwardKind:
    def __init__(self, ref):
        self.ref = ref

    def module(self, c):
        parts = c['variant'].split('_')
        activation = next((p for p in parts if p in ACTIVATIONS), 'relu')
        bias = 'nobias' not in parts
        return self.ref.FeedForward(
            c['d_model'], c['d_ff'], c['dropout'], ACTIVATIONS[activation](), 'gated' in parts,
            bias1=bias, bias2=bias and 'nobias2' not in parts, bias_gate=bias)

    def make(self, c, g):
        module = self.module(c)
        perturb(module, g)
        shape = (6, 3, c['d_model'])
        return module.state_dict(), {'x': randn(g, *shape), 'w': randn(g, *shape)}

    def run(self, c, params, inputs, dtype, replay=None):
        module = prepared(self.module(c), params, dtype)
        inputs = to(dtype, inputs)
        x = inputs['x'].clone().requires_grad_(True)
        y = module(x)
        loss = (y * inputs['w']).sum()
        loss.backward()
        return Run({'y': y, 'loss': loss}, {**module_grads(module), 'input.x': x.grad})


class AttentionKind:
    def __init__(self, ref):
        self.ref = ref

    def module(self, c):
        return self.ref.MultiHeadAttention(c['heads'], c['d_model'], c['dropout'], bias=c['bias'])

    def make(self, c, g):
        module = self.module(c)
        perturb(module, g)
        query = (c['seq_len'], c['batch_size'], c['d_model'])
        inputs = {'x': randn(g, *query), 'w': randn(g, *query)}
        if c['key_len'] != c['seq_len'] or c.get('cross'):
            inputs['kv'] = randn(g, c['key_len'], c['batch_size'], c['d_model'])
        mask = mask_of(c, g)
        if mask is not None:
            inputs['mask'] = mask
        return module.state_dict(), inputs

    def run(self, c, params, inputs, dtype, replay=None):
        module = prepared(self.module(c), params, dtype)
        inputs = to(dtype, inputs)
        x = inputs['x'].clone().requires_grad_(True)
        kv = inputs['kv'].clone().requires_grad_(True) if 'kv' in inputs else x
        y = module(query=x, key=kv, value=kv, mask=inputs.get('mask'))
        loss = (y * inputs['w']).sum()
        loss.backward()
        grads = {**module_grads(module), 'input.x': x.grad}
        if kv is not x:
            grads['input.kv'] = kv.grad
        return Run({'y': y, 'attn': module.attn, 'loss': loss}, grads)


class SwitchKind:
    def __init__(self, ref):
        self.ref = ref

    def module(self, c):
        return self.ref.SwitchFeedForward(
            capacity_factor=c['capacity_factor'], drop_tokens=c['drop_tokens'], is_scale_prob=c['is_scale_prob'],
            n_experts=c['n_experts'], expert=self.ref.FeedForward(c['d_model'], c['d_ff'], c['dropout']), d_model=c['d_model'])

    def make(self, c, g):
        module = self.module(c)
        variant, e = c['variant'], c['n_experts']
        shape = (c['seq_len'], c['batch_size'], c['d_model'])
        x, w = randn(g, *shape), randn(g, *shape)
        if variant != 'init':
            perturb(module, g)
        with torch.no_grad():
            router = module.switch
            if variant == 'skew':  # some experts get most of the tokens
                router.bias += torch.linspace(1.0, -1.0, e)[torch.randperm(e, generator=g)]
            elif variant == 'starve':  # one expert gets every token, the others none
                router.bias[int(torch.randint(e, (), generator=g))] += 30.0
            elif variant == 'tie':  # the two best experts are equal for every token: the first one wins
                router.weight.zero_()
                router.bias.copy_(torch.tensor([0.1 * (min(i, e - 2) if i else -1) for i in range(e)]))
            elif variant == 'exact':  # every expert gets the same number of tokens, which is exactly its capacity
                router.weight.copy_(8.0 * torch.eye(e, c['d_model']))
                router.bias.zero_()
                x[..., :e] *= 0.01
                flat = x.view(-1, c['d_model'])
                for token in range(len(flat)):
                    flat[token, token % e] += 1.0
        return module.state_dict(), {'x': x, 'w': w}

    def run(self, c, params, inputs, dtype, replay=None):
        module = prepared(self.module(c), params, dtype)
        inputs = to(dtype, inputs)
        x = inputs['x'].clone().requires_grad_(True)
        with Trace([module], replay).watching() as trace:
            y = module(x)[0]
        aux = trace.load_balancing_loss()
        loss = (y * inputs['w']).sum() + aux
        loss.backward()
        outputs = {'final_output': y, 'aux': aux, 'loss': loss, **trace.outputs(stacked=False)}
        return Run(outputs, {**module_grads(module), 'input.x': x.grad}, trace.perms, trace.margin())


class LayerKind:
    stacked = False

    def __init__(self, ref):
        self.ref = ref
        self.switch = SwitchKind(ref)

    def layer(self, c):
        return self.ref.SwitchTransformerLayer(
            d_model=c['d_model'], attn=self.ref.MultiHeadAttention(c['heads'], c['d_model'], c['dropout']),
            feed_forward=self.switch.module(c), dropout_prob=c['dropout'])

    def module(self, c):
        return self.layer(c)

    def switches(self, module):
        return [module.feed_forward]

    def make(self, c, g):
        module = self.module(c)
        perturb(module, g)
        shape = (c['seq_len'], c['batch_size'], c['d_model'])
        inputs = {'x': randn(g, *shape), 'w': randn(g, *shape)}
        mask = mask_of(c, g)
        if mask is not None:
            inputs['mask'] = mask
        return module.state_dict(), inputs

    def run(self, c, params, inputs, dtype, replay=None):
        module = prepared(self.module(c), params, dtype)
        inputs = to(dtype, inputs)
        x = inputs['x'].clone().requires_grad_(True)
        with Trace(self.switches(module), replay).watching() as trace:
            y = module(x=x, mask=inputs.get('mask'))[0]
        aux = trace.load_balancing_loss()
        loss = (y * inputs['w']).sum() + aux
        loss.backward()
        outputs = {'x': y, 'aux': aux, 'loss': loss, **trace.outputs(self.stacked)}
        return Run(outputs, {**module_grads(module), 'input.x': x.grad}, trace.perms, trace.margin())


class TransformerKind(LayerKind):
    stacked = True

    def module(self, c):
        return self.ref.SwitchTransformer(self.layer(c), c['n_layers'])

    def switches(self, module):
        return [layer.feed_forward for layer in module.layers]


class ModelKind:
    """The language model with its training loss; gradients are stored before clipping."""

    def __init__(self, ref):
        self.ref = ref
        self.transformer = TransformerKind(ref)

    def module(self, c):
        return self.ref.AutoregressiveModel(c['n_vocab'], c['d_model'], self.transformer.module(c))

    def make(self, c, g):
        module = self.module(c)
        if c.get('init') == 'perturbed':
            perturb(module, g)
        shape = (c['seq_len'], c['batch_size'])
        tokens = torch.randint(c['n_vocab'], shape, generator=g)
        target = torch.randint(c['n_vocab'], shape, generator=g)
        return module.state_dict(), {'tokens': tokens, 'target': target}

    def forward(self, c, module, tokens, target, replay):
        with Trace(self.transformer.switches(module.transformer), replay).watching() as trace:
            logits = module(tokens)[0]
        cross_entropy = nn.functional.cross_entropy(logits.view(-1, c['n_vocab']), target.view(-1))
        lb_loss = trace.load_balancing_loss()
        loss = cross_entropy + c['load_balancing_coef'] * lb_loss
        return logits, cross_entropy, lb_loss, loss, trace

    def run(self, c, params, inputs, dtype, replay=None):
        module = prepared(self.module(c), params, dtype)
        logits, cross_entropy, lb_loss, loss, trace = self.forward(c, module, inputs['tokens'], inputs['target'], replay)
        loss.backward()
        grads = module_grads(module)
        outputs = {'logits': logits, 'cross_entropy': cross_entropy, 'lb_loss': lb_loss, 'loss': loss,
                   'grad_norm': nn.utils.clip_grad_norm_(module.parameters(), math.inf), **trace.outputs(stacked=True)}
        return Run(outputs, grads, trace.perms, trace.margin())


def weight_decay(ref, c):
    return ref.WeightDecay(c.get('weight_decay', 0.0), c.get('weight_decouple', True), c.get('absolute', False))


class Muon:
    """Muon on one matrix or a stack of them, by its published formula, and torch's AdamW on the rest.

    torch has Muon from 2.9 on, but iterates in bfloat16; here in the dtype of the weights. Jordan's is torch.optim.Muon's too: momentum as a
    moving average, Nesterov, five Newton-Schulz steps. The scale is Moonlight's (torch: adjust_lr_fn='match_rms_adamw').
    """

    def __init__(self, matrix, rest, c):
        self.matrix, self.c, self.momentum = matrix, c, torch.zeros_like(matrix)
        self.adamw = torch.optim.AdamW(rest, lr=c['lr'], betas=tuple(c['betas']), eps=c['eps'], weight_decay=c['weight_decay'],
                                       foreach=False)
        self.param_groups = self.adamw.param_groups

    @torch.no_grad()
    def step(self):
        self.adamw.step()
        mu, grad = self.c['momentum'], self.matrix.grad
        self.momentum = mu * self.momentum + (1 - mu) * grad
        update = mu * self.momentum + (1 - mu) * grad
        stack = update.reshape(-1, *update.shape[-2:])
        update = torch.stack([self.orthogonal(one) for one in stack]).reshape(update.shape)
        self.matrix *= 1 - self.c['muon_lr'] * self.c['weight_decay']
        self.matrix -= self.c['muon_lr'] * 0.2 * math.sqrt(max(update.shape[-2:])) * update

    @staticmethod
    def orthogonal(g):
        a, b, c = 3.4445, -4.7750, 2.0315
        x = g.T if g.shape[0] > g.shape[1] else g
        x = x / (x.norm() + 1e-7)
        for _ in range(5):
            gram = x @ x.T
            x = a * x + (b * gram + c * gram @ gram) @ x
        return x.T if g.shape[0] > g.shape[1] else x


def optimizer_of(ref, c, params):
    """The reference's optimizer, or torch's own under the name torch.*."""
    common = {'lr': c['lr'], 'betas': tuple(c['betas']), 'eps': c['eps']}
    name = c['optimizer']
    if name == 'Muon':
        return Muon(params[0], params[1:], c)
    if name.startswith('torch.'):
        kind = getattr(torch.optim, name.split('.')[1])
        return kind(params, **common, weight_decay=c.get('weight_decay', 0.0), amsgrad=c.get('amsgrad', False), foreach=False)
    common.update(weight_decay=weight_decay(ref, c), optimized_update=c.get('optimized_update', True))
    if name == 'Adam':
        return ref.Adam(params, **common)
    if name == 'AMSGrad':
        return ref.AMSGrad(params, **common, amsgrad=c.get('amsgrad', True))
    if name == 'Noam':
        return ref.Noam(params, **common, amsgrad=c.get('amsgrad', False), warmup=c['warmup'], d_model=c['d_model'])
    raise ValueError(f'unknown optimizer {name!r}: Adam, AMSGrad, Noam, torch.Adam, torch.AdamW or Muon')


def learning_rate(optimizer, parameter):
    group = optimizer.param_groups[0]
    return optimizer.get_lr(optimizer.state[parameter], group) if hasattr(optimizer, 'get_lr') else group['lr']


class OptimizerKind:
    def __init__(self, ref):
        self.ref = ref

    def make(self, c, g):
        steps = c['steps']
        # Large gradients first: then the largest second moment lies behind, and AMSGrad differs from Adam.
        scale = torch.tensor([10.0 if t < steps // 4 else 0.2 for t in range(steps)])
        shape = c.get('shape', [5, 4])
        inputs = {'grad_p': randn(g, steps, *shape) * scale.view(-1, *[1] * len(shape)), 'grad_q': randn(g, steps, 3) * scale.view(-1, 1)}
        inputs['grad_p'][steps // 2] = 0.0  # as an expert without tokens: momentum still moves the weights
        if len(shape) == 3:
            inputs['grad_p'][:, 0] = 0.0  # an expert that never has a token
        inputs['grad_q'][:, 1] = 0.0  # never a gradient: 0 / (0 + eps)
        return {'p': randn(g, *shape), 'q': randn(g, 3)}, inputs

    def run(self, c, params, inputs, dtype, replay=None):
        p, q = (nn.Parameter(params[name].to(dtype).clone()) for name in ('p', 'q'))
        optimizer = optimizer_of(self.ref, c, [p, q])
        out = {'p': [], 'q': [], 'lr': [], 'grad_norm': []}
        for step in range(c['steps']):
            p.grad, q.grad = (inputs[name][step].to(dtype, copy=True) for name in ('grad_p', 'grad_q'))  # clipped in place
            out['grad_norm'].append(nn.utils.clip_grad_norm_([p, q], c['grad_clip']))
            optimizer.step()
            out['lr'].append(torch.tensor(learning_rate(optimizer, p), dtype=torch.float64).to(dtype))
            out['p'].append(p.detach().clone())
            out['q'].append(q.detach().clone())
        return Run({name: torch.stack(values) for name, values in out.items()}, {})


class TrajectoryKind(ModelKind):
    """Whole training runs; permutations are keyed (step, layer, expert)."""

    def make(self, c, g):
        module = self.module(c)
        if c['init'] == 'starved':  # no token ever reaches the last expert of the first layer
            with torch.no_grad():
                module.transformer.layers[0].feed_forward.switch.bias[-1] = -30.0
        shape = (c['steps'], c['seq_len'], c['batch_size'])
        # Text-like, so that there is something to learn: each token mostly follows from the one before.
        tokens = torch.randint(c['n_vocab'], shape, generator=g)
        follows = (5 * tokens + 3) % c['n_vocab']
        keep = torch.rand(shape, generator=g) < 0.8
        return module.state_dict(), {'tokens': tokens, 'target': torch.where(keep, follows, tokens)}

    def run(self, c, params, inputs, dtype, replay=None):
        module = prepared(self.module(c), params, dtype)
        optimizer = optimizer_of(self.ref, c, list(module.parameters()))
        first = next(iter(module.parameters()))
        names = ('loss', 'cross_entropy', 'lb_loss', 'lr', 'grad_norm', 'counts')
        out, perms, margin, self.key_bias_grad, self.routes = {name: [] for name in names}, {}, math.inf, 0.0, []
        for step in range(c['steps']):
            at = None if replay is None else {k[1:]: v for k, v in replay.items() if k[0] == step}
            _, cross_entropy, lb_loss, loss, trace = self.forward(c, module, inputs['tokens'][step], inputs['target'][step], at)
            loss.backward()
            for name, grad in module_grads(module).items():
                if name.endswith('key.linear.bias'):
                    self.key_bias_grad = max(self.key_bias_grad, grad.abs().max().item())
            grad_norm = nn.utils.clip_grad_norm_(module.parameters(), c['grad_clip'])
            optimizer.step()
            lr = torch.tensor(learning_rate(optimizer, first), dtype=torch.float64).to(dtype)
            optimizer.zero_grad()
            counts = torch.stack([state['counts'] for state in trace.layers])
            for name, value in zip(names, (loss, cross_entropy, lb_loss, lr, grad_norm, counts)):
                out[name].append(value.detach())
            perms.update({(step, *key): perm for key, perm in trace.perms.items()})
            margin = min(margin, trace.margin())
            self.routes.append(torch.stack([state['routes'] for state in trace.layers]))
        outputs = {name: torch.stack(values) for name, values in out.items()}
        outputs.update({f'final.{name}': value.clone() for name, value in module.state_dict().items()})
        return Run(outputs, {}, perms, margin)

    def noise(self, single, double, single_routes, single_key_grad):
        """The float32 run against the float64 run, in the groups that a trajectory is judged by."""
        def diff(names):
            pairs = [(single.outputs[n].double(), double.outputs[n]) for n in names]
            return max((a - b).abs().max().item() for a, b in pairs)
        finals = [n for n in single.outputs if n.startswith('final.')]
        key_bias = [n for n in finals if n.endswith('key.linear.bias')]
        flips = sum((a != b).sum().item() for a, b in zip(single_routes, self.routes))
        return {'loss': diff(['loss', 'cross_entropy', 'lb_loss']), 'grad_norm': diff(['grad_norm']), 'route_flips': flips,
                'weights_without_key_bias': diff([n for n in finals if n not in key_bias]), 'key_bias': diff(key_bias),
                'max_abs_grad_key_bias_f32': single_key_grad, 'max_abs_grad_key_bias_f64': self.key_bias_grad}


class DistillationKind:
    """A student's loss on a teacher's logits: targets are one-hot, mixed with the teacher's probabilities."""

    def make(self, c, g):
        shape = (c['seq_len'], c['batch_size'], c['n_vocab'])
        return ({'logits': randn(g, *shape)},
                {'teacher': 2 * randn(g, *shape), 'target': torch.randint(c['n_vocab'], shape[:2], generator=g)})

    def run(self, c, params, inputs, dtype, replay=None):
        logits = params['logits'].to(dtype).clone().requires_grad_()
        flat = logits.view(-1, c['n_vocab'])
        probabilities = inputs['teacher'].to(dtype).softmax(-1).view(-1, c['n_vocab'])
        cross_entropy = nn.functional.cross_entropy(flat, inputs['target'].view(-1))
        soft = nn.functional.cross_entropy(flat, probabilities)
        weight = c['teacher_weight']
        one_hot = nn.functional.one_hot(inputs['target'].view(-1), c['n_vocab']).to(dtype)
        loss = nn.functional.cross_entropy(flat, (1 - weight) * one_hot + weight * probabilities)
        loss.backward()
        return Run({'cross_entropy': cross_entropy, 'teacher_cross_entropy': soft, 'loss': loss}, {'logits': logits.grad})


def all_kinds(ref):
    """A runner for every kind."""
    return {'switch_ff': SwitchKind(ref), 'feed_forward': FeedForwardKind(ref), 'mha': AttentionKind(ref), 'layer': LayerKind(ref),
            'transformer': TransformerKind(ref), 'autoregressive_model': ModelKind(ref), 'optimizer': OptimizerKind(ref),
            'trajectory': TrajectoryKind(ref), 'distillation': DistillationKind()}
