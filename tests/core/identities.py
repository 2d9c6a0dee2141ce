"""Facts that the mathematics must meet, as plain functions.

Each takes the modules under test, so that the mutation tests can hand in copies with a slip in them. What
they are compared with is written out here from the definitions, not taken from the code under test.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from diffviz.core import elbo, forward, posterior, prediction, sampler_steps, samplers, schedules


@dataclass(frozen=True)
class Rooms:
    schedules: Any = schedules
    prediction: Any = prediction
    posterior: Any = posterior
    forward: Any = forward
    sampler_steps: Any = sampler_steps
    samplers: Any = samplers
    elbo: Any = elbo


def all_schedules(rooms: Rooms, num_timesteps: int = 1000) -> list[Any]:
    kinds = [kind for kind in rooms.schedules.SCHEDULE_KINDS if kind != "custom"]
    specs = [rooms.schedules.ScheduleSpec(kind, num_timesteps) for kind in kinds]
    specs.append(rooms.schedules.ScheduleSpec("linear", num_timesteps, zero_terminal_snr=True))
    specs.append(
        rooms.schedules.ScheduleSpec("custom", num_timesteps, points=((0.001, 9.0), (0.4, 1.0), (1.0, -9.0)))
    )
    return [rooms.schedules.build_schedule(spec) for spec in specs]


def linear(rooms: Rooms) -> Any:
    return rooms.schedules.build_schedule(rooms.schedules.ScheduleSpec())


def cosine(rooms: Rooms) -> Any:
    return rooms.schedules.build_schedule(rooms.schedules.ScheduleSpec("cosine"))


STRIDED = ((1, 2), (2, 7), (40, 200), (250, 500), (1, 1000), (499, 1000), (998, 999), (999, 1000))

# --- schedules ---------------------------------------------------------------------------------

LINEAR_TABLE = """
1    1.000000000e-4 9.999000000e-1 9.999000000e+3 0              5.000500050e-1 inf
2    1.199199199e-4 9.997800921e-1 4.546357657e+3 5.453187661e-5 2.726920843e-1 5.996715122e-1
250  5.060060060e-3 5.240853738e-1 1.101217204e+0 5.031720868e-3 5.343179434e-3 5.373272794e-3
500  1.004004004e-2 7.858724288e-2 8.528994446e-2 1.003135541e-2 5.503431926e-3 5.508196511e-3
750  1.502002002e-2 3.350550439e-3 3.361814368e-3 1.501925003e-2 7.650162869e-3 7.650555071e-3
999  1.998008008e-2 4.118193638e-5 4.118363240e-5 1.998006330e-2 1.019413102e-2 1.019413958e-2
1000 2.000000000e-2 4.035829765e-5 4.035992651e-5 1.999998353e-2 1.020449347e-2 1.020450187e-2
"""

COSINE_TABLE = """
1    4.128422482e-5 9.999587158e-1 2.422132716e+4 0              5.000206430e-1 inf
2    4.614175274e-5 9.999125759e-1 1.143749709e+4 2.178949615e-5 2.639083293e-1 5.588561018e-1
250  1.321496637e-3 8.470121613e-1 5.536467269e+0 1.311815214e-3 4.324674799e-3 4.356591643e-3
500  3.145886230e-3 4.938435904e-1 9.756738848e-1 3.136199904e-3 3.117429714e-3 3.127058068e-3
750  7.545707742e-3 1.442721024e-1 1.685957683e-1 7.536035300e-3 4.442462593e-3 4.448164458e-3
999  7.499993929e-1 2.428766907e-6 2.428772806e-6 7.499939282e-1 1.499998786e+0 1.500009716e+0
1000 9.990000000e-1 2.428766907e-9 2.428766913e-9 9.989975761e-1 4.995000012e+2 4.995012132e+2
"""


def check_reference_tables(rooms: Rooms) -> None:
    for schedule, table in ((linear(rooms), LINEAR_TABLE), (cosine(rooms), COSINE_TABLE)):
        for line in table.strip().splitlines():
            t, *expected = line.split()
            row = [
                values[int(t)]
                for values in (
                    schedule.betas,
                    schedule.alphas_cumprod,
                    schedule.snr,
                    schedule.posterior_variance,
                    schedule.elbo_weight("beta"),
                    schedule.elbo_weight("tilde"),
                )
            ]
            np.testing.assert_allclose(row, [float(value) for value in expected], rtol=1e-9)


# --- forward -----------------------------------------------------------------------------------


def check_chain_gives_the_closed_form(rooms: Rooms) -> None:
    """Mean and variance carried through single steps, against what one jump from x_0 gives."""
    for schedule in all_schedules(rooms):
        mean, variance = 1.0, 0.0
        for t in range(1, schedule.num_timesteps + 1):
            factor, _ = rooms.forward.step_moments(1.0, schedule, t)
            mean, added = factor * mean, rooms.forward.step_moments(0.0, schedule, t)[1]
            variance = factor**2 * variance + added
            level = schedule.level(t)
            signal = rooms.forward.q_sample(1.0, 0.0, level)
            noise = rooms.forward.q_sample(0.0, 1.0, level)
            assert abs(signal - mean) < 1e-14, (t, signal, mean)
            assert abs(noise**2 - variance) < 1e-14, (t, noise, variance)


def check_frames_are_the_closed_form(rooms: Rooms) -> None:
    """ForwardProcess against √ᾱ x_0 + √(1 − ᾱ) ε̄ in float64."""
    schedule = linear(rooms)
    x_0 = np.linspace(-1.0, 1.0, 4000, dtype=np.float32).reshape(40, 50, 2)
    process = rooms.forward.ForwardProcess(x_0, schedule, seed=3)
    for t in (1, 250, 500, 1000):
        abar = float(np.prod(1.0 - schedule.betas[: t + 1]))
        expected = math.sqrt(abar) * x_0.astype(float) + math.sqrt(1.0 - abar) * process.noise(t).astype(
            float
        )
        np.testing.assert_allclose(process.x_t(t), expected, atol=2e-6)


# --- posterior ---------------------------------------------------------------------------------


def check_posterior_keeps_the_marginals(rooms: Rooms) -> None:
    """Noising x_0 to t and stepping back to s is as good as noising it to s."""
    for schedule in all_schedules(rooms):
        neighbours = [(t - 1, t) for t in range(1, schedule.num_timesteps + 1)]
        for s, t in (*neighbours, *STRIDED):
            q = rooms.posterior.posterior_coefficients(schedule, s, t)
            signal = q.c_0 + q.c_t * schedule.sqrt_alphas_cumprod[t]
            noise = q.variance + q.c_t**2 * schedule.one_minus_alphas_cumprod[t]
            assert abs(signal - schedule.sqrt_alphas_cumprod[s]) < 1e-14, (s, t, signal)
            assert abs(noise - schedule.one_minus_alphas_cumprod[s]) < 1e-14, (s, t, noise)


def check_posterior_is_bayes(rooms: Rooms) -> None:
    """The prior N(√ᾱ_s x_0, 1 − ᾱ_s) times the likelihood of x_t, by weighting with precisions."""
    for schedule in (linear(rooms), cosine(rooms)):
        for s, t in (
            (1, 2),
            (249, 250),
            (499, 500),
            (749, 750),
            (998, 999),
            (999, 1000),
            (40, 200),
            (1, 1000),
        ):
            abar_s = float(np.prod(1.0 - schedule.betas[: s + 1]))
            alpha = float(np.prod(1.0 - schedule.betas[s + 1 : t + 1]))
            prior, likelihood = 1.0 / -np.expm1(np.log(abar_s)), alpha / (1.0 - alpha)
            variance = 1.0 / (prior + likelihood)
            c_0 = variance * prior * math.sqrt(abar_s)
            c_t = variance * likelihood / math.sqrt(alpha)
            q = rooms.posterior.posterior_coefficients(schedule, s, t)
            # The oracle itself subtracts from 1, which costs it digits while little noise has been added.
            np.testing.assert_allclose(
                (q.c_0, q.c_t, q.variance), (c_0, c_t, variance), rtol=2e-12, atol=1e-14
            )


# --- parametrisations --------------------------------------------------------------------------


def check_means_agree(rooms: Rooms) -> None:
    """A network that says μ, x_0 or ε takes the same step if it errs in the same way."""
    for schedule, tolerance in ((linear(rooms), 1e-13), (cosine(rooms), 1e-12)):
        x_0, true_noise, said_noise = 0.5, 1.0, 0.8
        for t in (2, 250, 500, 750, 999, 1000):
            level = schedule.level(t)
            beta, alpha = float(schedule.betas[t]), 1.0 - float(schedule.betas[t])
            x_t = level.sqrt_alpha_cumprod * x_0 + level.sqrt_one_minus_alpha_cumprod * true_noise
            from_noise = (x_t - beta / level.sqrt_one_minus_alpha_cumprod * said_noise) / math.sqrt(alpha)
            kind = rooms.prediction.PredictionType
            q = rooms.posterior.posterior_coefficients(schedule, t - 1, t)
            said = rooms.prediction.to_prediction(said_noise, kind.NOISE, x_t, level)
            as_x_0 = rooms.prediction.to_prediction(said.x_0, kind.X_0, x_t, level)
            mean = rooms.prediction.from_prediction(as_x_0, kind.MEAN, x_t, level, q)
            scale = max(1.0, abs(said.x_0) * q.c_0)
            assert abs(mean - from_noise) < tolerance * scale, (t, mean, from_noise)
            back = rooms.prediction.to_prediction(from_noise, kind.MEAN, x_t, level, q)
            assert abs(back.x_0 - said.x_0) * q.c_0 < tolerance * scale, (t, back.x_0, said.x_0)


def check_conversions_recover_the_pictures(rooms: Rooms) -> None:
    """Every parametrisation, formed from known x_0 and ε by its definition, gives both back."""
    schedule = linear(rooms)
    kind = rooms.prediction.PredictionType
    for t in range(1, 1001):
        level = schedule.level(t)
        a, b = math.sqrt(schedule.alphas_cumprod[t]), math.sqrt(schedule.one_minus_alphas_cumprod[t])
        q = rooms.posterior.posterior_coefficients(schedule, t - 1, t)
        x_0, noise = 0.7, -1.3
        x_t = a * x_0 + b * noise
        outputs = {
            kind.X_0: x_0,
            kind.NOISE: noise,
            kind.V: a * noise - b * x_0,
            kind.SCORE: -noise / b,
            kind.MEAN: q.c_0 * x_0 + q.c_t * x_t,
        }
        for source, output in outputs.items():
            said = rooms.prediction.to_prediction(output, source, x_t, level, q)
            assert math.isclose(said.x_0, x_0, rel_tol=1e-9), (source, t, said)
            assert math.isclose(said.noise, noise, rel_tol=1e-9), (source, t, said)
            for target, expected in outputs.items():
                got = rooms.prediction.from_prediction(said, target, x_t, level, q)
                assert math.isclose(got, expected, rel_tol=1e-9), (source, target, t, got)


# --- samplers ----------------------------------------------------------------------------------


def gaussian_predict(rooms: Rooms, mean: float, variance: float) -> Any:
    """The best denoiser of N(mean, variance), from the formula for Gaussian regression."""

    def predict(x: torch.Tensor, level: Any) -> Any:
        a, b = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
        spread = level.alpha_cumprod * variance + level.one_minus_alpha_cumprod
        centred = x - a * mean
        left_open = torch.full((len(x),), variance * level.one_minus_alpha_cumprod / spread, dtype=x.dtype)
        return rooms.prediction.Prediction(
            mean + a * variance / spread * centred, b / spread * centred, left_open
        )

    return predict


def silent(_stream: Any, _index: int) -> torch.Tensor:
    """Noise that is not there: the mean of a stochastic sampler."""
    return torch.zeros(1, 1, dtype=torch.float64)


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


def check_ddim_one_is_ancestral(rooms: Rooms) -> None:
    for schedule in (linear(rooms), cosine(rooms)):
        for s, t in ((t - 1, t) for t in range(1, 1001)):
            _compare_ddim_one(rooms, schedule, s, t)
        for s, t in STRIDED:
            _compare_ddim_one(rooms, schedule, s, t)


def _compare_ddim_one(rooms: Rooms, schedule: Any, s: int, t: int) -> None:
    tilde = rooms.sampler_steps.ddpm_variance(schedule, s, t, rooms.sampler_steps.Variance.TILDE)
    ancestral = rooms.sampler_steps.ddpm_step(schedule, s, t, tilde)
    ddim = rooms.sampler_steps.ddim_step(schedule, s, t, eta=1.0)
    a, b = schedule.sqrt_alphas_cumprod[t], schedule.sqrt_one_minus_alphas_cumprod[t]
    for x_0, noise in ((1.0, 0.0), (0.0, 1.0)):
        x_t = a * x_0 + b * noise
        means = [c.pred_x_0 * x_0 + c.x_t * x_t + c.pred_noise * noise for c in (ancestral, ddim)]
        assert math.isclose(means[0], means[1], rel_tol=1e-11, abs_tol=1e-14), (s, t, means)
    assert math.isclose(ancestral.noise, ddim.noise, rel_tol=1e-11), (s, t)


OUTPUT_VARIANCES = {
    (1.0, "linear"): (0.9999, 0.991067376, 0.9999),
    (0.25, "linear"): (0.250752075, 0.246125211, 0.249900030),
    (0.01, "linear"): (1.01537382e-2, 9.27585638e-3, 9.90098030e-3),
    (4.0, "linear"): (3.99056929, 3.97477657, 3.99989991),
    (1.0, "cosine"): (0.999958716, 0.995098096, 0.999958716),
    (0.25, "cosine"): (0.250418589, 0.247996703, 0.249958721),
    (0.01, "cosine"): (1.00831863e-2, 9.61030870e-3, 9.95888382e-3),
    (4.0, "cosine"): (3.99262156, 3.98288563, 3.99995871),
}


def output_moments(
    rooms: Rooms, schedule: Any, mean: float, variance: float, spec: Any
) -> tuple[float, float]:
    """Mean and variance of what a sampler makes of N(0, 1), carried through the coefficients of its steps."""
    predict = gaussian_predict(rooms, mean, variance)
    steps = rooms.samplers.sample(predict, column(0.0), schedule, spec, silent)
    carried_mean, carried = 0.0, 1.0
    for step in steps:
        said = predict(column(0.0, 1.0), schedule.level(step.t))
        (x_0, _), (noise, _) = lines = said.x_0.flatten().tolist(), said.noise.flatten().tolist()
        x_0_slope, noise_slope = (at_1 - at_0 for at_0, at_1 in lines)
        c = step.coefficients
        slope = c.pred_x_0 * x_0_slope + c.x_t + c.pred_noise * noise_slope
        carried_mean = slope * carried_mean + c.pred_x_0 * x_0 + c.pred_noise * noise
        carried = slope**2 * carried + c.noise**2
    return carried_mean, carried


def check_output_variance(rooms: Rooms) -> None:
    variance = rooms.samplers.Variance
    for (data_variance, kind), expected in OUTPUT_VARIANCES.items():
        schedule = rooms.schedules.build_schedule(rooms.schedules.ScheduleSpec(kind))
        for rule, value in zip((variance.BETA, variance.TILDE, variance.OPTIMAL), expected, strict=True):
            spec = rooms.samplers.SamplerSpec(num_sampling_steps=1000, variance=rule)
            _, got = output_moments(rooms, schedule, 0.0, data_variance, spec)
            assert abs(got - value) < 1e-8, (kind, data_variance, rule, got)


def check_output_mean(rooms: Rooms) -> None:
    spec = rooms.samplers.SamplerSpec(num_sampling_steps=1000)
    mean, _ = output_moments(rooms, linear(rooms), 0.5, 0.25, spec)
    assert abs(mean - 0.49999495506) < 1e-10, mean
    mean, _ = output_moments(rooms, cosine(rooms), 0.5, 0.25, spec)
    assert abs(mean - 0.4999999997) < 1e-10, mean


def check_sampling_goes_down_to_the_picture(rooms: Rooms) -> None:
    """Times fall step by step and the last step returns x̂_0, whatever the sampler."""
    schedule = linear(rooms)
    predict = gaussian_predict(rooms, 0.3, 0.25)
    for kind in rooms.samplers.SamplerKind:
        spec = rooms.samplers.SamplerSpec(kind, num_sampling_steps=10, eta=0.5)
        steps = list(rooms.samplers.sample(predict, column(1.3), schedule, spec, lambda *_: column(0.4)))
        assert [step.t for step in steps] == [1000, 900, 800, 700, 600, 500, 400, 300, 200, 100]
        assert [step.s for step in steps] == [step.t for step in steps[1:]] + [0]
        assert abs(float(steps[-1].x_s - steps[-1].pred_x_0)) < 1e-12
        for before, after in itertools.pairwise(steps):
            assert torch.equal(before.x_s, after.x_t)


# --- the variational bound -----------------------------------------------------------------------

EXACT_BOUNDS = {
    ("linear", 1.0): (1.4189385332, 1.9975333785, 1.4189385332),
    ("linear", 0.25): (0.7268836080, 1.2957172842, 0.7257913529),
    ("cosine", 1.0): (1.4189385332, 1.9533958560, 1.4189385332),
    ("cosine", 0.25): (0.7264033300, 1.2557847736, 0.7257913526),
}


def exact_bound(rooms: Rooms, schedule: Any, data_variance: float, variance: Any) -> Any:
    """The whole bound of N(0, data_variance) under its best denoiser, in expectation, without grey levels."""
    steps, decoder = 0.0, 0.0
    for t in range(1, schedule.num_timesteps + 1):
        noise = float(schedule.one_minus_alphas_cumprod[t])
        left_open = data_variance * noise / (data_variance * float(schedule.alphas_cumprod[t]) + noise)
        sigma = rooms.sampler_steps.ddpm_variance(schedule, t - 1, t, variance, x_0_variance=left_open)
        if t == 1:
            if variance is not rooms.sampler_steps.Variance.OPTIMAL:
                sigma = rooms.elbo.decoder_variance(schedule, variance, own_beta=True)
            decoder = rooms.elbo.gaussian_decoder_term(left_open, sigma)
        else:
            steps += rooms.elbo.step_term(left_open, schedule, t, sigma)
    return rooms.elbo.Bound(rooms.elbo.prior_term(data_variance, schedule), steps, decoder)


def check_bound_of_gaussian_data(rooms: Rooms) -> None:
    """Against THEORY's table, and never below the entropy ½ ln(2πeS), which −ln p cannot undercut."""
    variance = rooms.sampler_steps.Variance
    for (kind, data_variance), expected in EXACT_BOUNDS.items():
        schedule = rooms.schedules.build_schedule(rooms.schedules.ScheduleSpec(kind))
        entropy = 0.5 * math.log(2 * math.pi * math.e * data_variance)
        for rule, value in zip((variance.BETA, variance.TILDE, variance.OPTIMAL), expected, strict=True):
            got = exact_bound(rooms, schedule, data_variance, rule).total
            assert abs(got - value) < 1e-9, (kind, data_variance, rule, got)
            assert got > entropy - 1e-12, (kind, data_variance, rule, got)


CHECKS = {
    name.removeprefix("check_"): check for name, check in list(globals().items()) if name.startswith("check_")
}
