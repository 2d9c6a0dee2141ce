"""What training weighs how much: losses against their definitions, and one objective in every unit."""

import math

import numpy as np
import pytest

from diffviz.core.losses import TRAINABLE, Loss, loss_weights, target_coefficients
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec, build_schedule

LINEAR, COSINE = (build_schedule(ScheduleSpec(kind)) for kind in ("linear", "cosine"))
BOTH = pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
NOISE, X_0, V, MEAN, EDM = TRAINABLE
STEPS = np.arange(2, 1001)


def reverse_variance(schedule, loss):
    """σ_t² for t = 0…T, from β alone; the decoder's at t = 1 is β_1 or β̃_2."""
    betas = schedule.betas.copy()
    if loss is Loss.ELBO_BETA:
        return betas
    noise = 1 - np.cumprod(1 - betas)
    betas[2:] *= noise[1:-1] / noise[2:]
    betas[1] = betas[2]
    return betas


def errors(schedule, in_x_0):
    """The same error of x_0 in the unit of each prediction, squared, for t = 1…T."""
    t = np.arange(1, 1001)
    noise, abar = schedule.one_minus_alphas_cumprod, schedule.alphas_cumprod
    snr = schedule.snr[t]
    c_0 = np.sqrt(abar[t - 1]) * schedule.betas[t] / noise[t]
    # EDM's F counts x_0 with (σ² + σ_d²)/(σ σ_d)², σ = 1/√SNR and σ_d = 1/2.
    of_f = (1 / snr + 0.25) / (0.25 / snr)
    return {
        NOISE: snr * in_x_0,
        X_0: in_x_0,
        V: (1 + snr) * in_x_0,
        MEAN: c_0**2 * in_x_0,
        EDM: of_f * in_x_0,
    }


@BOTH
@pytest.mark.parametrize("loss", [Loss.ELBO_BETA, Loss.ELBO_TILDE])
def test_the_error_of_the_mean_over_twice_the_variance_is_the_weighted_error_of_the_noise(schedule, loss):
    rng = np.random.default_rng(0)
    x_0, noise, said = rng.standard_normal((3, 1001))
    abar, beta = schedule.alphas_cumprod, schedule.betas
    x_t = np.sqrt(abar) * x_0 + schedule.sqrt_one_minus_alphas_cumprod * noise
    t = STEPS
    one_minus = schedule.one_minus_alphas_cumprod
    posterior = (
        np.sqrt(abar[t - 1]) * beta[t] * x_0[t] + np.sqrt(1 - beta[t]) * one_minus[t - 1] * x_t[t]
    ) / one_minus[t]
    from_noise = (x_t[t] - beta[t] / np.sqrt(one_minus[t]) * said[t]) / np.sqrt(1 - beta[t])
    of_mean = (posterior - from_noise) ** 2 / (2 * reverse_variance(schedule, loss)[t])
    weighted = loss_weights(loss, NOISE, schedule)[t] * (noise[t] - said[t]) ** 2
    np.testing.assert_allclose(weighted, of_mean, rtol=1e-9)


@BOTH
def test_the_weights_of_the_bound_are_differences_of_the_signal_to_noise_ratio(schedule):
    snr = schedule.snr
    on_noise, on_x_0 = (loss_weights(Loss.ELBO_TILDE, kind, schedule)[STEPS] for kind in (NOISE, X_0))
    np.testing.assert_allclose(on_noise, (snr[STEPS - 1] / snr[STEPS] - 1) / 2, rtol=1e-12)
    np.testing.assert_allclose(on_x_0, (snr[STEPS - 1] - snr[STEPS]) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("schedule", "lowest", "beta", "tilde"),
    [
        (LINEAR, 349, {2: 2.726920843e-1, 500: 5.503431926e-3, 1000: 1.020449347e-2}, {2: 5.996715122e-1}),
        (COSINE, 496, {2: 2.639083293e-1, 999: 1.499998786e0, 1000: 4.995000012e2}, {500: 3.127058068e-3}),
    ],
)
def test_the_weights_of_the_bound_have_their_reference_values_and_lowest_places(
    schedule, lowest, beta, tilde
):
    found = loss_weights(Loss.ELBO_BETA, NOISE, schedule)
    assert 1 + found[1:].argmin() == lowest
    for loss, expected in ((Loss.ELBO_BETA, beta), (Loss.ELBO_TILDE, tilde)):
        weights = loss_weights(loss, NOISE, schedule)
        np.testing.assert_allclose([weights[t] for t in expected], list(expected.values()), rtol=1e-9)


@BOTH
@pytest.mark.parametrize("loss", [Loss.ELBO_BETA, Loss.ELBO_TILDE])
@pytest.mark.parametrize("data_variance", [1.0, 0.25])
def test_weighted_errors_of_the_best_network_add_up_to_the_bound_of_gaussian_data(
    schedule, loss, data_variance
):
    """The table of exact bounds, in nats: what a network can change, and the terms that it cannot."""
    bounds = {
        (Loss.ELBO_BETA, 1.0): (1.4189385332, 1.4189385332),
        (Loss.ELBO_BETA, 0.25): (0.7268836080, 0.7264033300),
        (Loss.ELBO_TILDE, 1.0): (1.9975333785, 1.9533958560),
        (Loss.ELBO_TILDE, 0.25): (1.2957172842, 1.2557847736),
    }
    abar, noise = schedule.alphas_cumprod, schedule.one_minus_alphas_cumprod
    t = np.arange(1, 1001)
    left_open = abar[t] * data_variance / (abar[t] * data_variance + noise[t])
    changeable = (loss_weights(loss, NOISE, schedule)[t] * left_open).sum()
    variance = reverse_variance(schedule, loss)
    ratio = schedule.betas[STEPS] * noise[STEPS - 1] / noise[STEPS] / variance[STEPS]
    prior = (abar[-1] * data_variance - abar[-1] - math.log(noise[-1])) / 2
    fixed = (ratio - 1 - np.log(ratio)).sum() / 2 + math.log(2 * math.pi * variance[1]) / 2 + prior
    expected = bounds[loss, data_variance][0 if schedule is LINEAR else 1]
    assert changeable + fixed == pytest.approx(expected, abs=1e-9)


@BOTH
@pytest.mark.parametrize("loss", Loss)
def test_one_objective_weighs_the_same_error_alike_whatever_the_network_says(schedule, loss):
    in_x_0 = np.random.default_rng(1).random(1000)
    squared = errors(schedule, in_x_0)
    weighted = [loss_weights(loss, kind, schedule)[1:] * squared[kind] for kind in TRAINABLE]
    for other in weighted[1:]:
        np.testing.assert_allclose(other, weighted[0], rtol=1e-12)


def test_min_snr_weights_agree_with_the_reference_values():
    values = [loss_weights(Loss.MIN_SNR, kind, LINEAR) for kind in (NOISE, X_0, V)]
    assert [w[1] for w in values] == pytest.approx([5.0005e-4, 5, 5e-4], rel=1e-4)
    assert [w[500] for w in values] == pytest.approx([1, 0.0852899, 0.0785872], rel=1e-5)


@BOTH
def test_the_target_of_each_prediction_is_what_its_definition_says(schedule):
    x_0, noise = np.random.default_rng(2).standard_normal((2, 1001))
    a, b = schedule.sqrt_alphas_cumprod, schedule.sqrt_one_minus_alphas_cumprod
    x_t = a * x_0 + b * noise
    t = np.arange(1, 1001)
    # The mean of q(x_{t-1} | x_t, x_0) by weighting prior and likelihood with their precisions.
    before, step = schedule.one_minus_alphas_cumprod[t - 1], schedule.betas[t]
    with np.errstate(divide="ignore", invalid="ignore"):
        precise = np.array([1 / before, (1 - step) / step])
        means = np.array([a[t - 1] * x_0[t], x_t[t] / np.sqrt(1 - step)])
        posterior = (precise * means).sum(0) / precise.sum(0)
    posterior[0] = x_0[1]
    # F of EDM, from the level of the noise that x_t/√ᾱ has.
    sigma = b[t] / a[t]
    kept = 0.25 / (sigma**2 + 0.25)
    edm = (x_0[t] - kept * x_t[t] / a[t]) / (0.5 * sigma / np.sqrt(sigma**2 + 0.25))
    velocity = a[t] * noise[t] - b[t] * x_0[t]
    expected = {NOISE: noise[t], X_0: x_0[t], V: velocity, MEAN: posterior, EDM: edm}
    for kind, values in expected.items():
        of_x_0, of_noise = target_coefficients(kind, schedule)
        np.testing.assert_allclose(of_x_0[t] * x_0[t] + of_noise[t] * noise[t], values, rtol=0, atol=1e-11)


def test_each_loss_is_unweighted_in_its_own_unit_and_finite_everywhere():
    spoiled = build_schedule(ScheduleSpec("linear", zero_terminal_snr=True))
    plateau = type(spoiled).from_betas([0.0, 0.1, 0.0, 0.2])
    for schedule in (spoiled, plateau):
        for loss, kind in (
            (Loss.SIMPLE, NOISE),
            (Loss.X_0, X_0),
            (Loss.V, V),
            (Loss.MEAN, MEAN),
            (Loss.EDM, EDM),
        ):
            assert (loss_weights(loss, kind, schedule)[1:] == 1).all()
        for loss in Loss:
            for kind in TRAINABLE:
                found = loss_weights(loss, kind, schedule)
                assert np.isfinite(found).all()
                assert (found >= 0).all()
                assert found[0] == 0
    assert loss_weights(Loss.V, NOISE, spoiled)[1000] == 1
    assert loss_weights(Loss.ELBO_TILDE, X_0, spoiled)[1000] == pytest.approx(spoiled.snr[999] / 2)


def test_a_score_is_nothing_to_train_on():
    for ask in (
        lambda kind: loss_weights(Loss.SIMPLE, kind, LINEAR),
        lambda k: target_coefficients(k, LINEAR),
    ):
        with pytest.raises(ValueError, match=r"Networks predict noise, x_0, v, mean, edm, not score\."):
            ask(PredictionType.SCORE)
