"""Optimizer classes of public libraries, by module: what steps the gradients it is built on.

Read in the libraries' sources (releases of 2025 and 2026). Left out are those whose `step` or
`backward` does more than step: the SAM family, optimizers that step during backward, wrappers.
"""

_BY_MODULE = {
    "adabelief_pytorch": "AdaBelief",
    "apex.optimizers": (
        "FusedAdagrad FusedAdam FusedLAMB FusedMixedPrecisionLamb FusedNovoGrad FusedSGD"
    ),
    "bitsandbytes.optim": (
        "AdEMAMix AdEMAMix32bit AdEMAMix8bit Adagrad Adagrad32bit Adagrad8bit Adam Adam32bit "
        "Adam8bit AdamW AdamW32bit AdamW8bit LAMB LAMB32bit LAMB8bit LARS LARS32bit LARS8bit "
        "Lion Lion32bit Lion8bit PagedAdEMAMix PagedAdEMAMix32bit PagedAdEMAMix8bit PagedAdam "
        "PagedAdam32bit PagedAdam8bit PagedAdamW PagedAdamW32bit PagedAdamW8bit PagedLion "
        "PagedLion32bit PagedLion8bit RMSprop RMSprop32bit RMSprop8bit SGD SGD32bit SGD8bit"
    ),
    "colossalai.nn.optimizer": ("CAME CPUAdam FusedAdam FusedLAMB FusedSGD HybridAdam Lamb Lars"),
    "dadaptation": "DAdaptAdaGrad DAdaptAdam DAdaptAdan DAdaptLion DAdaptSGD",
    "deepspeed.ops.adagrad": "DeepSpeedCPUAdagrad",
    "deepspeed.ops.adam": "DeepSpeedCPUAdam FusedAdam",
    "deepspeed.ops.lamb": "FusedLamb",
    "deepspeed.ops.lion": "DeepSpeedCPULion FusedLion",
    "fairscale.optim": "AdaScale OSS",
    "galore_torch": "GaLoreAdafactor GaLoreAdamW GaLoreAdamW8bit",
    "lion_pytorch": "Lion",
    "madgrad": "MADGRAD MirrorMADGRAD",
    "muon": "Muon MuonWithAuxAdam SingleDeviceMuon SingleDeviceMuonWithAuxAdam",
    "prodigyopt": "Prodigy",
    "pytorch_optimizer": (
        "A2Grad ADOPT APOLLO ASGD AccSGD AdEMAMix AdaBelief AdaBound AdaDelta AdaFactor AdaGC "
        "AdaGO AdaHessian AdaMax AdaMod AdaMuon AdaNorm AdaPNM AdaShift AdaSmooth AdaTAM Adai "
        "Adalite AdamC AdamG AdamMini AdamP AdamS AdamWSN Adan AggMo Aida AliG Alice Amos Ano "
        "ApolloDQN AvaGrad BCOS CAME Conda DASH DAdaptAdaGrad DAdaptAdam DAdaptAdan "
        "DAdaptLion DAdaptSGD DeMo DiffGrad DistributedMuon DualAdam EXAdam EmoFact EmoLynx "
        "EmoNavi FAdam FOCUS FTRL Fira FlashAdamW Fromage GaLore Grams Gravity GrokFastAdamW "
        "Kate Kron LARS LaProp Lamb Lion LoRARite MADGRAD MARS MSVAG Magma Muon MuonClip Nero "
        "NorMuon NovoGrad OrthoGrad PAdam PID PNM Prodigy QHAdam QHM RACS RAdam ROSE Ranger "
        "Ranger21 SCION SCIONLight SGDP SGDSaI SGDW SM3 SOAP SPAM SPlus SRMM SWATS SaRA "
        "ScalableShampoo ScheduleFreeAdamW ScheduleFreeRAdam ScheduleFreeSGD Shampoo SignSGD "
        "SimplifiedAdEMAMix SophiaH SpectralSphere StableAdamW StableSPAM TAM TRAC Tiger VSGD "
        "Yogi"
    ),
    "schedulefree": (
        "AdamWScheduleFree AdamWScheduleFreePaper AdamWScheduleFreeReference "
        "RAdamScheduleFree SGDScheduleFree SGDScheduleFreeReference"
    ),
    "timm.optim": (
        "AdaBelief Adadelta Adafactor AdafactorBigVision Adagrad Adahessian Adam AdamP AdamW "
        "AdamWLegacy Adamax Adan Adopt LaProp Lamb Lars Lion MADGRAD Mars Muon NAdam "
        "NAdamLegacy NAdamW NvNovoGrad RAdam RAdamLegacy RMSprop RMSpropTF SGD SGDP SGDW"
    ),
    "timm.optim.kron": "Kron",
    "torch.distributed.optim": "PostLocalSGDOptimizer ZeroRedundancyOptimizer",
    "torch_optimizer": (
        "A2GradExp A2GradInc A2GradUni AccSGD AdaBelief AdaBound AdaMod Adafactor Adahessian "
        "AdamP AggMo Apollo DiffGrad LARS Lamb MADGRAD NovoGrad PID QHAdam QHM RAdam Ranger "
        "RangerQH RangerVA SGDP SGDW SWATS Shampoo Yogi"
    ),
    "torch_xla.amp.syncfree": "Adam AdamW SGD",
    "transformers": "Adafactor AdamW",
    "transformers.optimization": "Adafactor AdamW",
}

LIBRARY_OPTIMIZERS = frozenset(
    f"{module}.{name}" for module, names in _BY_MODULE.items() for name in names.split()
)

OPTIMIZER_FACTORIES = frozenset(
    {
        "timm.optim.create_optimizer_v2",
        "timm.optim.create_optimizer",
        "pytorch_optimizer.create_optimizer",
    }
)
