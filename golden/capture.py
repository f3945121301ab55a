#!/usr/bin/python3
"""Captures golden cases from the reference PyTorch implementation; README.md says what a case holds.

  PYTHONPATH=<checkout of the reference> golden/capture.py --out golden            writes every case
  ... golden/capture.py --list                                                     names them
  ... golden/capture.py --kind optimizer --out /tmp/cases                          one kind only
  ... golden/capture.py --compare <folder>                                         runs the reference on the inputs of cases that
                                                                                   somebody else captured, and compares
"""

import argparse
import json
import os
import sys

import reference

ATOL, RTOL, NOISE_MULTIPLE = 1e-5, 1.3e-6, 2
SAFE_MARGIN = 1e-4  # router probabilities that are closer than this may change places on another machine


def main():
    args = arguments()
    try:
        import cases
        if args.list:
            for name, (kind, config) in cases.all_cases().items():
                print(f'{name:45} {kind:22} {config["seed"]}')
            return 0
        reference.require_packages()
        identity = reference.find(args.allow_other_reference)
        capture = Capture(identity, reference.load())
        if args.compare:
            return compare(capture, args.compare, args.kind)
        return write_all(capture, cases.all_cases(), args)
    except reference.Missing as missing:
        print(f'capture: {missing}', file=sys.stderr)
        return 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument('--list', action='store_true', help='name the cases and stop')
    action.add_argument('--out', metavar='FOLDER', help='write the cases there')
    action.add_argument('--compare', metavar='FOLDER', help='compare with existing cases instead')
    parser.add_argument('--kind', help='only cases of this kind')
    parser.add_argument('--name', help='only cases whose name contains this')
    parser.add_argument('--allow-other-reference', action='store_true', help='accept another version of the reference')
    return parser.parse_args()


class Unlucky(Exception):
    """This seed gives a case that another machine's rounding could change."""


class Capture:
    def __init__(self, identity, ref):
        import kinds
        import numpy
        import oracle
        import torch
        self.torch, self.kinds, self.oracle = torch, kinds.all_kinds(ref), oracle
        self.Run = kinds.Run
        self.provenance = {
            'reference': identity, 'torch': torch.__version__, 'numpy': numpy.__version__, 'blas': reference.blas(),
            'threads': str(torch.get_num_threads())}

    def run(self, kind, config, params, inputs, dtype, perms=None):
        """One run, on the reference or, where it does not reach, on the oracle."""
        if kind == 'autoregressive_model' and self.oracle.beyond_reference(config):
            params = {k: v.to(dtype) for k, v in params.items()}
            drawn = self.oracle.Permutations(config['seed'])
            drawn.update(perms or {})
            outputs, grads, margin = self.oracle.model(config, params, inputs['tokens'], inputs['target'], drawn)
            return self.Run(outputs, grads, dict(drawn), margin)
        return self.kinds[kind].run(config, params, inputs, dtype, perms)

    def make(self, kind, config):
        self.torch.manual_seed(config['seed'])
        generator = self.torch.Generator().manual_seed(config['seed'])
        if kind == 'autoregressive_model' and self.oracle.beyond_reference(config):
            params = {name: self.torch.randn(*shape, generator=generator) * (0.3 if len(shape) > 1 else 0.1)
                      + (1.0 if 'norm' in name and name.endswith('weight') else 0.0)
                      for name, shape in self.oracle.shapes(config).items()}
            shape = (config['seq_len'], config['batch_size'])
            return params, {name: self.torch.randint(config['n_vocab'], shape, generator=generator) for name in ('tokens', 'target')}
        params, inputs = self.kinds[kind].make(config, generator)
        return {name: value.clone() for name, value in params.items()}, inputs

    def case(self, name, kind, config):
        """Captures one case, ((tensors, permutations), metadata), with the first seed that keeps clear of routing accidents."""
        for seed in range(config['seed'], config['seed'] + 100_000, 1000):
            try:
                return self.case_of_seed(name, kind, {**config, 'seed': seed})
            except Unlucky as unlucky:
                reason = unlucky
        raise reason

    def case_of_seed(self, name, kind, config):
        torch, runner = self.torch, self.kinds[kind]
        params, inputs = self.make(kind, config)
        beyond = kind == 'autoregressive_model' and self.oracle.beyond_reference(config)
        single = self.run(kind, config, params, inputs, torch.float32)
        watched = (runner.routes, runner.key_bias_grad) if kind == 'trajectory' else None
        double = self.run(kind, config, params, inputs, torch.float64, single.perms)
        if kind == 'trajectory':
            noise = runner.noise(single, double, *watched)
        else:
            noise = {'output': largest(single.outputs, double.outputs, name), 'grad': largest(single.grads, double.grads, name)}
        if noise.get('route_flips'):
            raise Unlucky(f'{name}: float32 and float64 route tokens differently')
        if single.margin is not None and single.margin < SAFE_MARGIN and config.get('variant') != 'tie':
            raise Unlucky(f'{name}: two router probabilities differ by only {single.margin}')
        metadata = {**self.provenance, 'kind': kind, 'name': name, 'config': json.dumps(config, sort_keys=True),
                    'float64_max_abs_diff': json.dumps(noise)}
        if single.margin is not None:
            metadata['route_margin_min'] = repr(single.margin)
        result = single
        if beyond:  # the oracle's float64 values are the truth; float32 only measured the noise
            metadata['oracle'] = 'golden/oracle.py: independent float64 computation in plain torch operations'
            result = self.Run(round_off(double.outputs), round_off(double.grads), single.perms, single.margin)
        elif config.get('optimizer', '').startswith('torch.'):
            metadata['oracle'] = f'{config["optimizer"].replace("torch.", "torch.optim.")} of torch {torch.__version__}'
        elif kind == 'distillation':
            metadata['oracle'] = f'torch.nn.functional.cross_entropy of torch {torch.__version__} with probabilities as targets'
        elif config.get('optimizer') == 'Muon':
            metadata['oracle'] = f'golden/kinds.py: Muon by its published formula in torch operations, AdamW of torch {torch.__version__}'
        return tensors_of(params, inputs, result), metadata

    def check_oracle(self):
        """The oracle must equal the reference in float64, values and gradients, before it speaks for anything else."""
        import cases
        double = self.torch.float64
        worst = 0.0
        for name, (kind, config) in cases.all_cases().items():
            if kind == 'autoregressive_model' and not self.oracle.beyond_reference(config):
                params, inputs = self.make(kind, config)
                expected = self.run(kind, config, params, inputs, double)
                drawn = self.oracle.Permutations(config['seed'])
                drawn.update(expected.perms)
                outputs, grads, _ = self.oracle.model(config, {k: v.double() for k, v in params.items()}, inputs['tokens'],
                                                      inputs['target'], drawn)
                worst = max(worst, largest(outputs, expected.outputs, name), largest(grads, expected.grads, name))
        if not worst < 1e-12:
            raise ValueError(f'the oracle differs from the reference by {worst}')
        return worst


def largest(actual, expected, name):
    """Largest absolute difference over all float tensors; shapes, names and integers must agree."""
    if actual.keys() != expected.keys():
        raise ValueError(f'{name}: float32 and float64 runs give different tensors: {sorted(actual.keys() ^ expected.keys())}')
    worst = 0.0
    for key, value in expected.items():
        if not value.is_floating_point():
            if not (actual[key].shape == value.shape and (actual[key] == value).all()):
                raise Unlucky(f'{name}: {key} differs between float32 and float64')
        elif value.numel():
            worst = max(worst, (actual[key].double() - value.double()).abs().max().item())
    return worst


def round_off(tensors):
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def tensors_of(params, inputs, run):
    out = {f'param.{k}': v for k, v in params.items()}
    out.update({f'input.{k}': v for k, v in inputs.items()})
    out.update({f'output.{k}': v for k, v in run.outputs.items()})
    out.update({f'grad.{k}': v for k, v in run.grads.items()})
    return out, run.perms


def perm_names(kind, perms):
    for key, perm in perms.items():
        parts = key[1:] if kind == 'switch_ff' else key
        yield 'input.perm.' + '.'.join(map(str, parts)), perm


def save(path, tensors, metadata):
    """A safetensors file with a sorted header: the library writes metadata in random order, and a capture could not be repeated."""
    header, data = {'__metadata__': dict(sorted(metadata.items()))}, b''
    names = {'torch.float32': 'F32', 'torch.int64': 'I64', 'torch.bool': 'BOOL'}
    for name, tensor in sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])):
        content = tensor.contiguous().numpy().tobytes()
        header[name] = {'dtype': names[str(tensor.dtype)], 'shape': list(tensor.shape),
                        'data_offsets': [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path + '.tmp', 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text + data)
    os.replace(path + '.tmp', path)


def write_all(capture, listed, args):
    os.makedirs(args.out, exist_ok=True)
    print(f'{capture.provenance["reference"]}, torch {capture.provenance["torch"]}, {capture.provenance["blas"]}')
    print(f'the oracle equals the reference in float64 to {capture.check_oracle():.1e}')
    count = size = 0
    for name, (kind, config) in listed.items():
        if (args.kind and kind != args.kind) or (args.name and args.name not in name):
            continue
        (tensors, perms), metadata = capture.case(name, kind, config)
        tensors.update(perm_names(kind, perms))
        tensors = {k: v.detach() for k, v in tensors.items() if v.numel()}
        path = os.path.join(args.out, name + '.safetensors')
        save(path, tensors, metadata)
        count, size = count + 1, size + os.path.getsize(path)
        print(f'{name:45} {kind:22} noise {metadata["float64_max_abs_diff"][:60]} margin {metadata.get("route_margin_min", "-")[:9]}')
    if not count:
        print(f'capture: no case has kind {args.kind!r} and {args.name!r} in its name; --list shows them', file=sys.stderr)
        return 2
    # What `make golden` expects there: all that was there, as moe_* that come from elsewhere, and what is new.
    held = {name for name in os.listdir(args.out) if name.endswith('.safetensors')}
    cases_txt = os.path.join(args.out, 'cases.txt')
    if os.path.exists(cases_txt):
        with open(cases_txt) as lines:
            held |= {line.strip() + '.safetensors' for line in lines if line.strip()}
    with open(cases_txt, 'w') as lines:
        lines.writelines(name.removesuffix('.safetensors') + '\n' for name in sorted(held))
    print(f'{count} cases, {size / 1e6:.2f} MB in {args.out}')
    return 0


def read(path):
    from safetensors import safe_open
    with safe_open(path, 'pt') as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def compare(capture, folder, only):
    """Replays each case's inputs on the reference here; prints one line per case."""
    import collections
    files = sorted(f for f in os.listdir(folder) if f.endswith('.safetensors')) if os.path.isdir(folder) else []
    if not files:
        raise reference.Missing(f'no .safetensors files in {folder}')
    tally, failed, equal, total = collections.Counter(), [], 0, 0
    for file in files:
        tensors, metadata = read(os.path.join(folder, file))
        kind, config = metadata['kind'], json.loads(metadata['config'])
        if only and kind != only:
            continue
        if kind not in capture.kinds:
            print(f'skip {file[:-12]:55} the reference has nothing of the kind {kind}')
            continue
        params_from = config.get('params_from')
        source = read(os.path.join(folder, params_from + '.safetensors'))[0] if params_from else tensors
        problems, bits, count, worst = compare_case(capture, kind, config, tensors, source, metadata)
        tally[kind] += 1
        equal, total = equal + bits, total + count
        print(f'{"FAIL" if problems else "ok":4} {file[:-12]:55} {bits}/{count} tensors equal to the bit, worst {worst:.2f} of tolerance')
        for problem in problems[:5]:
            print('       ' + problem)
        if problems:
            failed.append(file)
    print(f'{dict(tally)}: {equal} of {total} tensors equal to the bit')
    print(f'{sum(tally.values()) - len(failed)} agree, {len(failed)} differ')
    return 1 if failed or not tally else 0


def compare_case(capture, kind, config, tensors, source, metadata):
    params = {k[6:]: v for k, v in source.items() if k.startswith('param.')}
    inputs = {k[6:]: v for k, v in tensors.items() if k.startswith('input.') and not k.startswith('input.perm.')}
    perms = {tuple(map(int, k.split('.')[2:])): v for k, v in tensors.items() if k.startswith('input.perm.')}
    if kind == 'switch_ff':
        perms = {(0, *k): v for k, v in perms.items()}
    run = capture.run(kind, config, params, inputs, capture.torch.float32, perms)
    expected = {k: v for k, v in tensors.items() if k.startswith(('output.', 'grad.'))}
    actual = {f'output.{k}': v for k, v in run.outputs.items() if v.numel()}
    for name, grad in run.grads.items():  # a large case stores only the norm of some gradients
        norm = f'output.gradnorm.{name}'
        actual[norm if norm in expected else f'grad.{name}'] = grad.norm() if norm in expected else grad
    noise = max((v for k, v in json.loads(metadata.get('float64_max_abs_diff', '{}')).items() if 'key_bias' not in k), default=0.0)
    problems = [f'{k} is missing here' for k in expected.keys() - actual.keys()]
    problems += [f'{k} is missing there' for k in actual.keys() - expected.keys()]
    bits, worst = 0, 0.0
    for name in sorted(expected.keys() & actual.keys()):
        a, e = actual[name], expected[name]
        if a.dtype != e.dtype or a.shape != e.shape:
            problems.append(f'{name}: {a.dtype} {tuple(a.shape)} here, {e.dtype} {tuple(e.shape)} there')
            continue
        bits += bool((a == e).all())
        if not e.is_floating_point():
            if not (a == e).all():
                problems.append(f'{name}: {(a != e).sum()} of {e.numel()} elements differ')
            continue
        if name.startswith('output.final.') and name.endswith('key.linear.bias'):
            continue  # its true gradient is zero; Adam turns rounding noise into drift
        tolerance = ATOL + RTOL * e.abs() + NOISE_MULTIPLE * noise
        units = ((a - e).abs() / tolerance).max().item()
        worst = max(worst, units)
        if not units <= 1:
            problems.append(f'{name}: {units:.2f} times the tolerance, largest difference {(a - e).abs().max():.3g}')
    return problems, bits, len(expected), worst


if __name__ == '__main__':
    sys.exit(main())
