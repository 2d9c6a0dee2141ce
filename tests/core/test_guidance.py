"""Guidance: the ends of the dial are exact, and its arithmetic keeps x_0 and ε together."""

import math

import pytest
import torch

from diffviz.core.guidance import classifier_free, classifier_guided, rescale, rescaled
from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.samplers import SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.models.denoiser import guided
from diffviz.models.gaussian import GaussianMixtureDenoiser
from tests.core import identities

SCHEDULE = build_schedule(ScheduleSpec())
LEVEL = SCHEDULE.level(400)
MEANS = torch.tensor([[-1.0, 0.4], [0.8, 0.1], [0.2, -0.9]], dtype=torch.float64)
COVARIANCES = torch.stack([spread * torch.eye(2, dtype=torch.float64) for spread in (0.04, 0.2, 0.1)])
SHARES = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
LABELS = (0, 1, 1)
MIXTURE = GaussianMixtureDenoiser(MEANS, COVARIANCES, SHARES, LABELS)


def answers() -> tuple[torch.Tensor, Prediction, Prediction]:
    generator = torch.Generator().manual_seed(0)
    x_t, first, second = torch.randn(3, 2, 1, 4, 4, generator=generator, dtype=torch.float64)
    return x_t, *(Prediction(x_0, noise_from_x_0(x_0, x_t, LEVEL)) for x_0 in (first, second))


def test_one_is_conditional_and_zero_is_unconditional_bit_for_bit():
    _, conditional, unconditional = answers()
    assert classifier_free(conditional, unconditional, 1.0) is conditional
    assert classifier_free(conditional, unconditional, 0.0) is unconditional


@pytest.mark.parametrize("scale", [-1.0, 0.5, 3.0, 7.5])
def test_guided_pictures_still_make_up_x_t(scale: float):
    x_t, conditional, unconditional = answers()
    guided = classifier_free(conditional, unconditional, scale)
    whole = LEVEL.sqrt_alpha_cumprod * guided.x_0 + LEVEL.sqrt_one_minus_alpha_cumprod * guided.noise
    torch.testing.assert_close(whole, x_t, atol=1e-12, rtol=0)
    w = scale - 1.0
    torch.testing.assert_close(guided.noise, (1 + w) * conditional.noise - w * unconditional.noise)


def test_rescaling_gives_back_the_contrast_of_each_sample():
    _, conditional, unconditional = answers()
    guided = classifier_free(conditional, unconditional, 7.5).x_0
    target = conditional.x_0.std(dim=(1, 2, 3))
    torch.testing.assert_close(rescale(guided, conditional.x_0, 1.0).std(dim=(1, 2, 3)), target)
    torch.testing.assert_close(rescale(guided, conditional.x_0, 0.0), guided)
    partly = rescale(guided, conditional.x_0, 0.7).std(dim=(1, 2, 3))
    torch.testing.assert_close(partly, 0.7 * target + 0.3 * guided.std(dim=(1, 2, 3)))


def test_a_flat_picture_is_left_as_it_is():
    flat = torch.full((1, 1, 3, 3), 0.2)
    assert torch.equal(rescale(flat, torch.rand(1, 1, 3, 3)), flat)


def test_rescaled_answers_still_make_up_x_t_and_nothing_rescales_nothing():
    x_t, conditional, unconditional = answers()
    strong = classifier_free(conditional, unconditional, 7.5)
    assert rescaled(strong, conditional, x_t, LEVEL, 0.0) is strong
    calmed = rescaled(strong, conditional, x_t, LEVEL, 0.7)
    whole = LEVEL.sqrt_alpha_cumprod * calmed.x_0 + LEVEL.sqrt_one_minus_alpha_cumprod * calmed.noise
    torch.testing.assert_close(whole, x_t, atol=1e-12, rtol=0)
    assert (calmed.x_0.std() - conditional.x_0.std()).abs() < (strong.x_0.std() - conditional.x_0.std()).abs()


class MixtureClassifier:
    """p(y | x_t) of the labelled mixture by Bayes from its densities, differentiated by autograd."""

    def gradient(self, x_t: torch.Tensor, level: NoiseLevel, class_index: int) -> torch.Tensor:
        with torch.enable_grad():
            x = x_t.detach().requires_grad_()
            logits = []
            for share, mean, covariance in zip(SHARES, MEANS, COVARIANCES, strict=True):
                spread = level.alpha_cumprod * covariance[0, 0] + level.one_minus_alpha_cumprod
                far = (x - level.sqrt_alpha_cumprod * mean).square().sum(dim=1)
                logits.append(share.log() - far / (2 * spread) - spread.log())
            every = torch.stack(logits, dim=1)
            of_class = every[:, [label == class_index for label in LABELS]]
            log_probability = of_class.logsumexp(dim=1) - every.logsumexp(dim=1)
            return torch.autograd.grad(log_probability.sum(), x)[0]


@pytest.mark.parametrize("t", [1, 100, 400, 900])
@pytest.mark.parametrize("label", [0, 1])
def test_the_true_classifier_turns_the_unconditional_answer_into_the_conditional_one(t: int, label: int):
    level = SCHEDULE.level(t)
    noise = torch.randn(6, 2, generator=torch.Generator().manual_seed(t), dtype=torch.float64)
    x_t = level.sqrt_alpha_cumprod * MEANS.repeat(2, 1) + level.sqrt_one_minus_alpha_cumprod * noise
    conditional = MIXTURE.predict(x_t, level, label)
    by_bayes = guided(MIXTURE, label, 0.0, classifier=MixtureClassifier(), classifier_scale=1.0)(x_t, level)
    torch.testing.assert_close(by_bayes.noise, conditional.noise, atol=1e-12, rtol=0)
    # x_0 is (x_t − bε)/a: the same digits, 1/SNR times larger.
    magnified = math.sqrt(1.0 / level.snr)
    torch.testing.assert_close(by_bayes.x_0, conditional.x_0, atol=1e-12 * max(1.0, magnified), rtol=0)


def test_a_classifier_changes_nothing_at_scale_zero_or_where_no_signal_is_left():
    _, conditional, _ = answers()
    gradient = torch.ones_like(conditional.x_0)
    assert classifier_guided(conditional, gradient, LEVEL, 0.0) is conditional
    assert classifier_guided(conditional, gradient, NoiseLevel(10.0, 0.0, 1.0), 2.0) is conditional


@pytest.mark.parametrize("label", [0, 1])
def test_the_ends_of_the_dial_are_the_plain_samplers_bit_for_bit(label: int):
    x_t = torch.randn(5, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for scale, wanted in ((1.0, label), (0.0, None)):
        got, plain = guided(MIXTURE, label, scale)(x_t, LEVEL), MIXTURE.predict(x_t, LEVEL, wanted)
        assert torch.equal(got.noise, plain.noise)
        assert torch.equal(got.x_0, plain.x_0)


def test_guidance_does_not_sample_the_tilted_density():
    """p = N(0, 1), p(x | y) = N(0.8, 0.25), w = 2: the flow ends elsewhere than N(0.96, 0.1)."""
    rooms = identities.Rooms()
    conditional = identities.gaussian_predict(rooms, 0.8, 0.25)
    unconditional = identities.gaussian_predict(rooms, 0.0, 1.0)

    def predict(x: torch.Tensor, level: NoiseLevel) -> Prediction:
        return classifier_free(conditional(x, level), unconditional(x, level), 3.0)

    # The flow of Gaussians is affine: two points tell all of it.
    ends = identities.column(0.0, 1.0)
    spec = SamplerSpec(SamplerKind.HEUN, 1000)
    zero, one = (
        float(value) for value in list(sample(predict, ends, SCHEDULE, spec, identities.silent))[-1].x_s
    )
    assert zero == pytest.approx(1.19625, abs=2e-3)
    assert (one - zero) ** 2 == pytest.approx(0.015625, abs=1e-3)
    assert 0.25**3 == 0.015625  # S_y^{1 + w} S_u^{−w}, in closed form
