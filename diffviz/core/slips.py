"""Slips found in course texts and programs, to be run on purpose beside the same sampler without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from diffviz.core.noise import Stream
from diffviz.core.prediction import Prediction
from diffviz.core.sampler_spec import Clip, SamplerKind, SamplerSpec
from diffviz.core.sampler_steps import StepCoefficients
from diffviz.core.schedules import NoiseLevel, NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.samplers import NoiseSource, Predict

_FEW_STEPS = 4


class Slip(StrEnum):
    """What is done wrong."""

    NO_NOISE = "no-noise"
    SAME_NOISE = "same-noise"
    VARIANCE_FOR_DEVIATION = "variance-for-deviation"
    CUMPROD_FOR_ALPHA = "cumprod-for-alpha"
    UPWARDS = "upwards"
    NO_CLIP = "no-clip"
    ONE_SHOT = "one-shot"
    WRONG_SCHEDULE = "wrong-schedule"
    FEW_STEPS = "few-steps"


@dataclass(frozen=True)
class SlipInfo:
    """Name of a slip and one sentence on what it shows."""

    title: str
    sentence: str


SLIPS: dict[Slip, SlipInfo] = {
    Slip.NO_NOISE: SlipInfo(
        "No noise added",
        "Without fresh noise every step only averages: detail is never drawn, the picture ends too smooth.",
    ),
    Slip.SAME_NOISE: SlipInfo(
        "The same noise every step",
        "Steps whose noise is always the same add up instead of cancelling out, and the pattern stays.",
    ),
    Slip.VARIANCE_FOR_DEVIATION: SlipInfo(
        "σ² where σ belongs",
        "Noise has to be multiplied by its standard deviation; by the smaller variance it is nearly gone.",
    ),
    Slip.CUMPROD_FOR_ALPHA: SlipInfo(
        "ᾱ where α belongs",
        "ᾱ of the whole chain for α of one step in the posterior mean: x_t is shrunk again and again.",
    ),
    Slip.UPWARDS: SlipInfo(
        "The loop in the wrong direction",
        "Counting t up tells the denoiser that pure noise is almost clean; its real work comes too late.",
    ),
    Slip.NO_CLIP: SlipInfo(
        "No clipping",
        "Guesses beyond black and white pull the next steps along; cutting them holds the run on course.",
    ),
    Slip.ONE_SHOT: SlipInfo(
        "All in one step",
        "The first guess is the mean of all pictures that might come of it; many steps make one of them.",
    ),
    Slip.WRONG_SCHEDULE: SlipInfo(
        "The wrong schedule",
        "The denoiser is told the t of another schedule: it takes away too much noise, or too little.",
    ),
    Slip.FEW_STEPS: SlipInfo(
        "Too few steps",
        "A reverse step is Gaussian only while it is small: four long ones leave out what lies between.",
    ),
}


def sane_spec(spec: SamplerSpec, slip: Slip) -> SamplerSpec:
    """The sampler beside which a slip shows: one that draws noise, or clips, where the slip is about that."""
    of_ddpm = (Slip.NO_NOISE, Slip.SAME_NOISE, Slip.VARIANCE_FOR_DEVIATION, Slip.CUMPROD_FOR_ALPHA)
    if slip in of_ddpm:
        return replace(spec, kind=SamplerKind.DDPM)
    if slip is Slip.NO_CLIP and spec.clip is Clip.NONE:
        return replace(spec, clip=Clip.STATIC)
    return spec


def slipped_spec(spec: SamplerSpec, slip: Slip | None) -> SamplerSpec:
    """The sampler with the slip, where it is one of its settings."""
    if slip is Slip.NO_CLIP:
        return replace(spec, clip=Clip.NONE)
    if slip is Slip.ONE_SHOT:
        return replace(spec, kind=SamplerKind.DDIM, eta=0.0, num_sampling_steps=1, spacing=Spacing.TRAILING)
    if slip is Slip.FEW_STEPS:
        return replace(spec, num_sampling_steps=min(spec.num_sampling_steps, _FEW_STEPS))
    return spec


def slipped_noise(noise_source: NoiseSource, slip: Slip | None) -> NoiseSource:
    """The noise of the steps with the slip; the start keeps its own."""
    if slip is Slip.NO_NOISE:
        return lambda stream, index: noise_source(stream, index) * (1.0 if stream is Stream.X_T else 0.0)
    if slip is Slip.SAME_NOISE:
        return lambda stream, index: noise_source(stream, index if stream is Stream.X_T else 0)
    return noise_source


def misleading_schedule(spec: ScheduleSpec) -> NoiseSchedule:
    """The schedule that the denoiser takes for the true one in ``Slip.WRONG_SCHEDULE``."""
    kind = "linear_ct" if spec.kind == "cosine" else "cosine"
    return build_schedule(ScheduleSpec(kind, spec.num_timesteps))


def slipped_predict(predict: Predict, other: NoiseSchedule, slip: Slip | None) -> Predict:
    """The denoiser with the slip: told the level of another schedule at the same t.

    Its ε̂ is then taken out of x_t at the true level, as programs do that keep ᾱ and t apart.
    """
    if slip is not Slip.WRONG_SCHEDULE:
        return predict

    def misled(x_t: Tensor, level: NoiseLevel) -> Prediction:
        told = predict(x_t, other.level(round(level.t)))
        a, b = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
        return Prediction((x_t - b * told.noise) / a if a else told.x_0, told.noise)

    return misled


def slipped_coefficients(
    coefficients: StepCoefficients, schedule: NoiseSchedule, s: int, t: int, slip: Slip | None
) -> StepCoefficients:
    """The coefficients of a step from t to s with the slip."""
    if slip is Slip.VARIANCE_FOR_DEVIATION:
        return replace(coefficients, noise=coefficients.noise**2)
    if slip is Slip.CUMPROD_FOR_ALPHA and coefficients.x_t:
        kept = float(schedule.sqrt_alphas_cumprod[t]) / schedule.alpha_between(s, t) ** 0.5
        return replace(coefficients, x_t=coefficients.x_t * kept)
    return coefficients


def slipped_times(times: tuple[int, ...], t: int, s: int, slip: Slip | None) -> tuple[int, int]:
    """(t, s) by which the step of the loop at t is computed; counted upwards, those of the mirrored step."""
    if slip is not Slip.UPWARDS:
        return t, s
    mirrored = len(times) - 1 - times.index(t)
    return times[mirrored], (*times, 0)[mirrored + 1]
