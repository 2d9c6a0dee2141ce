"""Guidance: the ends of the dial are exact, and its arithmetic keeps x_0 and ε together."""

import pytest
import torch

from diffviz.core.guidance import classifier_free, rescale
from diffviz.core.prediction import Prediction, noise_from_x_0
from diffviz.core.schedules import ScheduleSpec, build_schedule

LEVEL = build_schedule(ScheduleSpec()).level(400)


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
