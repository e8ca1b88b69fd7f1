# This line registers all components of this package. A config that inherits from this one and sets
# custom_imports replaces the line, so it must name mmpretrain_imbalance again.
custom_imports = dict(imports=['mmpretrain_imbalance'], allow_failed_imports=False)

default_scope = 'mmpretrain'

# Updates ratios, priors and thresholds between epochs and records them in work_dir.
custom_hooks = [dict(type='LabelStatisticsHook')]

# MMEngine deletes an old checkpoint before it writes a new one. Of two, one is complete if a run is killed.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=10),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=5, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
randomness = dict(seed=0, deterministic=False)

visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False
