"""What lessons may speak of: numbers of the session by name, and of the newest run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.linear_sampling import sampled_variance
from diffviz.core.sampler_spec import SamplerKind
from diffviz.core.sampler_steps import Variance
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.slips import Slip
from diffviz.data.lesson_expressions import FUNCTIONS, Value
from diffviz.engine.request import EXACT_PICTURES
from diffviz.engine.run_start import fitted_picture
from diffviz.evaluation.metrics import mean_squared_error

if TYPE_CHECKING:
    from diffviz.engine.images import ImageStore
    from diffviz.engine.run import Run
    from diffviz.engine.state import SessionState

__all__ = ["run_facts", "session_facts"]

_COLUMNS = (
    *("betas", "alphas", "alphas_cumprod", "one_minus_alphas_cumprod", "sqrt_alphas_cumprod"),
    *(
        "sqrt_one_minus_alphas_cumprod",
        "snr",
        "log_snr",
        "sigma_edm",
        "posterior_variance",
        "ou_time",
        "ou_dt",
    ),
)
_PLAIN_FIELDS = (
    *("t", "seed", "noise_mode", "denoiser", "class_index", "guidance_scale", "start", "start_t"),
    *("reverse_seed", "num_samples", "workspace", "image", "bound_variance"),
)


def session_facts(state: SessionState) -> dict[str, Value]:
    """
    Numbers of a settled state by name.

    Arrays over t = 0…T of its schedule, and of the one it is compared with under names that begin with
    ``ghost_``; fields of the session; settings of the sampler; and ``sampled_variance(S)``.
    """
    facts: dict[str, Value] = {name: getattr(state, name) for name in _PLAIN_FIELDS}
    facts |= _schedule_facts(state.schedule)
    if state.ghost is not None:
        facts |= {f"ghost_{name}": value for name, value in _schedule_facts(state.ghost).items()}
    sampler = state.sampler
    facts |= {
        "T": state.num_timesteps,
        "schedule": state.schedule.kind,
        "sampler": sampler.kind,
        "num_sampling_steps": sampler.num_sampling_steps,
        "variance": sampler.variance,
        "eta": sampler.eta,
        "clip": sampler.clip,
        "gelu_minimum": _gelu_minimum(),
        "lab_data": state.lab.data,
        "lab_g": state.lab.g,
        "lab_motion": state.lab.motion,
    }

    def ended_variance(
        data_variance: float, slip: str = "", kind: str = "", steps: int = 0, variance: str = ""
    ) -> float:
        """Variance that a sampler, by default the chosen one, ends with for data of a variance."""
        spec = replace(
            sampler,
            kind=SamplerKind(kind) if kind else sampler.kind,
            num_sampling_steps=steps or sampler.num_sampling_steps,
            variance=Variance(variance) if variance else sampler.variance,
        )
        chosen = Slip(slip) if slip else None
        return sampled_variance(build_schedule(state.schedule), spec, data_variance, chosen)

    facts["sampled_variance"] = ended_variance
    return facts


def run_facts(run: Run, others: tuple[Run, ...], images: ImageStore) -> dict[str, Value]:
    """
    Numbers of a run that has ended.

    Parameters
    ----------
    run
        The run.
    others
        All runs, oldest first; the run is compared with the one that it was made beside, or else with the
        newest one before it.
    images
        The pictures, for the distance to the nearest one that the exact denoiser of the pictures knows.
    """
    pictures = _end(run)
    facts: dict[str, Value] = {
        "run_steps": len(run.steps),
        "run_mean": float(pictures.mean()),
        "run_std": float(pictures.std()),
        "run_largest": float(np.abs(pictures).max()),
        "run_noise": max(step.coefficients.noise for step in run.steps),
    }
    before = [other for other in others if other.complete and other is not run]
    beside = run.beside if run.beside is not None else before[-1] if before else None
    if beside is not None and beside.complete and _end(beside).shape == pictures.shape:
        facts["run_difference"] = _distance(pictures, _end(beside))
        facts["run_other_std"] = float(_end(beside).std())
    if run.request.denoiser == EXACT_PICTURES and run.context is not None:
        known = [fitted_picture(images, key, run.context.shape, "crop") for key in run.request.picture_keys]
        facts["run_nearest"] = max(min(_distance(p, other) for other in known) for p in pictures)
    return facts


@lru_cache(maxsize=1)
def _gelu_minimum() -> float:
    """Lowest value of x Φ(x), where its slope Φ(x) + x φ(x) is 0, by halving."""
    low, high = -2.0, 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        slope = FUNCTIONS["normal_cdf"](middle) + middle * FUNCTIONS["normal_pdf"](middle)
        low, high = (middle, high) if slope < 0.0 else (low, middle)
    return float(low * FUNCTIONS["normal_cdf"](low))


@lru_cache(maxsize=32)
def _schedule_facts(spec: ScheduleSpec) -> Mapping[str, Value]:
    schedule = build_schedule(spec)
    facts: dict[str, Value] = {name: getattr(schedule, name) for name in _COLUMNS}
    facts["elbo_weight_beta"] = schedule.elbo_weight("beta")
    facts["elbo_weight_tilde"] = schedule.elbo_weight("tilde")
    facts["posterior_c_0"], facts["posterior_c_t"] = _posterior_columns(schedule)
    facts["alpha_between"], facts["beta_between"] = schedule.alpha_between, schedule.beta_between
    return MappingProxyType(facts)


def _posterior_columns(schedule: NoiseSchedule) -> tuple[Value, Value]:
    """Coefficients of q(x_{t−1} | x_t, x_0) on x_0 and on x_t, for t = 0…T; of no step at 0."""
    noise = schedule.one_minus_alphas_cumprod
    total = np.where(noise[1:] > 0.0, noise[1:], 1.0)
    c_0 = schedule.sqrt_alphas_cumprod[:-1] * schedule.betas[1:] / total
    c_t = np.where(noise[1:] > 0.0, np.sqrt(schedule.alphas[1:]) * noise[:-1] / total, 1.0)
    return np.concatenate(([0.0], c_0)), np.concatenate(([1.0], c_t))


def _distance(x: Value, other: Value) -> float:
    """Root of the mean square of a difference of pictures, 0 to 2."""
    return math.sqrt(mean_squared_error(x, other))


def _end(run: Run) -> Value:
    """The finished pictures of a run, float32 (B, H, W, C)."""
    frame = run.frame_at(0)
    assert frame is not None, "the run has not ended"
    return frame.pictures("x_t")
