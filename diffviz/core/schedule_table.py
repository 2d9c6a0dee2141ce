"""The noise schedule as numbers: one immutable float64 table of length T + 1, and one row of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]


class ScheduleError(ValueError):
    """A schedule that cannot be built; the message is one sentence for a person."""


@dataclass(frozen=True)
class NoiseLevel:
    """How much signal and how much noise a picture holds, at one time.

    Denoisers are asked at a noise level and not at a bare t, so that one trained under another schedule
    can look up its own time.

    Parameters
    ----------
    t
        Time in 0…T of the schedule the level comes from; fractional between steps.
    alpha_cumprod
        ᾱ in [0, 1], the signal power.
    one_minus_alpha_cumprod
        1 − ᾱ, kept apart because the subtraction loses digits near t = 0.
    """

    t: float
    alpha_cumprod: float
    one_minus_alpha_cumprod: float

    @property
    def sqrt_alpha_cumprod(self) -> float:
        """√ᾱ, the factor on the clean picture."""
        return math.sqrt(self.alpha_cumprod)

    @property
    def sqrt_one_minus_alpha_cumprod(self) -> float:
        """√(1 − ᾱ), the factor on the noise."""
        return math.sqrt(self.one_minus_alpha_cumprod)

    @property
    def snr(self) -> float:
        """Signal-to-noise ratio ᾱ / (1 − ᾱ) in [0, ∞]."""
        if self.one_minus_alpha_cumprod == 0.0:
            return math.inf
        return self.alpha_cumprod / self.one_minus_alpha_cumprod

    @property
    def log_snr(self) -> float:
        """Natural logarithm of the SNR, in [−∞, ∞]."""
        if self.one_minus_alpha_cumprod == 0.0:
            return math.inf
        if self.alpha_cumprod == 0.0:
            return -math.inf
        return math.log(self.alpha_cumprod) - math.log(self.one_minus_alpha_cumprod)

    @property
    def half_log_snr(self) -> float:
        """½ ln SNR, the λ of the DPM-Solver papers."""
        return 0.5 * self.log_snr

    @property
    def sigma_edm(self) -> float:
        """√((1 − ᾱ)/ᾱ) in [0, ∞], the noise level of Karras et al. (2022)."""
        if self.alpha_cumprod == 0.0:
            return math.inf
        return math.sqrt(self.one_minus_alpha_cumprod / self.alpha_cumprod)


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """Variance-preserving noise schedule; every array is float64, read-only and indexed by t = 0…T.

    ``betas[0] == 0`` and ``alphas_cumprod[0] == 1`` exactly: t = 0 is the clean picture. The logarithm of
    ᾱ is the primary quantity, so that neither end of the chain loses digits.

    Parameters
    ----------
    betas
        β_t in [0, 1], shape (T + 1,), ``betas[0] == 0``.
    log_alphas_cumprod
        ln ᾱ_t in [−∞, 0], shape (T + 1,), never rising.

    See Also
    --------
    from_betas, from_log_alphas_cumprod : the ways to make one.
    """

    betas: FloatArray
    log_alphas_cumprod: FloatArray

    def __post_init__(self) -> None:
        for name in ("betas", "log_alphas_cumprod"):
            array = np.array(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, _frozen(array))
        if self.betas.ndim != 1 or self.betas.size < 2 or self.betas.shape != self.log_alphas_cumprod.shape:
            raise ScheduleError("A schedule needs at least one step, and one ᾱ for every β.")
        if np.isnan(self.betas).any() or self.betas.min() < 0.0 or self.betas.max() > 1.0:
            raise ScheduleError("Every β must lie between 0 and 1.")
        if (
            np.isnan(self.log_alphas_cumprod).any()
            or self.betas[0] != 0.0
            or self.log_alphas_cumprod[0] != 0.0
        ):
            raise ScheduleError("A schedule starts with the clean picture: β = 0 and ᾱ = 1 at t = 0.")

    @classmethod
    def from_betas(cls, betas: ArrayLike) -> NoiseSchedule:
        """Build from β_1…β_T.

        Parameters
        ----------
        betas
            T numbers in [0, 1].

        Raises
        ------
        ScheduleError
            If there is none, or one lies outside [0, 1] or is not a number.
        """
        steps = np.asarray(betas, dtype=np.float64).reshape(-1)
        if np.isnan(steps).any() or (steps < 0.0).any() or (steps > 1.0).any():
            raise ScheduleError("Every β must lie between 0 and 1.")
        with np.errstate(divide="ignore"):
            log_alphas_cumprod = np.cumsum(np.log1p(-steps)) + 0.0
        return cls(np.concatenate(([0.0], steps)), np.concatenate(([0.0], log_alphas_cumprod)))

    @classmethod
    def from_log_alphas_cumprod(cls, log_alphas_cumprod: ArrayLike) -> NoiseSchedule:
        """Build from ln ᾱ_1…ln ᾱ_T.

        Parameters
        ----------
        log_alphas_cumprod
            T numbers ≤ 0 that never rise; only the last may be −∞ (no signal left).

        Raises
        ------
        ScheduleError
            If the signal grows somewhere, or is gone before the last step.
        """
        steps = np.asarray(log_alphas_cumprod, dtype=np.float64).reshape(-1)
        log_table = np.concatenate(([0.0], steps))
        if np.isinf(log_table[:-1]).any() or np.isnan(steps).any():
            raise ScheduleError("ᾱ may reach 0 only at the last step.")
        changes = np.diff(log_table)
        if (changes > 0.0).any():
            raise ScheduleError("ᾱ may never rise: noise is only ever added.")
        return cls(np.concatenate(([0.0], -np.expm1(changes) + 0.0)), log_table)

    @property
    def num_timesteps(self) -> int:
        """T, the number of steps of the chain."""
        return self.betas.size - 1

    @cached_property
    def alphas(self) -> FloatArray:
        """α_t = 1 − β_t."""
        return _frozen(1.0 - self.betas)

    @cached_property
    def alphas_cumprod(self) -> FloatArray:
        """ᾱ_t = Π α_s over s = 1…t (Ho et al., 2020)."""
        return _frozen(np.exp(self.log_alphas_cumprod))

    @cached_property
    def one_minus_alphas_cumprod(self) -> FloatArray:
        """1 − ᾱ_t without cancellation."""
        return _frozen(-np.expm1(self.log_alphas_cumprod) + 0.0)

    @cached_property
    def sqrt_alphas_cumprod(self) -> FloatArray:
        """√ᾱ_t, the signal amplitude."""
        return _frozen(np.sqrt(self.alphas_cumprod))

    @cached_property
    def sqrt_one_minus_alphas_cumprod(self) -> FloatArray:
        """√(1 − ᾱ_t), the noise amplitude."""
        return _frozen(np.sqrt(self.one_minus_alphas_cumprod))

    @cached_property
    def snr(self) -> FloatArray:
        """ᾱ_t / (1 − ᾱ_t) in [0, ∞]."""
        with np.errstate(divide="ignore"):
            return _frozen(self.alphas_cumprod / self.one_minus_alphas_cumprod)

    @cached_property
    def log_snr(self) -> FloatArray:
        """Natural logarithm of the SNR, in [−∞, ∞]."""
        with np.errstate(divide="ignore"):
            return _frozen(self.log_alphas_cumprod - np.log(self.one_minus_alphas_cumprod))

    @cached_property
    def half_log_snr(self) -> FloatArray:
        """½ ln SNR, the λ of Lu et al. (2022)."""
        return _frozen(0.5 * self.log_snr)

    @cached_property
    def sigma_edm(self) -> FloatArray:
        """√((1 − ᾱ_t)/ᾱ_t) in [0, ∞], the σ of Karras et al. (2022)."""
        with np.errstate(divide="ignore"):
            return _frozen(np.sqrt(self.one_minus_alphas_cumprod / self.alphas_cumprod))

    @cached_property
    def posterior_variance(self) -> FloatArray:
        """β̃_t = β_t (1 − ᾱ_{t−1})/(1 − ᾱ_t) (Ho et al., 2020); 0 at t = 0, 1 and while ᾱ_t = 1."""
        noise = self.one_minus_alphas_cumprod
        ratio = np.divide(noise[:-1], noise[1:], out=np.zeros(self.num_timesteps), where=noise[1:] > 0.0)
        return _frozen(np.concatenate(([0.0], self.betas[1:] * ratio)))

    @cached_property
    def ou_dt(self) -> FloatArray:
        """Δτ_t = −½ ln(1 − β_t) in [0, ∞]: how long step t lasts on the Ornstein–Uhlenbeck clock."""
        with np.errstate(divide="ignore"):
            return _frozen(-0.5 * np.log1p(-self.betas) + 0.0)

    @cached_property
    def ou_time(self) -> FloatArray:
        """τ_t = −½ ln ᾱ_t in [0, ∞]: Ornstein–Uhlenbeck time since the clean picture."""
        return _frozen(-0.5 * self.log_alphas_cumprod + 0.0)

    def elbo_weight(self, variance: Literal["beta", "tilde"]) -> FloatArray:
        """Weight of the squared ε error in the variational bound, for t = 0…T.

        λ_t = β_t² / (2 σ_t² α_t (1 − ᾱ_t)) with σ_t² = β_t or β̃_t (Ho et al., 2020, the bound's L_{t−1}).
        It applies from t = 2 on; it is 0 where β_t = 0 and ∞ where a factor of the denominator is 0.

        Parameters
        ----------
        variance
            ``"beta"`` or ``"tilde"``, the variance of the reverse step.
        """
        noise = self.one_minus_alphas_cumprod
        kept = noise if variance == "beta" else np.concatenate(([0.0], noise[:-1]))
        below = 2.0 * self.alphas * kept
        weight = np.full(self.betas.shape, np.inf)
        np.divide(self.betas, below, out=weight, where=below > 0.0)
        weight[self.betas == 0.0] = 0.0
        return _frozen(weight)

    def level(self, t: int) -> NoiseLevel:
        """The noise level at time t.

        Raises
        ------
        IndexError
            If t is not in 0…T.
        """
        if not 0 <= t <= self.num_timesteps:
            raise IndexError(f"t = {t} is outside 0…{self.num_timesteps}.")
        return NoiseLevel(float(t), float(self.alphas_cumprod[t]), float(self.one_minus_alphas_cumprod[t]))

    def alpha_between(self, s: int, t: int) -> float:
        """α_{t|s} = ᾱ_t/ᾱ_s for s ≤ t: the signal power that a jump from s to t keeps."""
        return math.exp(self._log_alpha_between(s, t))

    def beta_between(self, s: int, t: int) -> float:
        """β_{t|s} = 1 − α_{t|s} for s ≤ t: the variance that a jump from s to t adds."""
        return -math.expm1(self._log_alpha_between(s, t)) + 0.0

    def zero_terminal_snr(self) -> NoiseSchedule:
        """The schedule shifted and scaled so that no signal is left at T.

        √ᾱ ← (√ᾱ − √ᾱ_T)·√ᾱ_1/(√ᾱ_1 − √ᾱ_T) (Lin et al., 2024, "Common diffusion noise schedules and sample
        steps are flawed"). ᾱ_1 keeps its value, ᾱ_T = 0 and β_T = 1 exactly.

        Raises
        ------
        ScheduleError
            If the chain has one step only or adds no noise after the first.
        """
        if self.log_alphas_cumprod[-1] == -np.inf:
            return self
        root = self.sqrt_alphas_cumprod
        if not root[1] > root[-1]:
            raise ScheduleError("Rescaling to zero SNR needs a chain that adds noise after its first step.")
        scaled = np.maximum(root[1:] - root[-1], 0.0) * (root[1] / (root[1] - root[-1]))
        with np.errstate(divide="ignore"):
            log_table = np.concatenate(([0.0], 2.0 * np.log(scaled)))
        log_table[1] = self.log_alphas_cumprod[1]
        # A plateau at the end of the chain is gone together with its last value; its steps stay the identity.
        gone = np.isinf(log_table[:-1])
        changes = np.zeros(self.num_timesteps)
        np.subtract(log_table[1:], log_table[:-1], out=changes, where=~gone)
        betas = np.concatenate(([0.0], -np.expm1(changes) + 0.0))
        betas[1] = self.betas[1]
        return NoiseSchedule(betas, log_table)

    def same_as(self, other: NoiseSchedule) -> bool:
        """Whether both schedules have the same β, bit for bit."""
        return np.array_equal(self.betas, other.betas)

    def _log_alpha_between(self, s: int, t: int) -> float:
        if not 0 <= s <= t <= self.num_timesteps:
            raise IndexError(
                f"A jump goes from s to t with 0 ≤ s ≤ t ≤ {self.num_timesteps}, not {s} to {t}."
            )
        if self.log_alphas_cumprod[s] > -np.inf:
            return float(self.log_alphas_cumprod[t] - self.log_alphas_cumprod[s])
        with np.errstate(divide="ignore"):
            return float(np.log1p(-self.betas[s + 1 : t + 1]).sum())


def _frozen(array: FloatArray) -> FloatArray:
    array.flags.writeable = False
    return array
