"""The cases that golden/ holds: name -> (kind, config). Seeds may be moved freely; everything else is what the case is about."""

SWITCH = {'batch_size': 4, 'capacity_factor': 1.2, 'd_ff': 12, 'd_model': 8, 'drop_tokens': True, 'dropout': 0.0,
          'is_scale_prob': True, 'n_experts': 4, 'seq_len': 16, 'variant': 'plain'}
LAYER = {'batch_size': 3, 'capacity_factor': 1.2, 'd_ff': 20, 'd_model': 12, 'drop_tokens': True, 'dropout': 0.0, 'heads': 3,
         'is_scale_prob': True, 'mask': 'causal', 'n_experts': 4, 'seq_len': 8}
MODEL = {'batch_size': 3, 'capacity_factor': 1.2, 'd_ff': 20, 'd_model': 12, 'drop_tokens': True, 'dropout': 0.0, 'heads': 2,
         'init': 'perturbed', 'is_scale_prob': True, 'load_balancing_coef': 0.01, 'n_experts': 4, 'n_layers': 2, 'n_vocab': 23,
         'params_from': None, 'seq_len': 10}
ATTENTION = {'batch_size': 3, 'bias': True, 'd_model': 12, 'dropout': 0.0, 'heads': 3, 'key_len': 7, 'mask': 'causal', 'seq_len': 7}
OPTIMIZER = {'betas': [0.9, 0.999], 'eps': 1e-8, 'grad_clip': 1.0, 'lr': 0.01, 'steps': 24, 'weight_decay': 0.0,
             'note': 'clip_grad_norm_([p, q], grad_clip), then step; input.grad_* are before clipping'}
NOAM = {'optimizer': 'Noam', 'lr': 1.0, 'warmup': 10, 'd_model': 16}
MUON = {'optimizer': 'Muon', 'muon_lr': 0.02, 'momentum': 0.95, 'weight_decay': 0.1}
TRAJECTORY = {**MODEL, 'amsgrad': False, 'betas': [0.9, 0.999], 'eps': 1e-8, 'grad_clip': 1.0, 'init': 'labml default', 'lr': 1.0,
              'optimizer': 'Noam', 'steps': 12, 'warmup': 2000, 'weight_decay': 0.0}


def _switch():
    flags = {(True, True): 'drop_scale', (True, False): 'drop_noscale', (False, True): 'keep_scale', (False, False): 'keep_noscale'}
    for (drop, scale), name in flags.items():
        base = {**SWITCH, 'drop_tokens': drop, 'is_scale_prob': scale}
        yield f'switch_ff_{name}_skew', {**base, 'variant': 'skew', 'capacity_factor': 1.0}
        yield f'switch_ff_{name}_5x3', {**base, 'seq_len': 5, 'batch_size': 3}
        yield f'switch_ff_{name}_starve', {**base, 'variant': 'starve'}
        yield f'switch_ff_{name}_tie', {**base, 'variant': 'tie', 'seq_len': 5, 'batch_size': 3}
    yield 'switch_ff_init_identical_experts', {**SWITCH, 'variant': 'init'}
    yield 'switch_ff_one_expert', {**SWITCH, 'n_experts': 1, 'capacity_factor': 0.5}
    yield 'switch_ff_one_token_capacity_0', {**SWITCH, 'seq_len': 1, 'batch_size': 1}
    yield 'switch_ff_one_token_kept', {**SWITCH, 'seq_len': 1, 'batch_size': 1, 'n_experts': 2, 'capacity_factor': 2.0}
    yield 'switch_ff_64_experts', {**SWITCH, 'n_experts': 64, 'd_ff': 4, 'capacity_factor': 2.0}
    yield 'switch_ff_experts_do_not_divide_tokens', {**SWITCH, 'n_experts': 7, 'seq_len': 11, 'batch_size': 3}
    yield 'switch_ff_capacity_exactly_met', {**SWITCH, 'variant': 'exact', 'capacity_factor': 1.0}
    yield 'switch_ff_capacity_one_short', {**SWITCH, 'variant': 'exact', 'capacity_factor': 0.99}
    # 1.4 * 45 / 3 is 20.999999999999996 in double precision, left to right: capacity 20. Any other order or precision gives 21.
    yield 'switch_ff_capacity_in_double', {**SWITCH, 'variant': 'starve', 'n_experts': 3, 'seq_len': 9, 'batch_size': 5,
                                           'capacity_factor': 1.4}


def _feed_forward():
    for variant in ('relu', 'nobias', 'gelu', 'silu', 'sigmoid_nobias2', 'gated_sigmoid', 'gated_gelu', 'gated_silu_nobias'):
        yield f'ff_{variant}', {'d_ff': 20, 'd_model': 8, 'dropout': 0.0, 'variant': variant}


def _attention():
    yield 'mha_nomask', {**ATTENTION, 'mask': None}
    yield 'mha_causal', ATTENTION
    yield 'mha_batch_mask', {**ATTENTION, 'mask': 'batch'}
    yield 'mha_row_mask', {**ATTENTION, 'mask': 'row'}
    yield 'mha_row_batch_mask', {**ATTENTION, 'mask': 'row_batch'}
    yield 'mha_cross_batch_mask', {**ATTENTION, 'mask': 'batch', 'seq_len': 4, 'key_len': 6}
    yield 'mha_cross_nobias', {**ATTENTION, 'mask': None, 'bias': False, 'seq_len': 5, 'key_len': 3}
    yield 'mha_cross_same_length', {**ATTENTION, 'mask': 'causal', 'cross': True}
    yield 'mha_one_head', {**ATTENTION, 'heads': 1}
    yield 'mha_one_feature_a_head', {**ATTENTION, 'heads': 12, 'bias': False}
    yield 'mha_one_token', {**ATTENTION, 'seq_len': 1, 'key_len': 1, 'batch_size': 2}


def _layers():
    yield 'layer_drop_scale', 'layer', LAYER
    yield 'layer_drop_noscale', 'layer', {**LAYER, 'is_scale_prob': False}
    yield 'layer_keep_batch_mask', 'layer', {**LAYER, 'drop_tokens': False, 'mask': 'batch'}
    yield 'layer_keep_nomask', 'layer', {**LAYER, 'drop_tokens': False, 'mask': None, 'n_experts': 2}
    yield 'transformer_L1_drop_scale', 'transformer', {**LAYER, 'n_layers': 1}
    yield 'transformer_L2_keep_noscale', 'transformer', {**LAYER, 'n_layers': 2, 'drop_tokens': False, 'is_scale_prob': False}
    yield 'transformer_L3_drop_batch_mask', 'transformer', {**LAYER, 'n_layers': 3, 'mask': 'batch', 'capacity_factor': 0.8}


def _models():
    yield 'ar_drop_scale', MODEL
    yield 'ar_drop_noscale', {**MODEL, 'is_scale_prob': False, 'capacity_factor': 0.9}
    yield 'ar_keep_scale', {**MODEL, 'drop_tokens': False}
    yield 'ar_eight_experts', {**MODEL, 'n_experts': 8, 'd_ff': 8}
    yield 'ar_one_token', {**MODEL, 'seq_len': 1, 'batch_size': 1, 'drop_tokens': False}
    yield 'ar_one_expert', {**MODEL, 'n_experts': 1, 'n_layers': 1}
    # Beyond the reference: oracle.py.
    yield 'ar_rotary', {**MODEL, 'positions': 'rotary'}
    yield 'ar_learned', {**MODEL, 'positions': 'learned', 'max_seq_len': 12}
    yield 'ar_dense', {**MODEL, 'feed_forward': 'dense'}
    yield 'ar_dense_rotary', {**MODEL, 'feed_forward': 'dense', 'positions': 'rotary', 'n_layers': 1}
    yield 'ar_dropped_zero', {**MODEL, 'dropped_tokens': 'zero', 'capacity_factor': 0.8}
    yield 'ar_dropped_zero_by_position', {**MODEL, 'dropped_tokens': 'zero', 'drop_order': 'position', 'router_bias': False,
                                          'min_capacity': 2, 'capacity_factor': 0.8}
    yield 'ar_dropped_by_position_noscale', {**MODEL, 'drop_order': 'position', 'is_scale_prob': False, 'min_capacity': 9}


def _optimizers():
    yield 'optim_adam', {**OPTIMIZER, 'optimizer': 'Adam', 'optimized_update': True}
    yield 'optim_adam_plain', {**OPTIMIZER, 'optimizer': 'Adam', 'optimized_update': False}
    # A large eps shows where it stands.
    yield 'optim_adam_large_eps', {**OPTIMIZER, 'optimizer': 'Adam', 'optimized_update': True, 'eps': 0.1}
    yield 'optim_adam_plain_large_eps', {**OPTIMIZER, 'optimizer': 'Adam', 'optimized_update': False, 'eps': 0.1}
    yield 'optim_amsgrad', {**OPTIMIZER, 'optimizer': 'AMSGrad', 'optimized_update': True, 'amsgrad': True, 'betas': [0.9, 0.9]}
    yield 'optim_amsgrad_plain', {**OPTIMIZER, 'optimizer': 'AMSGrad', 'optimized_update': False, 'amsgrad': True,
                                  'betas': [0.9, 0.9]}
    yield 'optim_noam', {**OPTIMIZER, **NOAM}
    yield 'optim_noam_amsgrad', {**OPTIMIZER, **NOAM, 'amsgrad': True, 'betas': [0.8, 0.9]}
    yield 'optim_noam_decoupled', {**OPTIMIZER, **NOAM, 'weight_decay': 0.02, 'weight_decouple': True, 'absolute': False}
    yield 'optim_noam_absolute', {**OPTIMIZER, **NOAM, 'weight_decay': 0.02, 'weight_decouple': True, 'absolute': True}
    yield 'optim_noam_l2', {**OPTIMIZER, **NOAM, 'weight_decay': 0.02, 'weight_decouple': False}
    yield 'optim_torch_adam', {**OPTIMIZER, 'optimizer': 'torch.Adam', 'weight_decay': 0.02}
    yield 'optim_torch_adamw', {**OPTIMIZER, 'optimizer': 'torch.AdamW', 'weight_decay': 0.02}
    yield 'optim_torch_amsgrad', {**OPTIMIZER, 'optimizer': 'torch.Adam', 'amsgrad': True, 'betas': [0.9, 0.9]}


def _trajectories():
    yield 'traj_exact', {**TRAJECTORY, 'drop_tokens': False}
    yield 'traj_drop_warmup100', {**TRAJECTORY, 'warmup': 100}
    yield 'traj_noscale_amsgrad', {**TRAJECTORY, 'warmup': 100, 'is_scale_prob': False, 'amsgrad': True}
    yield 'traj_starved_expert', {**TRAJECTORY, 'warmup': 100, 'drop_tokens': False, 'init': 'starved'}
    yield 'traj_weight_decay', {**TRAJECTORY, 'warmup': 100, 'drop_tokens': False, 'weight_decay': 0.01,
                                 'weight_decouple': True, 'absolute': False}


def _blocks():
    # More rows and more scores than a fused layer computes at once.
    yield 'layer_in_blocks', {**LAYER, 'd_ff': 5, 'd_model': 4, 'heads': 2, 'n_experts': 1, 'drop_tokens': False, 'seq_len': 64,
                              'batch_size': 19}


def _muon():
    yield 'optim_muon', {**OPTIMIZER, **MUON, 'shape': [5, 4]}
    yield 'optim_muon_wide', {**OPTIMIZER, **MUON, 'shape': [3, 6], 'weight_decay': 0.0}
    # Each expert's matrix by itself.
    yield 'optim_muon_experts', {**OPTIMIZER, **MUON, 'shape': [3, 4, 6], 'grad_clip': 100.0}


def _distillation():
    shape = {'seq_len': 5, 'batch_size': 3, 'n_vocab': 11}
    yield 'distillation', {**shape, 'teacher_weight': 0.25}
    yield 'distillation_of_the_teacher_alone', {**shape, 'teacher_weight': 1.0}


def all_cases():
    """Every case, in order, each with its own seed."""
    listed = [(name, 'switch_ff', c) for name, c in _switch()]
    listed += [(name, 'feed_forward', c) for name, c in _feed_forward()]
    listed += [(name, 'mha', c) for name, c in _attention()]
    listed += list(_layers())
    listed += [(name, 'autoregressive_model', c) for name, c in _models()]
    listed += [(name, 'optimizer', c) for name, c in _optimizers()]
    listed += [(name, 'trajectory', c) for name, c in _trajectories()]
    listed += [(name, 'layer', c) for name, c in _blocks()]
    listed += [(name, 'optimizer', c) for name, c in _muon()]
    listed += [(name, 'distillation', c) for name, c in _distillation()]
    return {name: (kind, {**config, 'seed': 7000 + index}) for index, (name, kind, config) in enumerate(listed)}
