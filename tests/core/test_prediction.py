"""What networks predict: the same error in other units, and what cannot be read."""

import numpy as np
import pytest
import torch

from diffviz.core.posterior import PosteriorCoefficients, posterior_coefficients
from diffviz.core.prediction import (
    Prediction,
    PredictionType,
    from_prediction,
    noise_from_x_0,
    to_prediction,
)
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule

LINEAR = build_schedule(ScheduleSpec())
NO_SIGNAL = NoiseLevel(1000.0, 0.0, 1.0)
CLEAN = NoiseLevel(0.0, 1.0, 0.0)


def test_the_same_error_in_three_units():
    error = np.array([0.3, -0.2, 0.5])
    x_0, noise = np.array([0.1, 0.6, -0.7]), np.array([1.0, -0.4, 0.2])
    for t in (1, 250, 500, 1000):
        level = LINEAR.level(t)
        x_t = level.sqrt_alpha_cumprod * x_0 + level.sqrt_one_minus_alpha_cumprod * noise
        wrong = to_prediction(x_0 + error, PredictionType.X_0, x_t, level)
        of_noise = np.sum((wrong.noise - noise) ** 2)
        v = level.sqrt_alpha_cumprod * noise - level.sqrt_one_minus_alpha_cumprod * x_0
        of_v = np.sum((from_prediction(wrong, PredictionType.V, x_t, level) - v) ** 2)
        assert of_v == pytest.approx((1 + level.snr) * np.sum(error**2), rel=1e-12)
        assert of_v == pytest.approx(of_noise / level.alpha_cumprod, rel=1e-10 if t == 1000 else 1e-12)


@pytest.mark.parametrize("kind", [PredictionType.X_0, PredictionType.V])
def test_without_signal_x_0_and_v_still_give_the_picture(kind: PredictionType):
    x_0, noise = np.array([0.4, -0.6]), np.array([1.2, 0.3])
    output = x_0 if kind is PredictionType.X_0 else -x_0
    said = to_prediction(output, kind, noise, NO_SIGNAL)
    np.testing.assert_array_equal(said.x_0, x_0)
    np.testing.assert_array_equal(said.noise, noise)
    np.testing.assert_array_equal(from_prediction(said, PredictionType.V, noise, NO_SIGNAL), -x_0)


@pytest.mark.parametrize("kind", [PredictionType.NOISE, PredictionType.SCORE])
def test_without_signal_a_predicted_noise_is_refused_with_a_reason(kind: PredictionType):
    with pytest.raises(ValueError, match="says nothing about the picture"):
        to_prediction(np.ones(2), kind, np.ones(2), NO_SIGNAL)


def test_a_mean_needs_its_posterior():
    said = Prediction(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="posterior"):
        to_prediction(np.ones(2), PredictionType.MEAN, np.ones(2), LINEAR.level(5))
    with pytest.raises(ValueError, match="posterior"):
        from_prediction(said, PredictionType.MEAN, np.ones(2), LINEAR.level(5))
    identity = PosteriorCoefficients(0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="does not determine"):
        to_prediction(np.ones(2), PredictionType.MEAN, np.ones(2), LINEAR.level(5), identity)


def test_a_clean_picture_holds_no_noise_and_has_no_score():
    np.testing.assert_array_equal(noise_from_x_0(np.ones(2), np.ones(2), CLEAN), 0.0)
    with pytest.raises(ValueError, match="no score"):
        from_prediction(Prediction(np.ones(2), np.ones(2)), PredictionType.SCORE, np.ones(2), CLEAN)


@pytest.mark.parametrize("kind", PredictionType)
def test_tensors_keep_their_kind(kind: PredictionType):
    level = LINEAR.level(400)
    q = posterior_coefficients(LINEAR, 399, 400)
    output, x_t = torch.full((2, 3), 0.2), torch.full((2, 3), 0.5)
    said = to_prediction(output, kind, x_t, level, q)
    assert said.x_0.dtype == said.noise.dtype == torch.float32
    torch.testing.assert_close(from_prediction(said, kind, x_t, level, q), output)
