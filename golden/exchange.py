#!/usr/bin/python3
"""Exchanges weights between SwitchLab and the reference, both ways, as safetensors files with the reference's state_dict names.

  PYTHONPATH=<checkout of the reference> golden/exchange.py check weights.safetensors logits.safetensors
      loads weights that SwitchLab wrote with load_state_dict(strict=True), runs the file's tokens and compares with SwitchLab's logits
  PYTHONPATH=... golden/exchange.py export <folder> [--steps 30]
      trains the reference for some steps and writes weights.safetensors and logits.safetensors for SwitchLab to check

logits.safetensors holds ``tokens`` (seq, batch) int64 and ``logits`` (seq, batch, vocabulary) float32; its metadata holds ``config``,
JSON with heads, capacity_factor, drop_tokens and is_scale_prob: what the weights' shapes do not tell. Tokens are never dropped here:
the reference chooses them at random, without a seed.
"""

import argparse
import json
import os
import sys

import reference

RTOL, ATOL, NOISE_MULTIPLE = 1.3e-6, 1e-5, 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    check_parser = commands.add_parser('check')
    check_parser.add_argument('weights')
    check_parser.add_argument('logits')
    export_parser = commands.add_parser('export')
    export_parser.add_argument('folder')
    export_parser.add_argument('--steps', type=int, default=30)
    for command in (check_parser, export_parser):
        command.add_argument('--allow-other-reference', action='store_true')
    args = parser.parse_args()
    try:
        reference.require_packages()
        identity = reference.find(args.allow_other_reference)
        import kinds
        models = kinds.ModelKind(reference.load())
        if args.command == 'check':
            return check(models, args.weights, args.logits)
        return export(models, args.folder, args.steps, identity)
    except (reference.Missing, OSError) as missing:
        print(f'exchange: {missing}', file=sys.stderr)
        return 2


def config_of(weights, given):
    """The model's configuration: sizes from the weights' shapes, the rest as given."""
    vocab, d_model = weights['src_embed.weight'].shape
    layers = {name.split('.')[2] for name in weights if name.startswith('transformer.layers.')}
    router = weights['transformer.layers.0.feed_forward.switch.weight']
    d_ff = weights['transformer.layers.0.feed_forward.experts.0.layer1.weight'].shape[0]
    return {**given, 'n_vocab': vocab, 'd_model': d_model, 'n_layers': len(layers), 'n_experts': len(router), 'd_ff': d_ff,
            'dropout': 0.0, 'drop_tokens': False}


def check(models, weights_path, logits_path):
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file
    weights = load_file(weights_path)
    with safe_open(logits_path, 'pt') as file:
        tokens, expected, given = file.get_tensor('tokens'), file.get_tensor('logits'), json.loads(file.metadata()['config'])
    config = config_of(weights, given)
    model = models.module(config)
    print(f'load_state_dict(strict=True) of {len(weights)} tensors: {model.load_state_dict(weights, strict=True)}')
    model.eval()
    with torch.no_grad():
        actual = model(tokens)[0]
        model.mask = None
        exact = model.double()(tokens)[0]
    noise = (actual - exact).abs().max().item()
    difference = (actual - expected).abs()
    units = (difference / (ATOL + RTOL * actual.abs() + NOISE_MULTIPLE * noise)).max().item()
    print(f'logits {tuple(actual.shape)}: largest difference {difference.max():.3g}, {(actual == expected).float().mean():.1%} equal to '
          f'the bit, {units:.3f} of the tolerance (the reference differs from itself in float64 by {noise:.3g})')
    same = actual.shape == expected.shape and units <= 1
    print('SAME' if same else 'DIFFERENT')
    return 0 if same else 1


def export(models, folder, steps, identity):
    import torch
    from safetensors.torch import save_file
    config = {'batch_size': 8, 'capacity_factor': 1.2, 'd_ff': 96, 'd_model': 48, 'drop_tokens': True, 'dropout': 0.0, 'heads': 4,
              'is_scale_prob': True, 'load_balancing_coef': 0.01, 'n_experts': 4, 'n_layers': 3, 'n_vocab': 65, 'seq_len': 32}
    torch.manual_seed(1)
    model = models.module(config)
    optimizer = models.ref.Noam(model.parameters(), lr=1.0, betas=(0.9, 0.999), eps=1e-8, warmup=20, d_model=config['d_model'])
    for step in range(steps):
        tokens = torch.randint(config['n_vocab'], (config['seq_len'], config['batch_size']))
        _, cross_entropy, _, loss, _ = models.forward(config, model, tokens, (5 * tokens + 3) % config['n_vocab'], None)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step in (0, steps - 1):
            print(f'step {step + 1}: cross-entropy {cross_entropy.item():.4f}')
    without_dropping = models.module({**config, 'drop_tokens': False})
    without_dropping.load_state_dict(model.state_dict(), strict=True)
    with torch.no_grad():
        logits = without_dropping(tokens)[0]
        without_dropping.mask = None
        noise = (without_dropping.double()(tokens)[0] - logits).abs().max().item()
    os.makedirs(folder, exist_ok=True)
    described = {'config': json.dumps({**config, 'drop_tokens': False}, sort_keys=True), 'reference': identity}
    save_file(model.state_dict(), os.path.join(folder, 'weights.safetensors'), described)
    save_file({'tokens': tokens, 'logits': logits}, os.path.join(folder, 'logits.safetensors'),
              {**described, 'float64_max_abs_diff': json.dumps({'output': noise})})
    print(f'wrote weights.safetensors and logits.safetensors to {folder}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
