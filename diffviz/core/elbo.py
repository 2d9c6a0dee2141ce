"""The variational bound on −ln p(x_0), term by term: L_T, L_{t−1} and L_0, in nats per dimension.

L = L_T + Σ_{t≥2} L_{t−1} + L_0 ≥ −ln p(x_0) (Sohl-Dickstein et al., 2015; Ho et al., 2020, equation 5).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from diffviz.core.forward import q_sample
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.sampler_steps import Variance, ddpm_variance

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.prediction import Prediction
    from diffviz.core.schedules import NoiseLevel, NoiseSchedule

Array: TypeAlias = Any  # a number, a NumPy array or a torch tensor; the formulas are the same for all

_HALF_BIN = 1.0 / 255.0
_EDGE = 0.999
_LEAST_PROBABILITY = 1e-12


def bits_per_dim(nats_per_dim: float) -> float:
    """Nats in bits."""
    return nats_per_dim / math.log(2.0)


def gaussian_kl(squared_distance: Array, variance_q: float, variance_p: float) -> Array:
    """KL(N(m_q, variance_q) ‖ N(m_p, variance_p)) per dimension, with (m_q − m_p)² given."""
    return squared_distance / (2.0 * variance_p) + variance_cost(variance_q, variance_p)


def variance_cost(variance_q: float, variance_p: float) -> float:
    """What another variance costs where the means agree: ½(r − 1 − ln r), r = variance_q/variance_p."""
    if variance_q == variance_p:
        return 0.0
    ratio = variance_q / variance_p
    return 0.5 * (ratio - 1.0 - math.log(ratio))


def prior_term(mean_square: Array, schedule: NoiseSchedule) -> Array:
    """L_T = KL(q(x_T | x_0) ‖ N(0, I)) per dimension, of pictures whose mean square is given."""
    signal = float(schedule.alphas_cumprod[-1])
    if signal == 1.0:
        return mean_square * math.inf
    return 0.5 * (signal * (mean_square - 1.0) - math.log1p(-signal))


def step_term(x_0_error: Array, schedule: NoiseSchedule, t: int, variance: float) -> Array:
    """L_{t−1} = KL(q(x_{t−1} | x_t, x_0) ‖ p(x_{t−1} | x_t)) per dimension, from the error of x̂_0.

    Parameters
    ----------
    x_0_error
        Mean squared error of x̂_0 over the dimensions.
    schedule
        The chain.
    t
        2…T.
    variance
        σ_t² of the reverse step (`ddpm_variance`).
    """
    posterior = posterior_coefficients(schedule, t - 1, t)
    if posterior.c_0 == variance == 0.0:  # a step without noise, which leaves nothing to learn
        return 0.0 * x_0_error
    return gaussian_kl(posterior.c_0**2 * x_0_error, posterior.variance, variance)


def step_term_from_noise(noise_error: Array, schedule: NoiseSchedule, t: int, variance: float) -> Array:
    """L_{t−1} = λ_t ‖ε − ε̂‖²/d + C_t with λ_t = β_t²/(2 σ_t² α_t (1 − ᾱ_t)); otherwise as `step_term`.

    Parameters
    ----------
    noise_error
        Mean squared error of ε̂ over the dimensions.
    schedule, t, variance
        As in `step_term`.
    """
    beta, alpha = float(schedule.betas[t]), float(schedule.alphas[t])
    weight = beta**2 / (2.0 * variance * alpha * float(schedule.one_minus_alphas_cumprod[t]))
    constant = variance_cost(posterior_coefficients(schedule, t - 1, t).variance, variance)
    return weight * noise_error + constant


def decoder_variance(schedule: NoiseSchedule, variance: Variance, *, own_beta: bool = False) -> float:
    """σ_1² of the decoder: β̃_2, since β̃_1 = 0 (Ho et al., 2020, reference code, for β and β̃ alike).

    Parameters
    ----------
    schedule
        The chain.
    variance
        Of the other steps.
    own_beta
        Take β_1 where the other steps take β.
    """
    if schedule.num_timesteps == 1 or (own_beta and variance is Variance.BETA):
        return float(schedule.betas[1])
    return float(schedule.posterior_variance[2])


def gaussian_decoder_term(x_0_error: Array, variance: float) -> Array:
    """−ln N(x_0; x̂_0, variance) per dimension, for data without grey levels, from the error of x̂_0."""
    return 0.5 * math.log(2.0 * math.pi * variance) + x_0_error / (2.0 * variance)


def discretised_log_likelihood(x_0: Tensor, mean: Tensor, variance: float) -> Tensor:
    """Logarithm of the probability of 8-bit values under a Gaussian (Ho et al., 2020, equation 13).

    The mass of N(mean, variance) within half a grey level of x_0; black and white also have what lies beyond
    them. At least ln 1e-12, as in the reference code.

    Parameters
    ----------
    x_0
        Values of {−1, −1 + 2/255, …, 1}.
    mean
        The decoder's mean, same shape.
    variance
        Its variance.

    Returns
    -------
    Tensor
        Nats, float64, same shape.
    """
    import torch

    x_0, mean = x_0.double(), mean.double()
    spread = math.sqrt(variance)
    below = torch.special.ndtr((x_0 - _HALF_BIN - mean) / spread)
    above = torch.special.ndtr((x_0 + _HALF_BIN - mean) / spread)
    below = torch.where(x_0 < -_EDGE, torch.zeros_like(below), below)
    above = torch.where(x_0 > _EDGE, torch.ones_like(above), above)
    return (above - below).clamp_min(_LEAST_PROBABILITY).log()


@dataclass(frozen=True)
class Bound:
    """−ELBO, as far as it has been summed up, in nats per dimension."""

    prior: float = 0.0
    steps: float = 0.0
    decoder: float = 0.0

    @property
    def total(self) -> float:
        """L_T + Σ L_{t−1} + L_0, at least −ln p(x_0)/d once all terms are there."""
        return self.prior + self.steps + self.decoder


@dataclass(frozen=True)
class BoundTerm:
    """One evaluation of the denoiser, averaged over the pictures.

    Attributes
    ----------
    t
        Where; 1 is L_0.
    nats_per_dim
        The term of that t.
    represents
        For how many terms it stands.
    so_far
        The bound with this term in it.
    """

    t: int
    nats_per_dim: float
    represents: int
    so_far: Bound


def term_times(schedule: NoiseSchedule, num_terms: int, seed: int) -> tuple[tuple[int, int], ...]:
    """Times at which an estimate of the bound asks the denoiser, and how many terms each stands for.

    t = 1 always stands for itself. The others are cut into stretches whose lengths grow like t, because the
    terms fall about like 1/t; from each one time is drawn evenly, which makes the sum unbiased.

    Parameters
    ----------
    schedule
        The chain.
    num_terms
        How many evaluations at most; T or more gives every time once.
    seed
        Of the draw.
    """
    total = schedule.num_timesteps
    if num_terms >= total:
        return tuple((t, 1) for t in range(total, 0, -1))
    edges = [2]
    while edges[-1] <= total:
        left = max(num_terms - len(edges), 1)
        growth = ((total + 1) / edges[-1]) ** (1.0 / left)
        edges.append(min(max(math.floor(edges[-1] * growth + 0.5), edges[-1] + 1), total + 1))
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, total, num_terms])))
    stretches = [(int(rng.integers(low, high)), high - low) for low, high in itertools.pairwise(edges)]
    return (*reversed(stretches), (1, 1))


def bound_terms(
    predict: Callable[[Tensor, NoiseLevel], Prediction],
    x_0: Tensor,
    schedule: NoiseSchedule,
    variance: Variance,
    times: Sequence[tuple[int, int]],
    noise_of: Callable[[int], Tensor],
) -> Iterator[BoundTerm]:
    """Sum the bound up for 8-bit pictures, one evaluation of the denoiser after the other.

    Parameters
    ----------
    predict
        The denoiser.
    x_0
        Pictures of 8-bit values in [−1, 1], shape (B, …).
    schedule
        The chain.
    variance
        σ_t² of the reverse steps.
    times
        (t, number of terms it stands for), as from `term_times`.
    noise_of
        ε for a time, shape of x_0.

    Yields
    ------
    BoundTerm
        The bound of the last one is whole.
    """
    prior = float(prior_term(x_0.double().square().mean(), schedule))
    steps = decoder = 0.0
    for t, represents in times:
        level = schedule.level(t)
        prediction = predict(q_sample(x_0, noise_of(t), level), level)
        if t == 1:
            spread = decoder_variance(schedule, variance)
            term = -float(discretised_log_likelihood(x_0, prediction.x_0, spread).mean())
            decoder += represents * term
        else:
            left_open = prediction.x_0_variance
            sigma = ddpm_variance(
                schedule,
                t - 1,
                t,
                variance,
                x_0_variance=0.0 if left_open is None else float(left_open.mean()),
            )
            error = float((prediction.x_0 - x_0).double().square().mean())
            term = float(step_term(error, schedule, t, sigma))
            steps += represents * term
        yield BoundTerm(t, term, represents, Bound(prior, steps, decoder))
