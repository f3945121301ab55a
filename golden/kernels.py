#!/usr/bin/python3
"""Checks each TorchScript kernel alone against PyTorch's own functions, autograd and optimizers.

  golden/kernels.py [text]    every check, or those whose names contain text; ends with "N passed, M failed"
"""

import io
import math
import pathlib
import sys
import traceback
import zipfile

import torch
import torch.nn.functional as F

SOURCES = pathlib.Path(__file__).parent.parent / 'src/main/resources/dev/switchlab/nn/kernel'
ACTIVATIONS = {'relu': F.relu, 'relu2': lambda a: F.relu(a).square(), 'gelu': F.gelu, 'sigmoid': torch.sigmoid, 'silu': F.silu}
CHECKS = []


def script(*files):
    """A module with the methods of some files, from an archive like that of Script.java."""
    source = ''.join((SOURCES / f'{file}.py').read_text() for file in files)
    code = 'class Script(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n'
    entries = {
        'data.pkl': b'\x80\x02c__torch__\nScript\n)\x81}(X\x08\0\0\0training\x89ub.',
        'code/__torch__.py': code + ''.join(f'  {line}\n' for line in source.splitlines()),
        'constants.pkl': b'\x80\x02).',
        'version': '10\n'}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, 'w', zipfile.ZIP_STORED) as out:
        for path, content in entries.items():
            out.writestr('script/' + path, content)
    archive.seek(0)
    return torch.jit.load(archive)


def check(name, *arguments):
    """Adds a function to the checks, once with each of some arguments."""
    def add(function):
        for argument in arguments or [()]:
            text = ' '.join(map(str, argument)) if isinstance(argument, tuple) else argument
            CHECKS.append((name.format(text), function, [argument] if arguments else []))
        return function
    return add


def random(*shape, scale=1.):
    return torch.randn(*shape) * scale


def close(actual, expected, tolerance=2e-5):
    torch.testing.assert_close(actual, expected, atol=tolerance, rtol=tolerance)


def same(kernel, expected, inputs, tolerance=2e-5):
    """Both functions give one result, and one gradient of each input."""
    results = []
    torch.manual_seed(1)
    for function in (kernel, expected):
        leaves = [x.clone().requires_grad_() for x in inputs]
        y = function(*leaves)
        torch.manual_seed(2)
        results.append([y.detach(), *torch.autograd.grad(y, leaves, random(*y.shape))])
    close(results[0], results[1], tolerance)


@check('linear, kernel {}', 0, 1, 2)
def linear(kernel):
    run = script('linear').linear
    inputs = random(40, 12), random(20, 12), random(20)
    tolerance = 2e-5 if kernel < 2 else 0.15  # bfloat16
    same(lambda x, w, b: run(x, w, [b], kernel), F.linear, inputs, tolerance)
    same(lambda x, w: run(x, w, [], kernel), F.linear, inputs[:2], tolerance)


@check('rms_norm')
def rms_norm():
    module, expected = script('norm'), lambda x, w: F.rms_norm(x, [8], w, 1e-5)
    x, w, dy = random(5, 3, 8), random(8), random(5, 3, 8)
    same(module.rms_norm, expected, [x, w])
    y, r = module.rms_norm_with_r(x, w)
    whole = expected(x.requires_grad_(), w.requires_grad_())
    close([y, *module.rms_norm_backward(dy, x, r, w)], [whole, *torch.autograd.grad(whole, [x, w], dy)])


def angles(positions, width):
    turns = torch.arange(positions)[:, None] * 10_000. ** (-torch.arange(0, width, 2) / width)
    return [turns.cos(), turns.sin()]


def attend(z, w, heads, norms, turn, bias, dropped):
    """Attention head by head; bias is added to the scores."""
    s, b, d = z.shape
    q, k, v = (F.linear(z, w[i], w[i + 1]).reshape(s, b, heads, -1).permute(1, 2, 0, 3) for i in (0, 2, 4))
    if norms:
        q, k = F.rms_norm(q, q.shape[-1:], norms[0], 1e-5), F.rms_norm(k, k.shape[-1:], norms[1], 1e-5)
    if turn:
        both = torch.complex(*turn)
        q, k = (torch.complex(*x.chunk(2, -1)) * both for x in (q, k))
        q, k = (torch.cat([x.real, x.imag], -1) for x in (q, k))
    p = (q @ k.transpose(2, 3) / math.sqrt(d // heads) + bias).softmax(-1) * dropped
    return F.linear((p @ v).permute(2, 0, 1, 3).reshape(s, b, d), w[6], w[7])


@check('attention, {}', 'plain', 'mask', 'causal', 'rotary', 'norms', 'dropped', 'everything')
def attention(case):
    run = script('linear', 'norm', 'attention').attention
    s, b, d, heads = 7, 3, 16, 4
    future = torch.ones(s, s, dtype=torch.bool).triu(1)
    hidden = {'mask': (torch.rand(b, 1, s, s) < 0.3) & ~torch.eye(s, dtype=torch.bool), 'causal': future, 'everything': future}
    bias = torch.zeros(b, 1, s, s).masked_fill(hidden.get(case, torch.tensor(False)), -math.inf)
    turn = angles(s, d // heads) if case in ('rotary', 'everything') else []
    norms = [random(d // heads), random(d // heads)] if case in ('norms', 'everything') else []
    dropped = [torch.rand(b * heads, s, s).round() * 2] if case in ('dropped', 'everything') else []
    factors = dropped[0].reshape(b, heads, s, s) if dropped else 1.
    mask = [bias] if case in hidden else []
    w = [random(d, d, scale=0.3) if i % 2 == 0 else random(d) for i in range(8)]
    same(lambda z, *w: run(z, list(w[:8]), list(w[8:]), turn, mask, dropped, 3 if future is hidden.get(case) else s, heads, 0, False),
         lambda z, *w: attend(z, w[:8], heads, list(w[8:]), turn, bias, factors), [random(s, b, d), *w, *norms])


@check('attention_with_cache')
def attention_with_cache():
    run = script('linear', 'norm', 'attention').attention_with_cache
    s, d, heads = 6, 8, 2
    turn, norms = angles(s, d // heads), [random(d // heads), random(d // heads)]
    w = [random(d, d) if i % 2 == 0 else random(d) for i in range(8)]
    joined = [torch.cat(w[0:6:2]), torch.cat(w[1:6:2]), w[6], w[7]]
    z, cache = random(s, d), torch.zeros(2, 1, heads, s, d // heads)
    parts = [run(z[:4], joined, norms, turn, cache, 0, heads)]
    parts += [run(z[4:5], joined, norms, turn, cache, 4, heads), run(z[5], joined, norms, turn, cache, 5, heads)[None]]
    close(torch.cat(parts), attend(z[:, None], w, heads, norms, turn, torch.full((s, s), -math.inf).triu(1), 1.)[:, 0])


def network(x, w, b, activation, dropped):
    """w and b of layer 1, layer 2 and, if gated, gate."""
    h = ACTIVATIONS[activation](F.linear(x, w[0], b[0]))
    if len(w) > 2:
        h = h * F.linear(x, w[2], b[2])
    return F.linear(h * dropped, w[1], b[1])


@check('feed_forward, {}', *ACTIVATIONS)
def feed_forward(activation):
    run = script('linear', 'feed_forward').feed_forward
    shapes, dropped = [(12, 8), (8, 12), (12, 8)], torch.rand(9, 12).round() * 2
    for n in (2, 3):  # plain, gated
        weights = [random(*shape, scale=0.4) for shape in shapes[:n]]
        biases = [random(shape[0]) for shape in shapes[:n]]
        same(lambda x, *p: run(x, list(p[:n]), [p[n]], [p[n + 1]], list(p[n + 2:]), [dropped], activation, 0),
             lambda x, *p: network(x, p[:n], p[n:], activation, dropped), [random(9, 8), *weights, *biases])


@check('experts, {}', *[(activation, kernel) for activation in ACTIVATIONS for kernel in (0, 1)], ('silu', 2))
def experts(case):
    """Forward, and the gradient by hand against autograd; one expert has no rows and one has several blocks of them."""
    activation, kernel = case
    module = script('linear', 'experts')
    offsets, tolerance = [0, 5, 5, 1505, 1600], 2e-4 if kernel < 2 else 0.1
    dropped = torch.rand(1600, 12).round() * 2
    for n in (2, 3):
        shapes = [(4, 12, 8), (4, 8, 12), (4, 12, 8)][:n]
        w, b = [random(*shape, scale=0.3) for shape in shapes], [random(4, shape[1]) for shape in shapes]
        x, dy = random(1600, 8), random(1600, 8)
        y, *saved = module.experts(x, w, [b[0]], [b[1]], b[2:], [dropped], offsets, activation, kernel)
        gradients = module.experts_backward(dy, saved, w, [dropped], offsets, activation, kernel)
        leaves = [t.requires_grad_() for t in (x, *[t for pair in zip(w, b) for t in pair])]
        own = [slice(*offsets[e:e + 2]) for e in range(4)]
        whole = torch.cat([network(x[rows], [t[e] for t in w], [t[e] for t in b], activation, dropped[rows])
                           for e, rows in enumerate(own)])
        for actual, expected in zip([y, *gradients], [whole, *torch.autograd.grad(whole, leaves, dy)], strict=True):
            close(actual, expected, tolerance * max(1., expected.abs().max().item()))


@check('dispatch, {}', 'none dropped', 'zeros', 'passed through')
def dispatch(case):
    """Rows to experts and back, with experts that double their input."""
    module, k, passes = script('dispatch'), 2, case == 'passed through'
    pairs = torch.tensor([3, 0, 5, 6, 1, 2] if case != 'none dropped' else [3, 0, 5, 6, 1, 2, 4, 7])  # by row
    dropped = [torch.tensor([4, 7]), torch.tensor([2, 3])] if case != 'none dropped' else []
    rows = torch.zeros(8, dtype=torch.int64).index_copy(0, pairs, torch.arange(len(pairs)))
    factors = torch.full((8, 1), 2.).index_fill(0, torch.tensor([4, 7]) if dropped else rows[:0], 1. if passes else 0.)
    x, gates = random(4, 5).requires_grad_(), random(4, k)
    expected = x.repeat_interleave(k, 0) * factors
    out = module.pairs_of(2 * module.rows_of(x.detach(), pairs // k), x.detach(), rows, dropped, passes)
    close(out, expected.detach())
    dy = random(8, 5)
    drows = module.kept_rows_of(dy, pairs, [torch.tensor([1])])
    close(drows, dy[pairs].index_fill(0, torch.tensor([1]), 0.))
    dx = module.pairs_backward(2 * module.kept_rows_of(dy, pairs, []), dy, rows, dropped, passes, k)
    close(dx, torch.autograd.grad(expected, x, dy)[0])
    same(module.combine, lambda p, g: torch.einsum('nkd,nk->nd', p.reshape(4, k, 5), g), [out, gates])


@check('adam, {}', ('Adam', False), ('AdamW', False), ('AdamW', True))
def adam(case):
    """The kernel gets torch's corrections in its numbers, as Adam.java says."""
    name, amsgrad = case
    weights = [random(4, 3), random(5)]
    own = [w.clone() for w in weights]
    first, second, maximum = ([torch.zeros_like(w) for w in weights] for _ in range(3))
    torchs = getattr(torch.optim, name)(weights, lr=0.01, betas=(0.9, 0.99), eps=1e-3, weight_decay=0.1, amsgrad=amsgrad)
    for t in range(1, 4):
        gradients = [random(*w.shape) for w in weights]
        for w, g in zip(weights, gradients):
            w.grad = g / 2.5
        torchs.step()
        root, decoupled = math.sqrt(1 - 0.99 ** t), name == 'AdamW'
        script('adam').update(own, gradients, first, second, maximum if amsgrad else [], torch.tensor(math.inf),
                              torch.tensor(2.5), root * 0.01 / (1 - 0.9 ** t), 0.9, 0.99, root * 1e-3,
                              1 - 0.001 if decoupled else 1., 0. if decoupled else 0.1, amsgrad)
    close(own, weights)


@check('muon, {}', (4, 6), (6, 4), (3, 12), (2, 5, 3))
def muon(shape):
    w, g, m = random(*shape), random(*shape), random(*shape)
    u = 0.9 * (0.9 * m + 0.1 * g / 2) + 0.1 * g / 2
    x = u / (torch.linalg.matrix_norm(u, keepdim=True) + 1e-7)
    for _ in range(5):
        s = x @ x.mT
        x = 3.4445 * x + (-4.775 * s + 2.0315 * s @ s) @ x
    expected = w * 0.98 - 0.05 * 0.2 * math.sqrt(max(shape[-2:])) * x
    script('muon').update([w], [g], [m], torch.tensor(2.), 0.9, 0.05, 0.98)
    close(w, expected, 1e-4)


@check('average and clipping')
def average_and_clipping():
    average, weights = [random(3), random(2, 2)], [random(3), random(2, 2)]
    expected = [a + 0.1 * (w - a) for a, w in zip(average, weights)]
    script('average').update(average, weights, 0.1)
    close(average, expected)
    norm = script('clipping').norm(weights)
    for limit in (0.1, 100.):
        for w in weights:
            w.grad = w.clone()
        clipped = [w / script('clipping').excess(norm, limit, 1e-6) for w in weights]
        close(norm, torch.nn.utils.clip_grad_norm_(weights, limit))
        close(clipped, [w.grad for w in weights])


def main(only=''):
    failed = 0
    checks = [one for one in CHECKS if only in one[0]]
    for name, function, arguments in checks:
        torch.manual_seed(0)
        try:
            function(*arguments)
            print('passed', name)
        except Exception:
            failed += 1
            print('FAILED', name, traceback.format_exc(), sep='\n')
    print(f'{len(checks) - failed} passed, {failed} failed')
    return 1 if failed or not checks else 0


if __name__ == '__main__':
    torch.set_num_threads(1)
    torch._C._set_graph_executor_optimize(False)  # like Script.java: the operators as they are written
    sys.exit(main(*sys.argv[1:]))
