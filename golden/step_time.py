"""Prints the median time of a training step of the reference in ms: labml's own experiment, forward, loss, backward, clip, Noam.

  PYTHONPATH=<checkout of the reference> /usr/bin/python3 golden/step_time.py THREADS [EXPERTS]
"""

import os
import statistics
import sys
import time

threads = int(sys.argv[1])
experts = int(sys.argv[2]) if len(sys.argv) > 2 else 4
os.environ['OMP_NUM_THREADS'] = os.environ['OPENBLAS_NUM_THREADS'] = str(threads)

import reference  # noqa: E402 (the thread counts must come first)

try:
    reference.require_packages()
    reference.find()
    labml = reference.load()
except reference.Missing as missing:
    sys.exit(f'step_time: {missing}')

import torch  # noqa: E402

torch.set_num_threads(threads)
torch.manual_seed(0)
D, S, B, V = 128, 64, 32, 65
switch = labml.SwitchFeedForward(capacity_factor=1.2, drop_tokens=True, is_scale_prob=True, n_experts=experts,
                                 expert=labml.FeedForward(D, 256, 0.0), d_model=D)
layer = labml.SwitchTransformerLayer(d_model=D, attn=labml.MultiHeadAttention(4, D, 0.0), feed_forward=switch, dropout_prob=0.0)
model = labml.AutoregressiveModel(V, D, labml.SwitchTransformer(layer, 6))
optimizer = labml.Noam(model.parameters(), lr=1.0, betas=(0.9, 0.999), eps=1e-8, warmup=2000, d_model=D)
cross_entropy = torch.nn.CrossEntropyLoss()


def step():
    tokens, target = torch.randint(0, V, (S, B)), torch.randint(0, V, (S, B))
    start = time.perf_counter()
    out, counts, route_prob, _, _ = model(tokens)
    total = counts.sum(dim=-1, keepdims=True)
    balance = experts * ((counts / total) * (route_prob / total)).sum()
    loss = cross_entropy(out.view(-1, V), target.view(-1)) + 0.01 * balance
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    optimizer.zero_grad()
    return (time.perf_counter() - start) * 1e3


for _ in range(10):
    step()
print(f'{statistics.median(step() for _ in range(40)):.1f}')
