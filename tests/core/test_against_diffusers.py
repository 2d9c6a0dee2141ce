"""The same tables, grids and steps as an independent implementation; its time i is our t = i + 1."""

import logging
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from diffviz.core.noise import Stream
from diffviz.core.prediction import Prediction, PredictionType, to_prediction
from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, Variance, sample
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing, sampling_timesteps

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from diffusers import DDIMScheduler, DDPMScheduler

LATENT = ScheduleSpec("quadratic", params=(("beta_min", 0.00085), ("beta_max", 0.012)))
TABLES = [
    (ScheduleSpec(), {"beta_schedule": "linear"}),
    (ScheduleSpec(num_timesteps=100), {"beta_start": 1e-3, "beta_end": 0.2}),
    (ScheduleSpec("cosine"), {"beta_schedule": "squaredcos_cap_v2"}),
    (LATENT, {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}),
    (ScheduleSpec("sigmoid_beta"), {"beta_schedule": "sigmoid"}),
    (ScheduleSpec(zero_terminal_snr=True), {"rescale_betas_zero_snr": True}),
]
SHAPE = (2, 3, 4, 4)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        logging.getLogger("diffusers").setLevel(logging.ERROR)
        yield


def double(*, seed: int) -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(x_t: torch.Tensor, t: float) -> torch.Tensor:
    """Any smooth function of picture and time."""
    return torch.sin(3.0 * x_t) + 0.1 * x_t + t / 1000.0 - 0.5


def predict_as(kind: PredictionType):
    def predict(x_t: torch.Tensor, level: NoiseLevel) -> Prediction:
        return to_prediction(network(x_t, level.t), kind, x_t, level)

    return predict


@pytest.mark.parametrize(("spec", "config"), TABLES, ids=lambda value: str(getattr(value, "kind", "")))
def test_tables_are_the_same(spec: ScheduleSpec, config: dict[str, object]):
    theirs = DDPMScheduler(num_train_timesteps=spec.num_timesteps, **config)
    ours = build_schedule(spec)
    np.testing.assert_allclose(
        ours.betas[1:], theirs.betas.double(), rtol=2e-3 if spec.zero_terminal_snr else 1e-3
    )
    np.testing.assert_allclose(ours.alphas_cumprod[1:], theirs.alphas_cumprod.double(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("steps", [10, 50, 250, 1000])
@pytest.mark.parametrize("spacing", [Spacing.TRAILING, Spacing.LEADING, Spacing.LINSPACE])
def test_grids_are_the_same(spacing: Spacing, steps: int):
    theirs = DDIMScheduler(timestep_spacing=spacing.value)
    theirs.set_timesteps(steps)
    ours = sampling_timesteps(build_schedule(ScheduleSpec()), steps, spacing)
    assert [t - 1 for t in ours] == theirs.timesteps.tolist()


@pytest.mark.parametrize("kind", [PredictionType.NOISE, PredictionType.V, PredictionType.X_0])
@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("spacing", [Spacing.TRAILING, Spacing.LEADING])
@pytest.mark.parametrize("spec", [ScheduleSpec(), ScheduleSpec("cosine")], ids=lambda spec: spec.kind)
def test_ddim_steps_are_the_same(spec: ScheduleSpec, spacing: Spacing, eta: float, kind: PredictionType):
    ours = build_schedule(spec)
    theirs = DDIMScheduler(
        clip_sample=False,
        timestep_spacing=spacing.value,
        prediction_type={"noise": "epsilon", "v": "v_prediction", "x_0": "sample"}[kind.value],
    )
    theirs.alphas_cumprod = torch.from_numpy(ours.alphas_cumprod[1:].copy())
    theirs.set_timesteps(20)
    x = their_x = double(seed=0)
    sampler = SamplerSpec(SamplerKind.DDIM, 20, spacing, eta=eta)
    for step in sample(predict_as(kind), x, ours, sampler, lambda _, t: double(seed=t)):
        noise = double(seed=step.t) if eta and step.s > 0 else torch.zeros(SHAPE, dtype=torch.float64)
        output = network(their_x, step.t)
        done = theirs.step(output, step.t - 1, their_x, eta=eta, variance_noise=noise if eta else None)
        torch.testing.assert_close(step.pred_x_0, done.pred_original_sample, rtol=1e-8, atol=1e-8)
        their_x = done.prev_sample
        torch.testing.assert_close(step.x_s, their_x, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("clip", [Clip.NONE, Clip.STATIC])
@pytest.mark.parametrize("variance", [Variance.TILDE, Variance.BETA])
@pytest.mark.parametrize("spec", [ScheduleSpec(), ScheduleSpec("cosine")], ids=lambda spec: spec.kind)
def test_ancestral_steps_are_the_same(spec: ScheduleSpec, variance: Variance, clip: Clip):
    ours = build_schedule(spec)
    theirs = DDPMScheduler(
        clip_sample=clip is Clip.STATIC,
        variance_type="fixed_small" if variance is Variance.TILDE else "fixed_large",
        timestep_spacing="trailing",
    )
    theirs.alphas_cumprod = torch.from_numpy(ours.alphas_cumprod[1:].copy())
    theirs.set_timesteps(25)
    their_x = double(seed=0)
    sampler = SamplerSpec(SamplerKind.DDPM, 25, variance=variance, clip=clip)

    def source(stream: Stream, t: int) -> torch.Tensor:
        assert stream is Stream.ANCESTRAL
        return double(seed=t)

    for step in sample(predict_as(PredictionType.NOISE), their_x, ours, sampler, source):
        if step.s == 0:
            break  # theirs adds noise on the way to the clean picture too
        output = network(their_x, step.t)
        generator = torch.Generator().manual_seed(step.t)
        their_x = theirs.step(output, step.t - 1, their_x, generator=generator).prev_sample
        torch.testing.assert_close(step.x_s, their_x, rtol=1e-7, atol=1e-7)
    assert step.t == 40
