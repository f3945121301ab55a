"""Runs labml's own experiment in turn with SwitchLab's: `make bench REFERENCE=<python>` starts it and asks.

  PYTHONPATH=<checkout of the reference> /usr/bin/python3 golden/bench_reference.py THREADS ROWS IN OUT

Its first line says what runs, with the speed of a product (ROWS, IN) x (IN, OUT). Then each line of standard input is a question as JSON, such
as {"work": "training", "n_experts": 4, "repeats": 3, ...}, and is answered by a line with the times in ms. It ends when its input does.
"""

import ctypes
import json
import os
import resource
import statistics
import sys
import time

threads, rows, width_in, width_out = (int(argument) for argument in sys.argv[1:5])
os.environ['OMP_NUM_THREADS'] = os.environ['OPENBLAS_NUM_THREADS'] = os.environ['MKL_NUM_THREADS'] = str(threads)

import reference  # noqa: E402 (the thread counts must come first)

try:
    reference.require_packages()
    code = reference.find()
    labml = reference.load()
except reference.Missing as missing:
    sys.exit(' '.join(str(missing).replace('make golden-capture', f'make bench REFERENCE={sys.executable}').split()))

import torch  # noqa: E402

torch.set_num_threads(threads)
torch.manual_seed(0)


class _Symbol(ctypes.Structure):
    """Dl_info of dladdr(3)."""

    _fields_ = [('file', ctypes.c_char_p), ('base', ctypes.c_void_p), ('name', ctypes.c_char_p), ('address', ctypes.c_void_p)]


def blas():
    """The library that torch's matrix products run on: the one whose sgemm torch has bound, whatever else is loaded beside it."""
    with open('/proc/self/maps') as maps:
        torch_cpu = next(line.split()[-1] for line in maps if 'libtorch_cpu' in line)
    symbol = _Symbol()
    ctypes.CDLL(None).dladdr(ctypes.cast(ctypes.CDLL(torch_cpu).sgemm_, ctypes.c_void_p), ctypes.byref(symbol))
    file = os.path.realpath(symbol.file.decode())
    if os.path.basename(file).startswith('libtorch'):
        return 'MKL' if 'BLAS_INFO=mkl' in torch.__config__.show() else 'in torch'
    library = ctypes.CDLL(file)
    if hasattr(library, 'openblas_get_config'):
        library.openblas_get_config.restype = ctypes.c_char_p
        return f'{library.openblas_get_config().decode().strip()} ({file})'
    if os.path.basename(file).startswith('libblas.so'):
        sys.exit(f'its torch computes products with the plain reference BLAS ({file}), ten times slower than a good one; '
                 'on Debian: apt-get install libopenblas0-openmp')
    return file


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def speed():
    a, b = torch.randn(rows, width_in), torch.randn(width_in, width_out)
    for _ in range(5):
        a @ b
    return 2e-6 * rows * width_in * width_out / statistics.median(milliseconds(lambda: a @ b) for _ in range(30))


class Experiment:
    """labml's model, optimizer and loss, as its own experiment puts them together."""

    def __init__(self, q):
        self.q = q
        d, v = q['d_model'], q['vocabulary']
        switch = labml.SwitchFeedForward(capacity_factor=q['capacity_factor'], drop_tokens=q['drop_tokens'],
                                         is_scale_prob=q['is_scale_prob'], n_experts=q['n_experts'],
                                         expert=labml.FeedForward(d, q['d_ff'], 0.0), d_model=d)
        layer = labml.SwitchTransformerLayer(d_model=d, attn=labml.MultiHeadAttention(q['heads'], d, 0.0),
                                             feed_forward=switch, dropout_prob=0.0)
        self.model = labml.AutoregressiveModel(v, d, labml.SwitchTransformer(layer, q['n_layers']))
        self.optimizer = labml.Noam(self.model.parameters(), lr=1.0, betas=(0.9, 0.999), eps=1e-8, warmup=2000, d_model=d)
        self.cross_entropy = torch.nn.CrossEntropyLoss()

    def tokens(self):
        return torch.randint(0, self.q['vocabulary'], (self.q['seq_len'], self.q['batch_size']))

    def training(self):
        tokens, target = self.tokens(), self.tokens()

        def step():
            out, counts, route_prob, _, _ = self.model(tokens)
            total = counts.sum(dim=-1, keepdims=True)
            balance = self.q['n_experts'] * ((counts / total) * (route_prob / total)).sum()
            loss = self.cross_entropy(out.view(-1, self.q['vocabulary']), target.view(-1)) + 0.01 * balance
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), max_norm=1.0)
            self.optimizer.step()
            self.optimizer.zero_grad()

        self.model.train()
        return milliseconds(step)

    def evaluation(self):
        tokens = self.tokens()
        self.model.eval()
        with torch.no_grad():
            return milliseconds(lambda: self.model(tokens)[0][0, 0, 0].item())

    def generation(self):
        """Per token, after the first, as labml samples: the whole text so far through the model, the most probable next token."""
        text = self.tokens()[:-self.q['length'], :1]
        self.model.eval()
        times = []
        with torch.no_grad():
            for _ in range(self.q['length']):
                start = time.perf_counter()
                out, *_ = self.model(text)
                text = torch.cat([text, out[-1:].argmax(dim=-1)])
                times.append((time.perf_counter() - start) * 1e3)
        return sum(times[1:]) / len(times[1:])


def resident():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


def say(answer):
    print(json.dumps(answer), flush=True)


experiments = {}
say({'code': code, 'torch': torch.__version__, 'blas': blas(), 'threads': torch.get_num_threads(), 'gflopPerSecond': speed()})
for line in sys.stdin:
    question = json.loads(line)
    work = question.pop('work')
    ms = []
    if work == 'forget':
        experiments.clear()
    else:
        repeats = question.pop('repeats')
        key = json.dumps(question)
        if key not in experiments:
            experiments[key] = Experiment(question)
        ms = [getattr(experiments[key], work)() for _ in range(repeats)]
    say({'ms': ms, 'now': resident(), 'peak': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6})
