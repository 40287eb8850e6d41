"""Twenty golden steps of every optimiser, and learning-rate schedules, from PyTorch 2.15.0 (torch==2.15.0) and
Stable-Baselines3 2.9.2 (stable-baselines3==2.9.2, for RMSpropTFLike). Run: python make_optimizers.py

A matrix `w` [5, 7] and a vector `b` [3] receive given gradients. Muon takes the matrix transposed, because its step
depends on which axis is the output. torch rounds Muon's iteration to bfloat16; all variants but `muon_bfloat16` run it
in float32."""
import json
import pathlib

import torch
from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike
from torch.optim import SGD, Adam, AdamW, Muon, RMSprop
from torch.optim.lr_scheduler import (
    CosineAnnealingLR, CosineAnnealingWarmRestarts, ExponentialLR, LinearLR, MultiStepLR, SequentialLR,
)

STEPS, SHOWN = 20, (1, 2, 3, 10, 20)
generator = torch.Generator().manual_seed(0)


def draw(*shape):
    return torch.randn(*shape, generator=generator)


start = [draw(5, 7), draw(3)]
gradients = [[draw(5, 7) * draw(1).exp() * 0.3, draw(3) * draw(1).exp() * 0.3] for _ in range(STEPS)]


class Float32:
    """torch with its bfloat16 replaced, for the one function that rounds to it."""

    bfloat16 = torch.float32

    def __getattr__(self, name):
        return getattr(torch, name)


def newton_schulz_in(kind):
    torch.optim._muon.torch = Float32() if kind == "float32" else torch


def run(make, transposed=False, clip=None):
    values = [start[0].T.clone() if transposed else start[0].clone(), start[1].clone()]
    values = [value.requires_grad_() for value in values]
    optimizers = make(*values)
    shown = []
    for step in range(STEPS):
        for value, gradient in zip(values, gradients[step]):
            value.grad = gradient.T.clone() if transposed and value is values[0] else gradient.clone()
        if clip is not None:
            torch.nn.utils.clip_grad_value_(values, clip)
        for optimizer in optimizers:
            optimizer.step()
        if step + 1 in SHOWN:
            w = values[0].T if transposed else values[0]
            shown.append(numbers(w) + numbers(values[1]))
    return shown


def numbers(tensor):
    return [float(str(v)) for v in tensor.detach().numpy().flatten()]


def plain(kind, **settings):
    return run(lambda w, b: [kind([w, b], **settings)])


def muon(rounding="float32", **settings):
    newton_schulz_in(rounding)
    found = run(
        lambda w, b: [Muon([w], lr=0.02, **settings), AdamW([b], lr=0.01, weight_decay=0.1)], transposed=True
    )
    newton_schulz_in("bfloat16")
    return found


variants = {
    "sgd": plain(SGD, lr=0.05),
    "sgd_momentum": plain(SGD, lr=0.05, momentum=0.9),
    "sgd_dampening": plain(SGD, lr=0.05, momentum=0.9, dampening=0.5, weight_decay=0.1),
    "sgd_nesterov": plain(SGD, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    "adam": plain(Adam, lr=0.01),
    "adam_decay": plain(Adam, lr=0.01, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.1),
    "adam_amsgrad": plain(Adam, lr=0.01, betas=(0.9, 0.9), amsgrad=True),
    "adamw": plain(AdamW, lr=0.01, weight_decay=0.1),
    "adamw_amsgrad": plain(AdamW, lr=0.01, betas=(0.9, 0.9), weight_decay=0.1, amsgrad=True),
    "adamw_groups": run(
        lambda w, b: [AdamW([{"params": [w]}, {"params": [b], "lr": 0.005, "weight_decay": 0}], lr=0.01, weight_decay=0.1)]
    ),
    "adam_frozen": run(lambda w, b: [Adam([b], lr=0.01)]),
    "adam_clipped": run(lambda w, b: [Adam([w, b], lr=0.01)], clip=0.2),
    "rmsprop": plain(RMSprop, lr=0.01),
    "rmsprop_momentum": plain(RMSprop, lr=0.01, alpha=0.9, momentum=0.9, weight_decay=0.1),
    "rmsprop_centered": plain(RMSprop, lr=0.01, alpha=0.9, eps=1e-5, momentum=0.9, centered=True),
    "rmsprop_tensorflow": plain(RMSpropTFLike, lr=0.01, eps=1e-5),
    "rmsprop_tensorflow_centered": plain(
        RMSpropTFLike, lr=0.01, alpha=0.9, eps=1e-3, momentum=0.9, centered=True, weight_decay=0.1
    ),
    "muon": muon(),
    "muon_plain": muon(nesterov=False, momentum=0.8, weight_decay=0, ns_steps=3),
    "muon_adamw": muon(adjust_lr_fn="match_rms_adamw"),
    "muon_bfloat16": muon("bfloat16"),
}


def schedule(make, steps=40):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return values


schedules = {
    "linear": schedule(lambda o: LinearLR(o, 1.0, 0.25, 20)),
    "cosine": schedule(lambda o: CosineAnnealingLR(o, 39, 0.01), 40),
    "restarts": schedule(lambda o: CosineAnnealingWarmRestarts(o, 7, 1, 0.01)),
    "growing_restarts": schedule(lambda o: CosineAnnealingWarmRestarts(o, 5, 2, 0.01)),
    "exponential": schedule(lambda o: ExponentialLR(o, 0.9)),
    "piecewise": schedule(lambda o: MultiStepLR(o, [10, 25], 0.1)),
    "warmup": schedule(
        lambda o: SequentialLR(o, [LinearLR(o, 0.1, 1.0, 10), CosineAnnealingLR(o, 30)], [10])
    ),
}

(pathlib.Path(__file__).parent / "optimizers.json").write_text(
    json.dumps(
        {
            "shown": SHOWN, "start": [numbers(t) for t in start],
            "gradients": [[numbers(t) for t in row] for row in gradients], "variants": variants, "schedules": schedules,
        }
    )
    + "\n"
)
