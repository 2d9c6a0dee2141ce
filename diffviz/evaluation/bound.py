"""The variational bound of a denoiser on 8-bit pictures, in bits per dimension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from diffviz.core.elbo import bits_per_dim, bound_terms, term_times
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.sampler_steps import Variance

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.prediction import Prediction
    from diffviz.core.schedules import NoiseLevel, NoiseSchedule
    from diffviz.models.denoiser import Denoiser

_AT_ONCE = 16


@dataclass(frozen=True)
class BoundSoFar:
    """−ELBO over the pictures that have been asked about, in bits per dimension.

    Attributes
    ----------
    num_pictures, evaluations_done, evaluations
        How far the estimate is.
    total, prior, steps, decoder
        The bound and its parts L_T, Σ L_{t−1} and L_0; `None` before the first pictures are done.
    standard_error
        Of the total, over groups of pictures, each with times and noise of its own; `None` for one group.
    """

    num_pictures: int
    evaluations_done: int
    evaluations: int
    total: float | None = None
    prior: float | None = None
    steps: float | None = None
    decoder: float | None = None
    standard_error: float | None = None


def bound_of_pictures(
    denoiser: Denoiser,
    x_0: Tensor,
    schedule: NoiseSchedule,
    *,
    variance: Variance = Variance.TILDE,
    num_terms: int = 60,
    seed: int = 0,
) -> Iterator[BoundSoFar]:
    """Estimate the bound, one record after each evaluation of the denoiser; the last is the result.

    The denoiser is asked without a class, and its x̂_0 is clipped to [−1, 1], as the pictures are.

    Parameters
    ----------
    denoiser
        The denoiser.
    x_0
        8-bit pictures, (N, C, H, W) in [−1, 1].
    schedule
        The chain.
    variance
        σ_t² of the reverse steps.
    num_terms
        Evaluations per picture; T of them leave nothing to chance but the noise.
    seed
        Of times and noise.
    """

    def predict(x_t: Tensor, level: NoiseLevel) -> Prediction:
        prediction = denoiser.predict(x_t, level)
        return replace(prediction, x_0=prediction.x_0.clamp(-1.0, 1.0))

    groups = [x_0[start : start + _AT_ONCE] for start in range(0, len(x_0), _AT_ONCE)]
    times = [term_times(schedule, num_terms, seed + number) for number in range(len(groups))]
    evaluations = sum(len(of_group) for of_group in times)
    finished: list[tuple[int, tuple[float, float, float]]] = []
    record = BoundSoFar(0, 0, evaluations)
    for number, (group, of_group) in enumerate(zip(groups, times, strict=True)):

        def noise_of(t: int, number: int = number, shape: torch.Size = group.shape) -> Tensor:
            return torch.from_numpy(draw_noise(tuple(shape), seed, Stream.REDRAW, t, number))

        for term in bound_terms(predict, group, schedule, variance, of_group, noise_of):
            record = replace(record, evaluations_done=record.evaluations_done + 1)
            if term.t == 1:
                parts = (term.so_far.prior, term.so_far.steps, term.so_far.decoder)
                finished.append((len(group), parts))
                record = _averaged(record, finished)
            yield record


def _averaged(record: BoundSoFar, finished: list[tuple[int, tuple[float, float, float]]]) -> BoundSoFar:
    weights = np.array([count for count, _ in finished], np.float64)
    parts = np.array([of_group for _, of_group in finished])
    prior, steps, decoder = (float(part) for part in weights @ parts / weights.sum())
    totals = parts.sum(axis=1)
    spread = bits_per_dim(float(totals.std(ddof=1))) if len(totals) > 1 else None
    return replace(
        record,
        num_pictures=int(weights.sum()),
        total=bits_per_dim(prior + steps + decoder),
        prior=bits_per_dim(prior),
        steps=bits_per_dim(steps),
        decoder=bits_per_dim(decoder),
        standard_error=None if spread is None else spread / len(totals) ** 0.5,
    )
