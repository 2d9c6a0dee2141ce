"""From a picture to the noise that a deterministic sampler makes it from, and paths between two noises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffviz.core.schedules import NoiseSchedule

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.samplers import Predict

_NEARLY_PARALLEL = 1e-6


@dataclass(frozen=True, eq=False)
class InversionStep:
    """One step towards the noise: from time s (0: the picture itself) up to t, where the picture is x_t."""

    s: int
    t: int
    x_t: Tensor


def invert(
    predict: Predict, x_0: Tensor, schedule: NoiseSchedule, times: tuple[int, ...]
) -> Iterator[InversionStep]:
    """DDIM run backwards (Song et al., 2021): each step uses ε̂ at its lower, known end.

    x_{t'} = √ᾱ_{t'} x̂_0(x_t, t) + √(1 − ᾱ_{t'}) ε̂(x_t, t) for t < t'. From the picture itself, where there is
    no noise to ask about, the denoiser is asked at t = 1 about √ᾱ_1 x_0. Sampling back along the same times
    returns to the picture with an error of first order in the length of the steps.

    Parameters
    ----------
    predict
        The denoiser, best without guidance, which cannot be run backwards well.
    x_0
        Pictures, shape (B, …).
    schedule
        The chain.
    times
        The grid of the sampler, falling, without 0; inversion ends at its first.

    Yields
    ------
    InversionStep
        Rising in t; none records gradients.
    """
    import torch

    return torch.no_grad()(_inversion)(predict, x_0, schedule, times)


def _inversion(
    predict: Predict, x_0: Tensor, schedule: NoiseSchedule, times: tuple[int, ...]
) -> Iterator[InversionStep]:
    s, x = 0, x_0 * float(schedule.sqrt_alphas_cumprod[1])
    for t in reversed(times):
        prediction, arrival = predict(x, schedule.level(max(s, 1))), schedule.level(t)
        x = (
            arrival.sqrt_alpha_cumprod * prediction.x_0
            + arrival.sqrt_one_minus_alpha_cumprod * prediction.noise
        )
        yield InversionStep(s, t, x)
        s = t


def slerp(a: Tensor, b: Tensor, share: float) -> Tensor:
    """The point between two on the sphere through them (Shoemake, 1985), each sample by itself.

    Gaussian noise in many dimensions lies near a sphere; a straight mixture of two draws lies inside it, with
    less noise than any denoiser expects, and this one does not.

    Parameters
    ----------
    a, b
        Shape (B, …).
    share
        0 gives a, 1 gives b.
    """
    shape = (-1, *(1,) * (a.ndim - 1))
    flat_a, flat_b = a.flatten(1), b.flatten(1)
    lengths = flat_a.norm(dim=1) * flat_b.norm(dim=1)
    cosine = ((flat_a * flat_b).sum(dim=1) / lengths.clamp_min(1e-30)).clamp(-1.0, 1.0)
    angle = cosine.acos()
    sine = angle.sin()
    is_bent = sine > _NEARLY_PARALLEL
    safe = sine.where(is_bent, sine.new_ones(()))
    of_a = (((1.0 - share) * angle).sin() / safe).where(is_bent, sine.new_full((), 1.0 - share))
    of_b = ((share * angle).sin() / safe).where(is_bent, sine.new_full((), share))
    between: Tensor = of_a.reshape(shape) * a + of_b.reshape(shape) * b
    return between


def path_between(a: Tensor, b: Tensor, count: int) -> Tensor:
    """Pictures from a to b along `slerp`, both among them.

    Parameters
    ----------
    a, b
        Shape (1, …).
    count
        How many; a single one is a.

    Returns
    -------
    Tensor
        Shape (count, …).
    """
    import torch

    shares = [index / max(count - 1, 1) for index in range(count)]
    return torch.cat([a if share == 0.0 else b if share == 1.0 else slerp(a, b, share) for share in shares])


__all__ = ["InversionStep", "invert", "path_between", "slerp"]
