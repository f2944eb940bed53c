"""The one way that weights are moved: AdamW (Loshchilov and Hutter 2019), its rate up in a straight
line and down again, gradients clipped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from classifiers.training.encoder.batches import TOKENS

WEIGHT_DECAY = 0.01
WARM_UP = 0.06
TELL_EVERY = 100

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast; ``rate`` is the encoder's highest learning rate, ``tokens`` a batch's."""

    passes: float = 3.0
    rate: float = 1e-4
    seed: int = 0
    tokens: int = TOKENS


def climb(
    losses: Iterator[Tensor],
    rates: Mapping[float, Sequence[nn.Parameter]],
    steps: int,
    tell: Tell,
) -> None:
    """A step for each loss that comes; ``rates`` says which weights move how fast at most."""
    groups = [{"params": list(weights), "top": rate} for rate, weights in rates.items()]
    every = [weight for weights in rates.values() for weight in weights]
    fused = every[0].device.type == "cuda"
    optimiser = torch.optim.AdamW(
        groups, lr=max(rates), weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98), fused=fused
    )
    began = time.monotonic()
    lost = torch.zeros((), device=every[0].device)
    for step, loss in enumerate(losses):
        for group in optimiser.param_groups:
            group["lr"] = group["top"] * _share(step, steps)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(every, 1.0)
        optimiser.step()
        lost += loss.detach()
        if (step + 1) % TELL_EVERY == 0 or step + 1 == steps:
            left = (time.monotonic() - began) / (step + 1) * (steps - step - 1)
            mean = float(lost) / ((step % TELL_EVERY) + 1)
            tell(f"step {step + 1} of {steps}, loss {mean:.3f}, {left:.0f} s left")
            lost.zero_()


def _share(step: int, steps: int) -> float:
    """Of the highest rate: up in a straight line, then down to nothing."""
    warm = max(1, int(steps * WARM_UP))
    return min((step + 1) / warm, max(0.01, (steps - step) / max(1, steps - warm)))
