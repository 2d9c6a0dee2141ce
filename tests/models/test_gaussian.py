"""Closed-form denoisers of Gaussian and mixture data, against densities written out and their gradients."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from diffviz.core.guidance import classifier_free
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import NoiseLevel, NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing
from diffviz.models.gaussian import GaussianDenoiser, GaussianMixtureDenoiser

LINEAR = build_schedule(ScheduleSpec())
COVARIANCE = torch.tensor([[0.5, 0.3], [0.3, 0.4]], dtype=torch.float64)
MEAN = torch.tensor([0.2, -0.1], dtype=torch.float64)
MEANS = torch.tensor([[1.0, 0.0], [-0.5, 0.8], [-0.5, -0.8]], dtype=torch.float64)
COVARIANCES = torch.stack((0.1 * torch.eye(2), 0.2 * COVARIANCE.float(), 0.05 * torch.eye(2))).double()
WEIGHTS = torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64)


def points(count: int, dim: int = 2) -> torch.Tensor:
    return torch.from_numpy(draw_noise((count, dim), 3, Stream.TRAIN)).double()


def marginal(level: NoiseLevel, chosen: torch.Tensor = WEIGHTS) -> MixtureSameFamily:
    spread = level.alpha_cumprod * COVARIANCES + level.one_minus_alpha_cumprod * torch.eye(2).double()
    return MixtureSameFamily(
        Categorical(probs=chosen), MultivariateNormal(level.sqrt_alpha_cumprod * MEANS, spread)
    )


@pytest.mark.parametrize("t", [1, 100, 500, 1000])
def test_gaussian_answers_are_linear_regression(t: int):
    level, x = LINEAR.level(t), points(6)
    spread = level.alpha_cumprod * COVARIANCE + level.one_minus_alpha_cumprod * torch.eye(2).double()
    centred = x - level.sqrt_alpha_cumprod * MEAN
    said = GaussianDenoiser(MEAN, COVARIANCE).predict(x, level)
    solved = torch.linalg.solve(spread, centred.T).T
    expected = level.sqrt_one_minus_alpha_cumprod * solved
    torch.testing.assert_close(said.noise, expected, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(
        said.x_0, MEAN + level.sqrt_alpha_cumprod * solved @ COVARIANCE, atol=1e-12, rtol=1e-10
    )
    left = level.one_minus_alpha_cumprod * torch.linalg.solve(spread, COVARIANCE)
    assert said.x_0_variance is not None
    torch.testing.assert_close(said.x_0_variance, (left.trace() / 2).expand(6), atol=1e-13, rtol=1e-9)


@pytest.mark.parametrize("t", [20, 300, 1000])
def test_mixture_answers_follow_the_density(t: int):
    level, x = LINEAR.level(t), points(6).requires_grad_()
    denoiser = GaussianMixtureDenoiser(MEANS, COVARIANCES, WEIGHTS)
    log_density = marginal(level).log_prob(x)
    (gradient,) = torch.autograd.grad(log_density.sum(), x)
    said = denoiser.predict(x.detach(), level)
    torch.testing.assert_close(
        -said.noise / level.sqrt_one_minus_alpha_cumprod, gradient, atol=1e-10, rtol=1e-9
    )
    torch.testing.assert_close(
        denoiser.log_density(x.detach(), level), log_density.detach(), atol=1e-12, rtol=1e-10
    )


def test_a_class_of_a_mixture_is_its_components_alone():
    denoiser = GaussianMixtureDenoiser(MEANS, COVARIANCES, WEIGHTS, labels=(0, 1, 1))
    level, x = LINEAR.level(300), points(4)
    chosen = torch.tensor([0.0, 0.4, 0.6], dtype=torch.float64)
    alone = GaussianMixtureDenoiser(MEANS[1:], COVARIANCES[1:], chosen[1:])
    torch.testing.assert_close(denoiser.predict(x, level, 1).x_0, alone.predict(x, level).x_0)
    mixed = denoiser.predict(x, level, [1, None, 0, 1]).x_0
    torch.testing.assert_close(mixed[1], denoiser.predict(x, level).x_0[1])
    torch.testing.assert_close(mixed[3], alone.predict(x, level).x_0[3])
    with pytest.raises(ValueError, match="no component of class 5"):
        denoiser.predict(x, level, 5)
    with pytest.raises(ValueError, match="no classes"):
        alone.predict(x, level, 1)


def test_guidance_on_a_mixture_follows_the_gradient_of_the_class():
    denoiser = GaussianMixtureDenoiser(MEANS, COVARIANCES, WEIGHTS, labels=(0, 1, 1))
    level, x = LINEAR.level(400), points(5).requires_grad_()
    of_class = marginal(level, torch.tensor([0.0, 0.4, 0.6], dtype=torch.float64) + 1e-300)
    log_odds = of_class.log_prob(x) - marginal(level).log_prob(x)
    (gradient,) = torch.autograd.grad(log_odds.sum(), x)
    conditional, unconditional = (denoiser.predict(x.detach(), level, label) for label in (1, None))
    expected = unconditional.noise - level.sqrt_one_minus_alpha_cumprod * gradient
    torch.testing.assert_close(conditional.noise, expected, atol=1e-12, rtol=1e-10)


def test_exaggerated_guidance_ends_where_it_is_known_to():
    """p = N(0, 1), p(x|y) = N(0.8, 0.25), w = 2: neither the data nor the tilted density.

    Started at the last σ of the linear schedule, which is where the known mean comes from.
    """
    one = torch.ones(1, 1, dtype=torch.float64)
    unconditional = GaussianDenoiser(torch.zeros(1), one)
    conditional = GaussianDenoiser(torch.full((1,), 0.8, dtype=torch.float64), 0.25 * one)
    high, low = LINEAR.sigma_edm[1000] ** (1 / 7), 2e-3 ** (1 / 7)
    sigma = (low + np.arange(200) / 199 * (high - low)) ** 7
    grid = NoiseSchedule.from_log_alphas_cumprod(-np.log1p(sigma**2))

    def predict(x, level):
        return classifier_free(conditional.predict(x, level), unconditional.predict(x, level), 3.0)

    x = torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64)
    steps = list(sample(predict, x, grid, SamplerSpec(SamplerKind.HEUN, 200), lambda *_: x))
    left, middle, right = steps[-1].x_s.flatten().tolist()
    assert middle == pytest.approx(1.19625, abs=2e-3)
    assert ((right - left) / 2) ** 2 == pytest.approx(0.015625, abs=1e-3)


def test_the_exact_flow_is_what_fine_sampling_approaches():
    denoiser, x = GaussianDenoiser(MEAN, COVARIANCE), points(5)
    exact = denoiser.flow(x, LINEAR.level(1000), LINEAR.level(1))
    spec = SamplerSpec(SamplerKind.HEUN, 500, Spacing.LOGSNR)
    steps = list(sample(denoiser.predict, x, LINEAR, spec, lambda *_: x))
    assert float((steps[-1].x_t - exact).abs().max()) < 1e-3
    back = denoiser.flow(exact, LINEAR.level(1), LINEAR.level(1000))
    torch.testing.assert_close(back, x, atol=1e-12, rtol=1e-12)


def test_directions_without_spread_and_levels_at_both_ends_are_finite():
    flat = GaussianDenoiser(MEAN, torch.diag(torch.tensor([0.3, 0.0], dtype=torch.float64)))
    for level in (LINEAR.level(0), LINEAR.level(1), NoiseLevel(1.0, 0.0, 1.0)):
        said = flat.predict(points(3), level)
        assert torch.isfinite(said.x_0).all()
        assert torch.isfinite(said.noise).all()
        assert float((said.x_0[:, 1] - MEAN[1]).abs().max()) < 1e-12
    assert math.isfinite(float(flat.predict(points(1), LINEAR.level(0)).x_0_variance))


def test_pictures_are_answered_in_their_own_shape_and_kind():
    denoiser = GaussianDenoiser(torch.zeros(12), torch.eye(12))
    said = denoiser.predict(torch.ones(2, 3, 2, 2), LINEAR.level(9))
    assert said.x_0.shape == (2, 3, 2, 2)
    assert said.x_0.dtype == torch.float32
