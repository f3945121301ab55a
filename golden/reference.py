"""Finds the reference implementation, checks that it is the pinned one, and imports it.

The reference is labml's annotated Switch Transformer, package ``labml_nn`` of
https://github.com/labmlai/annotated_deep_learning_paper_implementations. Nothing of it is copied here: put a checkout on PYTHONPATH.
"""

import hashlib
import importlib.machinery
import importlib.util
import os
import sys
import types
import warnings

# One thread each: sums then have one order, and a capture can be repeated to the bit on one machine. Must precede torch's import.
os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
sys.dont_write_bytecode = True
warnings.filterwarnings('ignore', category=SyntaxWarning)

REPOSITORY = 'labmlai/annotated_deep_learning_paper_implementations'
COMMIT = 'e6b3c8a6a2cdae4071bcde1abeaaf9a2bc37bd53'

# git's blob ids at COMMIT of every file whose code computes something in a case. They hold for any kind of checkout, also one without .git.
FILES = {
    'labml_nn/transformers/switch/__init__.py': 'b3d475358fd3caaa6f008ef1ecac2db08c606b10',
    'labml_nn/transformers/switch/experiment.py': '40a9b7067c653434c64d89cb3cf80dcb6b55f750',
    'labml_nn/transformers/mha.py': 'ff93530e0df438dd4dbedca7b87639840fade9c4',
    'labml_nn/transformers/feed_forward.py': 'f9c8d768e10fb45de07a668685081008b947c34a',
    'labml_nn/transformers/utils.py': 'fb6c2ebd407797aebc30e8fb0a9b7aca655e280d',
    'labml_nn/utils/__init__.py': '459cd04f65d7e3c2c5fa29ba0a31b213b8b40b8b',
    'labml_nn/optimizers/__init__.py': '172854a833bcde4901040efdf6f88744cb4af85b',
    'labml_nn/optimizers/adam.py': '568be4d55374d8f857b5d330ce3143f86eac684e',
    'labml_nn/optimizers/amsgrad.py': '07658e09be58bf383bb19687f69bd738c03f4112',
    'labml_nn/optimizers/noam.py': '8443f881c93acfc9f99f3c0390421455853f92ab',
}


class Missing(Exception):
    """Something that the capture needs is not there; the message says what to do."""


def require_packages():
    """Raises Missing unless torch, numpy and safetensors can be imported."""
    absent = [name for name in ('torch', 'numpy', 'safetensors') if importlib.util.find_spec(name) is None]
    if absent:
        packages = ' '.join(f'python3-{name}' for name in absent)
        raise Missing(f'{sys.executable} has no {", ".join(absent)}. On Debian: apt-get install {packages} libopenblas0-pthread, '
                      'and run with /usr/bin/python3.')


def _blob_id(path):
    with open(path, 'rb') as file:
        content = file.read()
    return hashlib.sha1(b'blob %d\0' % len(content) + content).hexdigest()


def find(allow_other=False):
    """Returns the identity of the reference on PYTHONPATH, 'repository@commit'; refuses another version unless allowed."""
    spec = importlib.machinery.PathFinder.find_spec('labml_nn')
    if spec is None or not spec.submodule_search_locations:
        raise Missing('labml_nn is not on PYTHONPATH. For example:\n'
                      f'  git clone https://github.com/{REPOSITORY} && git -C {REPOSITORY.split("/")[1]} checkout {COMMIT[:8]}\n'
                      f'  PYTHONPATH={REPOSITORY.split("/")[1]} make golden-capture')
    root = os.path.dirname(list(spec.submodule_search_locations)[0])
    different = []
    for name, blob in FILES.items():
        path = os.path.join(root, name)
        if not os.path.exists(path) or _blob_id(path) != blob:
            different.append(name)
    if not different:
        return f'{REPOSITORY}@{COMMIT[:8]}'
    if not allow_other:
        raise Missing(f'the reference in {root} is not {COMMIT[:8]}: {", ".join(different)} differ. '
                      'Check that commit out, or pass --allow-other-reference.')
    return f'{REPOSITORY}@other({", ".join(different)} differ from {COMMIT[:8]})'


class _Nothing:
    """Answers any attribute and any call; as a decorator it leaves the function alone."""

    def __getattr__(self, name):
        return _Nothing()

    def __call__(self, *args, **kwargs):
        return args[0] if args and isinstance(args[0], types.FunctionType) else _Nothing()


class _Attributes(type):
    def __getattr__(cls, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return _Nothing()


class _Module(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return _Attributes(name, (), {'__init__': lambda self, *a, **k: None}) if name[0].isupper() else _Nothing()


class _Shim:
    """Stands in for the package ``labml`` (experiment bookkeeping and logging), which Debian does not have.

    The modules used here take only ``tracker.debug`` and configuration decorators from it; no number depends on it.
    """

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split('.')[0] in ('labml', 'torchvision'):
            return importlib.machinery.ModuleSpec(name, _Shim, is_package=True)
        return None

    @staticmethod
    def create_module(spec):
        return _Module(spec.name)

    @staticmethod
    def exec_module(module):
        pass


def load():
    """Imports the reference and returns its classes as a namespace."""
    if importlib.machinery.PathFinder.find_spec('labml.tracker') is None:
        sys.meta_path.insert(0, _Shim)
    import torch
    torch.set_num_threads(1)
    from labml_nn.optimizers import WeightDecay
    from labml_nn.optimizers.adam import Adam
    from labml_nn.optimizers.amsgrad import AMSGrad
    from labml_nn.optimizers.noam import Noam
    from labml_nn.transformers.feed_forward import FeedForward
    from labml_nn.transformers.mha import MultiHeadAttention
    from labml_nn.transformers.switch import SwitchFeedForward, SwitchTransformer, SwitchTransformerLayer
    from labml_nn.transformers.switch.experiment import AutoregressiveModel
    from labml_nn.transformers.utils import subsequent_mask
    return types.SimpleNamespace(**{k: v for k, v in locals().items() if k != 'torch'})


def blas():
    """What torch's matrix products run on, as loaded into this process."""
    import ctypes
    import torch
    torch.ones(64, 64) @ torch.ones(64, 64)
    with open('/proc/self/maps') as maps:
        paths = sorted({line.split()[-1] for line in maps if 'blas' in line and '.so' in line})
    for path in paths:
        library = ctypes.CDLL(path)
        if hasattr(library, 'openblas_get_config'):
            library.openblas_get_config.restype = ctypes.c_char_p
            return library.openblas_get_config().decode()
    return ', '.join(os.path.basename(path) for path in paths) or 'unknown'
