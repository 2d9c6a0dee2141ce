"""The variational bound of a denoiser on 8-bit pictures, in bits per dimension."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from diffviz.core.elbo import BoundTerm, bits_per_dim, bound_terms, prior_term, term_times
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.sampler_steps import Variance

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from diffviz.core.prediction import Prediction
    from diffviz.core.schedules import NoiseLevel, NoiseSchedule
    from diffviz.models.denoiser import ClassIndex, Denoiser

__all__ = ["BoundByTime", "BoundSoFar", "bound_by_time", "bound_of_pictures"]

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


@dataclass(frozen=True, eq=False)
class BoundByTime:
    """The same bound, term by term.

    Attributes
    ----------
    so_far
        Its parts.
    costs
        Bits per dimension of the term of each t, float64, shape (T+1,), averaged over the pictures that were
        asked about there: [0] is L_T, which needs no denoiser, [1] is L_0, [t] is L_{t−1}; NaN where none was
        asked yet. A term that was estimated at one time of a stretch stands in the whole stretch. When all is
        done the sum is the total.
    """

    so_far: BoundSoFar
    costs: NDArray[np.float64]


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

    Parameters
    ----------
    denoiser, x_0, schedule, variance, num_terms, seed
        As for `bound_by_time`.
    """
    for record in bound_by_time(denoiser, x_0, schedule, variance=variance, num_terms=num_terms, seed=seed):
        yield record.so_far


def bound_by_time(
    denoiser: Denoiser,
    x_0: Tensor,
    schedule: NoiseSchedule,
    *,
    variance: Variance = Variance.TILDE,
    num_terms: int = 60,
    seed: int = 0,
    at_once: int = _AT_ONCE,
    classes: Sequence[int | None] | None = None,
) -> Iterator[BoundByTime]:
    """Estimate the bound and its terms, one record after each evaluation of the denoiser.

    Its x̂_0 is clipped to [−1, 1], as the pictures are.

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
    at_once
        Pictures in a group, which share the times at which they are asked about.
    classes
        As which class each picture is asked about, N of them; None: without.
    """
    groups = [x_0[start : start + at_once] for start in range(0, len(x_0), at_once)]
    times = [term_times(schedule, num_terms, seed + number) for number in range(len(groups))]
    prior = float(prior_term(x_0.double().square().mean(), schedule))
    sums = _Sums(schedule.num_timesteps, prior, sum(len(of_group) for of_group in times))
    for number, (group, of_group) in enumerate(zip(groups, times, strict=True)):

        def noise_of(t: int, number: int = number, shape: torch.Size = group.shape) -> Tensor:
            return torch.from_numpy(draw_noise(tuple(shape), seed, Stream.REDRAW, t, number))

        classes_of_group = None if classes is None else classes[number * at_once :][: len(group)]

        def predict(x_t: Tensor, level: NoiseLevel, asked: ClassIndex = classes_of_group) -> Prediction:
            prediction = denoiser.predict(x_t, level, asked)
            return replace(prediction, x_0=prediction.x_0.clamp(-1.0, 1.0))

        end = schedule.num_timesteps + 1
        for term in bound_terms(predict, group, schedule, variance, of_group, noise_of):
            sums.add(term, len(group), slice(end - term.represents, end))
            end -= term.represents
            yield sums.record()


class _Sums:
    """What the evaluations so far add up to."""

    def __init__(self, num_timesteps: int, prior: float, evaluations: int) -> None:
        self._so_far = BoundSoFar(0, 0, evaluations)
        self._prior = prior
        self._finished: list[tuple[int, tuple[float, float, float]]] = []
        self._nats = np.zeros(num_timesteps + 1)
        self._asked = np.zeros(num_timesteps + 1)

    def add(self, term: BoundTerm, num_pictures: int, stretch: slice) -> None:
        """Take the term of a group of pictures, which stands for a stretch of times."""
        self._nats[stretch] += num_pictures * term.nats_per_dim
        self._asked[stretch] += num_pictures
        self._so_far = replace(self._so_far, evaluations_done=self._so_far.evaluations_done + 1)
        if term.t == 1:
            parts = (term.so_far.prior, term.so_far.steps, term.so_far.decoder)
            self._finished.append((num_pictures, parts))
            self._so_far = _averaged(self._so_far, self._finished)

    def record(self) -> BoundByTime:
        """The averages."""
        costs = np.full(len(self._nats), np.nan)
        np.divide(self._nats, self._asked * np.log(2.0), out=costs, where=self._asked > 0)
        costs[0] = bits_per_dim(self._prior)
        return BoundByTime(self._so_far, costs)


def _averaged(record: BoundSoFar, finished: list[tuple[int, tuple[float, float, float]]]) -> BoundSoFar:
    weights = np.array([count for count, _ in finished], np.float64)
    parts = np.array([of_group for _, of_group in finished])
    prior, steps, decoder = (float(part) for part in weights @ parts / weights.sum())
    totals = parts.sum(axis=1)
    has_spread = len(totals) > 1 and np.isfinite(totals).all()
    spread = bits_per_dim(float(totals.std(ddof=1))) if has_spread else None
    return replace(
        record,
        num_pictures=int(weights.sum()),
        total=bits_per_dim(prior + steps + decoder),
        prior=bits_per_dim(prior),
        steps=bits_per_dim(steps),
        decoder=bits_per_dim(decoder),
        standard_error=None if spread is None else spread / len(totals) ** 0.5,
    )
