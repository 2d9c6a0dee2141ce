"""EDM's preconditioning: what it promises of every noise level, and what else it is."""

import numpy as np
import pytest

from diffviz.core.losses import Loss, loss_weights, target_coefficients
from diffviz.core.preconditioning import (
    SIGMA_DATA,
    input_scale,
    output_scale,
    skip_scale,
    target_of_noise,
    target_of_x_0,
)
from diffviz.core.prediction import PredictionType, to_prediction
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule

SIGMAS = np.geomspace(1e-3, 1e3, 61)


def test_the_scales_have_the_values_of_the_paper():
    assert skip_scale(1.0, 0.5) == pytest.approx(0.5, abs=1e-14)
    assert output_scale(1.0, 0.5) == pytest.approx(0.35355339, abs=1e-8)
    assert input_scale(1.0, 0.5) == pytest.approx(1.41421356, abs=1e-8)


def test_input_and_target_have_unit_variance_at_every_noise_level():
    data = SIGMA_DATA**2
    np.testing.assert_allclose(input_scale(1.0, SIGMAS) ** 2 * (data + SIGMAS**2), 1, atol=1e-14)
    of_x_0, of_noise = target_of_x_0(1.0, SIGMAS), target_of_noise(1.0, SIGMAS)
    np.testing.assert_allclose(of_x_0**2 * data + of_noise**2, 1, atol=1e-14)
    # The same of the definition F = (x_0 − c_skip (x_0 + σ ε))/c_out.
    skip, out = skip_scale(1.0, SIGMAS), output_scale(1.0, SIGMAS)
    np.testing.assert_allclose(((1 - skip) ** 2 * data + (skip * SIGMAS) ** 2) / out**2, 1, atol=1e-9)


def test_the_weight_of_the_loss_undoes_the_scale_of_the_output():
    weight = (SIGMAS**2 + SIGMA_DATA**2) / (SIGMAS * SIGMA_DATA) ** 2
    np.testing.assert_allclose(weight * output_scale(1.0, SIGMAS) ** 2, 1, atol=1e-14)
    schedule = build_schedule(ScheduleSpec("cosine"))
    sigma = np.sqrt((1 - schedule.alphas_cumprod) / schedule.alphas_cumprod)[1:]
    expected = (sigma**2 + SIGMA_DATA**2) / (sigma * SIGMA_DATA) ** 2
    np.testing.assert_allclose(loss_weights(Loss.EDM, PredictionType.X_0, schedule)[1:], expected, rtol=1e-9)


def test_for_data_of_unit_variance_it_is_velocity_with_the_sign_turned():
    schedule = build_schedule(ScheduleSpec())
    a, b = schedule.sqrt_alphas_cumprod, schedule.sqrt_one_minus_alphas_cumprod
    of_x_0, of_noise = target_coefficients(PredictionType.V, schedule)
    np.testing.assert_allclose(target_of_x_0(a, b, 1.0), -of_x_0, atol=1e-14)
    np.testing.assert_allclose(target_of_noise(a, b, 1.0), -of_noise, atol=1e-14)


def test_the_amplitudes_of_a_chain_give_what_sigma_gives_and_hold_at_both_ends():
    schedule = build_schedule(ScheduleSpec("linear", zero_terminal_snr=True))
    a, b = schedule.sqrt_alphas_cumprod, schedule.sqrt_one_minus_alphas_cumprod
    sigma = b[:-1] / a[:-1]
    np.testing.assert_allclose(skip_scale(a, b)[:-1] * a[:-1], skip_scale(1.0, sigma), rtol=1e-12)
    np.testing.assert_allclose(output_scale(a, b)[:-1], output_scale(1.0, sigma), rtol=1e-12)
    x_0, noise = np.array([0.4, -0.6]), np.array([1.2, 0.3])
    for t in (0, 1, 500, 1000):
        x_t = a[t] * x_0 + b[t] * noise
        answer = target_of_x_0(a[t], b[t]) * x_0 + target_of_noise(a[t], b[t]) * noise
        said = to_prediction(answer, PredictionType.EDM, x_t, NoiseLevel(t, a[t] ** 2, b[t] ** 2))
        np.testing.assert_allclose(said.x_0, x_0, atol=1e-12)
        np.testing.assert_allclose(said.noise, noise, atol=1e-12)
