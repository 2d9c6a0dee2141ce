"""The forward process: a picture dissolving into noise, one step, in closed form, and at any time at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from diffviz.core.noise import Float32Array
from diffviz.core.noise_path import CACHE_BYTES, NoiseMode, NoisePath
from diffviz.core.schedules import NoiseLevel, NoiseSchedule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffviz.core.schedule_table import FloatArray

__all__ = [
    "ForwardProcess",
    "ForwardStep",
    "NoiseMode",
    "marginal_moments",
    "path_correlation",
    "q_sample",
    "step_moments",
]

Array: TypeAlias = Any  # a NumPy array or a torch tensor; the formulas are the same for both
_PIECE = 1 << 18


def q_sample(x_0: Array, noise: Array, at: NoiseLevel | NoiseSchedule, t: int | Array | None = None) -> Array:
    """x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε, the chain up to t in one go (Ho et al., 2020, q(x_t | x_0)).

    Parameters
    ----------
    x_0
        Clean pictures, NumPy or torch.
    noise
        ε ~ N(0, I), the shape of x_0.
    at
        A noise level, or a schedule together with `t`.
    t
        One time, or one for each entry of the first axis of x_0, in 0…T.

    Returns
    -------
    array or Tensor
        The kind, dtype and device of x_0.
    """
    if isinstance(at, NoiseLevel):
        return at.sqrt_alpha_cumprod * x_0 + at.sqrt_one_minus_alpha_cumprod * noise
    if t is None:
        raise ValueError("A schedule gives a noise level only together with a time.")
    if isinstance(t, int):
        return q_sample(x_0, noise, at.level(t))
    times = np.asarray(t.cpu() if hasattr(t, "cpu") else t, dtype=np.intp)
    column = (-1, *(1,) * (x_0.ndim - 1))
    return (
        _like(x_0, at.sqrt_alphas_cumprod[times].reshape(column)) * x_0
        + _like(x_0, at.sqrt_one_minus_alphas_cumprod[times].reshape(column)) * noise
    )


def step_moments(x_prev: Array, schedule: NoiseSchedule, t: int) -> tuple[Array, float]:
    """Mean √α_t x_{t−1} and variance β_t of the one-step kernel q(x_t | x_{t−1}) (Ho et al., 2020)."""
    return math.sqrt(float(schedule.alphas[t])) * x_prev, float(schedule.betas[t])


def marginal_moments(
    schedule: NoiseSchedule, t: int, data_mean: FloatArray, data_covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean √ᾱ_t μ and covariance ᾱ_t Σ + (1 − ᾱ_t) I of x_t over all data.

    Parameters
    ----------
    schedule, t
        The chain and a time of it.
    data_mean, data_covariance
        μ, shape (d,), and Σ, shape (d, d), of x_0.
    """
    level = schedule.level(t)
    noise = level.one_minus_alpha_cumprod * np.eye(len(data_mean))
    return level.sqrt_alpha_cumprod * data_mean, level.alpha_cumprod * data_covariance + noise


def path_correlation(schedule: NoiseSchedule, s: int, t: int) -> float:
    """Correlation √(SNR_t/SNR_s) of x_s and x_t on a Markov path from one x_0, for 1 ≤ s ≤ t ≤ T."""
    if s == t:
        return 1.0
    noise_s, noise_t = (float(schedule.one_minus_alphas_cumprod[time]) for time in (s, t))
    return math.sqrt(schedule.alpha_between(s, t) * noise_s / noise_t) if noise_t else 0.0


@dataclass(frozen=True, eq=False)
class ForwardStep:
    """One step of the chain: x_t = mean + added, float32 pictures of one shape.

    Parameters
    ----------
    x_prev
        x_{t−1}.
    mean
        √α_t x_{t−1}.
    variance
        β_t, the variance of what a step of the chain adds.
    noise
        added/√β_t, 0 where β_t = 0; standard Gaussian in ``NoiseMode.MARKOV``, whose frames are states of one
        chain.
    added
        What takes the mean to x_t.
    x_t
        The frame after the step.
    """

    x_prev: Float32Array
    mean: Float32Array
    variance: float
    noise: Float32Array
    added: Float32Array
    x_t: Float32Array


class ForwardProcess:
    """A picture at any time of the forward process; the same seed gives the same frames in any order.

    Parameters
    ----------
    x_0
        Clean picture, float32, any shape, usually (H, W, C) in [−1, 1].
    schedule
        The chain.
    seed
        The user's seed.
    mode
        How the noise of different times belongs together.
    cache_bytes
        Memory for noise that may be needed again.

    Notes
    -----
    One process belongs to one thread, which its cache is for; see `pieces` for the exception.
    """

    def __init__(
        self,
        x_0: NDArray[np.floating[Any]],
        schedule: NoiseSchedule,
        seed: int,
        mode: NoiseMode = NoiseMode.FROZEN,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.x_0: Float32Array = np.ascontiguousarray(x_0, dtype=np.float32)
        self.schedule, self.seed, self.mode = schedule, seed, mode
        self._path = NoisePath(schedule, self.x_0.shape, seed, mode, cache_bytes)

    def noise(self, t: int) -> Float32Array:
        """ε̄_t with x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε̄_t: all noise up to t as one draw, read-only float32."""
        return self._path.at(t)

    def x_t(self, t: int, out: Float32Array | None = None) -> Float32Array:
        """The frame at time t; exactly x_0 as long as no noise has been added.

        Parameters
        ----------
        t
            In 0…T.
        out
            C-contiguous float32 array of the shape of x_0 to write into, for frames without allocation.

        Raises
        ------
        IndexError
            If t is outside the chain.
        ValueError
            If `out` does not fit.
        """
        if out is None:
            out = np.empty_like(self.x_0)
        elif out.shape != self.x_0.shape or out.dtype != np.float32 or not out.flags.c_contiguous:
            raise ValueError(f"The frame needs a contiguous float32 array of shape {self.x_0.shape}.")
        flat = out.reshape(-1)
        for place, values in self.pieces(t):
            flat[place] = values
        return out

    def pieces(
        self, t: int, starts: Iterator[int] | None = None, length: int = _PIECE
    ) -> Iterator[tuple[slice, Float32Array]]:
        """The frame at time t piece by piece, for frames that are looked at and not kept.

        Pieces stay in the processor's cache: a third of the time of whole-picture arithmetic.

        Parameters
        ----------
        t
            In 0…T.
        starts
            Where pieces of the flattened frame begin; all of them by default. Two threads may share one
            iterator over a range, once `noise(t)` has been asked for.
        length
            Values in a piece; the last one may be shorter.

        Yields
        ------
        tuple of slice and array
            Place in the flattened frame, and the values there, which the reader may spoil and the next
            piece overwrites.
        """
        level = self.schedule.level(t)
        flat_x_0 = self.x_0.reshape(-1)
        flat_noise = self.noise(t).reshape(-1) if level.one_minus_alpha_cumprod else flat_x_0
        signal = np.float32(level.sqrt_alpha_cumprod)
        spread = np.float32(level.sqrt_one_minus_alpha_cumprod)
        is_one_term = level.one_minus_alpha_cumprod == 0.0 or level.alpha_cumprod == 0.0
        # One for a piece of the frame, one for its share of noise.
        buffers = np.empty((2, min(length, flat_x_0.size)), dtype=np.float32)
        for start in range(0, flat_x_0.size, length) if starts is None else starts:
            place = slice(start, min(start + length, flat_x_0.size))
            frame, share = buffers[:, : place.stop - start]
            if is_one_term:
                np.copyto(frame, flat_noise[place])
            else:
                np.multiply(flat_x_0[place], signal, out=frame)
                frame += np.multiply(flat_noise[place], spread, out=share)
            yield place, frame

    def step(self, t: int) -> ForwardStep:
        """The step from t − 1 to t: where the frame was, what is kept of it and what is added.

        Raises
        ------
        IndexError
            If t is not in 1…T.
        """
        if t < 1:
            raise IndexError("The first step of the chain is t = 1.")
        x_prev, x_t = self.x_t(t - 1), self.x_t(t)
        variance = float(self.schedule.betas[t])
        mean = x_prev * np.float32(math.sqrt(float(self.schedule.alphas[t])))
        added = x_t - mean
        noise = np.zeros_like(added)
        if variance:
            np.divide(added, np.float32(math.sqrt(variance)), out=noise)
        return ForwardStep(x_prev, mean, variance, noise, added, x_t)


def _like(x: Array, values: FloatArray) -> Array:
    return x.new_tensor(values) if hasattr(x, "new_tensor") else values.astype(x.dtype)
