import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from diffviz.core import elbo
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import Prediction
from diffviz.core.sampler_steps import Variance, ddpm_variance
from diffviz.core.schedules import ScheduleSpec, build_schedule
from tests.core.identities import Rooms, exact_bound

LINEAR = build_schedule(ScheduleSpec())
COSINE = build_schedule(ScheduleSpec("cosine"))
LATENT = build_schedule(ScheduleSpec("quadratic", params=(("beta_min", 0.00085), ("beta_max", 0.012))))
GREY_LEVELS = torch.arange(256, dtype=torch.float64) / 127.5 - 1


def normal(x, mean, variance):
    return math.exp(-((x - mean) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance)


@pytest.mark.parametrize("t", [2, 300, 1000])
@pytest.mark.parametrize("variance", [Variance.BETA, Variance.TILDE])
def test_a_step_costs_the_divergence_of_its_two_gaussians(t, variance):
    """Against the integral of q ln(q/p), with p's mean made from a wrong guess of x_0."""
    q = posterior_coefficients(LINEAR, t - 1, t)
    sigma = ddpm_variance(LINEAR, t - 1, t, variance)
    x_0, guess, x_t = 0.4, 0.1, 0.7
    mean_q, mean_p = (q.c_0 * value + q.c_t * x_t for value in (x_0, guess))

    def integrand(x):
        log_ratio = 0.5 * math.log(sigma / q.variance)
        log_ratio += (x - mean_p) ** 2 / (2 * sigma) - (x - mean_q) ** 2 / (2 * q.variance)
        return normal(x, mean_q, q.variance) * log_ratio

    reach = 12 * math.sqrt(q.variance)
    integral, _ = quad(integrand, mean_q - reach, mean_q + reach, epsabs=1e-12, limit=200)
    assert elbo.step_term((x_0 - guess) ** 2, LINEAR, t, sigma) == pytest.approx(integral, abs=1e-8)


@pytest.mark.parametrize("schedule", [LINEAR, COSINE], ids=["linear", "cosine"])
@pytest.mark.parametrize("variance", [Variance.BETA, Variance.TILDE, Variance.INTERPOLATED])
def test_the_error_of_the_mean_is_the_weighted_error_of_the_noise(schedule, variance):
    """An error δ of ε̂ is one of (√(1 − ᾱ)/√ᾱ) δ of x̂_0."""
    for t in range(2, 1001):
        sigma = ddpm_variance(schedule, t - 1, t, variance)
        noise_error = 0.3
        x_0_error = noise_error / float(schedule.snr[t])
        from_x_0 = elbo.step_term(x_0_error, schedule, t, sigma)
        from_noise = elbo.step_term_from_noise(noise_error, schedule, t, sigma)
        assert from_x_0 == pytest.approx(from_noise, rel=1e-9)


def test_a_wider_step_costs_what_the_reference_says():
    costs = {
        name: [elbo.step_term(0.0, schedule, t, float(schedule.betas[t])) for t in range(2, 1001)]
        for name, schedule in (("linear", LINEAR), ("cosine", COSINE))
    }
    assert costs["linear"][0] == pytest.approx(0.12138726, abs=1e-8)
    assert sum(costs["linear"]) == pytest.approx(0.33716012, abs=1e-8)
    assert sum(costs["cosine"]) == pytest.approx(0.29974918, abs=1e-8)
    assert elbo.step_term(0.0, LINEAR, 2, float(LINEAR.posterior_variance[2])) == 0.0


def test_what_is_left_of_the_picture_at_the_end_costs_what_the_reference_says():
    assert elbo.prior_term(1.0, LINEAR) == pytest.approx(2.01795560e-5, rel=1e-8)
    assert elbo.bits_per_dim(elbo.prior_term(1.0, LINEAR)) == pytest.approx(2.91129e-5, rel=1e-5)
    assert elbo.bits_per_dim(elbo.prior_term(1.0, COSINE)) == pytest.approx(1.752e-9, rel=1e-3)
    assert elbo.bits_per_dim(elbo.prior_term(1.0, LATENT)) == pytest.approx(3.36941e-3, rel=1e-5)
    no_signal = build_schedule(ScheduleSpec(zero_terminal_snr=True))
    assert elbo.prior_term(0.3, no_signal) == 0.0
    no_noise = build_schedule(ScheduleSpec("constant", 10, params=(("beta", 0.0),)))
    assert elbo.prior_term(0.3, no_noise) == math.inf
    assert elbo.step_term(0.3, no_noise, 5, 0.0) == 0.0


def test_the_best_variance_loses_only_what_the_prior_does():
    for schedule in (LINEAR, COSINE):
        for data_variance in (0.25, 1.0):
            bound = exact_bound(Rooms(), schedule, data_variance, Variance.OPTIMAL)
            entropy = 0.5 * math.log(2 * math.pi * math.e * data_variance)
            at_end = 1 + float(schedule.alphas_cumprod[-1]) * (data_variance - 1)
            gap = 0.5 * (at_end - 1 - math.log(at_end))
            assert bound.total == pytest.approx(entropy + gap, abs=1e-12)


@pytest.mark.parametrize("mean", [-1.3, -1.0, 0.1, 0.9999])
@pytest.mark.parametrize("spread", [0.7, 2.0])
def test_the_probabilities_of_all_grey_levels_sum_to_one(mean, spread):
    means = torch.full_like(GREY_LEVELS, mean)
    total = elbo.discretised_log_likelihood(GREY_LEVELS, means, spread**2).exp().sum()
    assert float(total) == pytest.approx(1.0, abs=1e-12)


def test_a_grey_level_has_the_probability_of_the_reference():
    variance = math.exp(-10.0)
    grey = torch.full((2,), 1 / 255, dtype=torch.float64)
    got = elbo.discretised_log_likelihood(grey, torch.tensor([0.0, 1 / 255]).double(), variance)
    assert got.tolist() == pytest.approx([-0.97340881, -0.82225030], abs=1e-8)
    far = elbo.discretised_log_likelihood(torch.ones(1), -torch.ones(1), variance)
    assert float(far) == pytest.approx(math.log(1e-12))


def test_the_decoder_is_as_wide_as_in_the_reference_code_unless_asked():
    second = float(LINEAR.posterior_variance[2])
    assert elbo.decoder_variance(LINEAR, Variance.TILDE) == second
    assert elbo.decoder_variance(LINEAR, Variance.BETA) == second
    assert elbo.decoder_variance(LINEAR, Variance.BETA, own_beta=True) == float(LINEAR.betas[1])
    assert elbo.decoder_variance(LINEAR, Variance.TILDE, own_beta=True) == second
    one = build_schedule(ScheduleSpec("constant", 1, params=(("beta", 0.5),)))
    assert elbo.decoder_variance(one, Variance.TILDE) == 0.5


@pytest.mark.parametrize("num_terms", [1, 7, 60, 999, 1000, 5000])
def test_the_times_of_an_estimate_stand_for_every_term_once(num_terms):
    times = elbo.term_times(COSINE, num_terms, seed=3)
    assert len(times) <= max(num_terms, 2)
    assert sum(count for _, count in times) == 1000
    assert times[-1] == (1, 1)
    end = 1001
    for t, count in times:
        assert end - count <= t < end, "each time lies in the stretch that it stands for"
        end -= count
    assert [t for t, _ in times] == sorted({t for t, _ in times}, reverse=True)


def gaussian_pictures():
    """8-bit pictures whose pixels are drawn from N(0, 0.2²), and their best denoiser, up to rounding."""
    x = torch.from_numpy(draw_noise((64, 1, 8, 8), 5, Stream.X_T)).double() * 0.2

    def predict(x_t, level):
        spread = level.alpha_cumprod * 0.04 + level.one_minus_alpha_cumprod
        x_0 = level.sqrt_alpha_cumprod * 0.04 / spread * x_t
        left_open = torch.full((len(x_t),), 0.04 * level.one_minus_alpha_cumprod / spread)
        noise = (x_t - level.sqrt_alpha_cumprod * x_0) / level.sqrt_one_minus_alpha_cumprod
        return Prediction(x_0, noise, left_open)

    return ((x + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1, predict


def noise_of(t):
    return torch.from_numpy(draw_noise((64, 1, 8, 8), 6, Stream.REDRAW, t)).double()


def test_the_bound_of_rounded_gaussian_pictures_is_their_entropy_in_bits():
    """A grey level is 2/255 wide, so that the entropy of the levels is that of N(0, 0.2²) less ln(2/255).

    The decoder has the variance β̃_2 where x_0 given x_1 has another one, which costs the known amount.
    """
    x_0, predict = gaussian_pictures()
    schedule = build_schedule(ScheduleSpec("cosine", 300))
    times = elbo.term_times(schedule, 300, 0)
    *_, last = elbo.bound_terms(predict, x_0, schedule, Variance.OPTIMAL, times, noise_of)
    log_density = -x_0.square().mean() / 0.08 - 0.5 * math.log(2 * math.pi * 0.04)
    noise = float(schedule.one_minus_alphas_cumprod[1])
    ratio = 0.04 * noise / (0.04 * (1 - noise) + noise) / float(schedule.posterior_variance[2])
    decoder = 0.5 * (ratio - 1 - math.log(ratio))
    expected = elbo.bits_per_dim(decoder - float(log_density) - math.log(2 / 255))
    assert elbo.bits_per_dim(last.so_far.total) == pytest.approx(expected, abs=0.03)
    assert elbo.bits_per_dim(last.so_far.total) > expected - 0.01


def test_an_estimate_from_few_times_agrees_with_the_sum_of_all_terms():
    x_0, predict = gaussian_pictures()
    schedule = build_schedule(ScheduleSpec("cosine", 300))

    def bound(num_terms, seed):
        times = elbo.term_times(schedule, num_terms, seed)
        return list(elbo.bound_terms(predict, x_0, schedule, Variance.TILDE, times, noise_of))

    whole = bound(300, 0)
    assert sum(term.nats_per_dim for term in whole[:-1]) == pytest.approx(whole[-1].so_far.steps)
    assert whole[-1].so_far.decoder == whole[-1].nats_per_dim
    estimates = np.array([bound(20, seed)[-1].so_far.total for seed in range(12)])
    error = estimates.std(ddof=1) / math.sqrt(len(estimates))
    assert abs(estimates.mean() - whole[-1].so_far.total) < 4 * error
    assert error < 0.02 * abs(whole[-1].so_far.total)
