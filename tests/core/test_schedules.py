"""Noise schedules: reference values, invariants, edge cases."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest

from diffviz.core.schedules import (
    PRESETS,
    SCHEDULE_KINDS,
    NoiseSchedule,
    ScheduleError,
    ScheduleSpec,
    build_schedule,
)

NAMED = [kind for kind in SCHEDULE_KINDS if kind != "custom"]
ALWAYS_POSSIBLE = [kind for kind in NAMED if kind != "linear"]
LATENT = ScheduleSpec("quadratic", params=(("beta_min", 0.00085), ("beta_max", 0.012)))
ZERO = ScheduleSpec(zero_terminal_snr=True)
TABLES = (
    *("betas", "alphas", "log_alphas_cumprod", "alphas_cumprod", "one_minus_alphas_cumprod"),
    *("sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod", "snr", "log_snr", "half_log_snr"),
    *("sigma_edm", "posterior_variance", "ou_dt", "ou_time"),
)


def built(kind: str = "linear", num_timesteps: int = 1000, **params: float) -> NoiseSchedule:
    return build_schedule(ScheduleSpec(kind, num_timesteps, tuple(params.items())))


@pytest.mark.parametrize(
    ("spec", "beta_1", "abar_500", "beta_1000", "abar_1000", "tau_1000"),
    [
        (ScheduleSpec(), 1e-4, 7.858724288e-2, 0.02, 4.035829765e-5, 5.058856771),
        (ScheduleSpec("linear_course"), 1.199e-4, 7.800012320e-2, 0.02, 3.995601966e-5, 5.063865609),
        (ScheduleSpec("linear_ct"), 1.099439557e-4, 7.906381245e-2, 1.979157367e-2, 4.318574906e-5, 5.025),
        (ScheduleSpec("cosine"), 4.128422482e-5, 4.938435904e-1, 0.999, 2.428766907e-9, 9.917941077),
        (ScheduleSpec("quadratic"), 1e-4, 3.331877674e-1, 0.02, 7.334124596e-4, 3.608901157),
        (LATENT, 8.5e-4, 2.776696505e-1, 0.012, 4.660098513e-3, 2.684359345),
        (ScheduleSpec("sigmoid_abar"), 3.002791997e-4, 0.5, 0.999, 3.002791997e-7, 7.509276565),
        (
            ScheduleSpec("sigmoid_beta"),
            1.492052008e-4,
            3.019310566e-1,
            1.995079480e-2,
            3.968181991e-5,
            5.067308706,
        ),
        (ScheduleSpec("constant"), 0.02, 4.102398515e-5, 0.02, 1.682967357e-9, 10.10135366),
    ],
)
def test_families_meet_their_reference_values(
    spec: ScheduleSpec, beta_1: float, abar_500: float, beta_1000: float, abar_1000: float, tau_1000: float
):
    schedule = build_schedule(spec)
    got = (
        schedule.betas[1],
        schedule.alphas_cumprod[500],
        schedule.betas[1000],
        schedule.alphas_cumprod[1000],
        schedule.ou_time[1000],
    )
    np.testing.assert_allclose(got, (beta_1, abar_500, beta_1000, abar_1000, tau_1000), rtol=1e-8)


def test_linear_signal_agrees_with_forty_digit_arithmetic():
    getcontext().prec = 40
    signal, first, last = Decimal(1), Decimal("0.0001"), Decimal("0.02")
    table = built().alphas_cumprod
    for t in range(1, 1001):
        signal *= 1 - (first + (last - first) * (t - 1) / 999)
        assert abs(Decimal(float(table[t])) / signal - 1) < Decimal("1e-13")


@pytest.mark.parametrize(
    ("num_timesteps", "left"),
    [
        (25, 2.4233e-7),
        (50, 7.7448e-6),
        (100, 2.0390e-5),
        (250, 3.2644e-5),
        (500, 3.7661e-5),
        (4000, 4.2467e-5),
    ],
)
def test_scaled_linear_chains_of_any_length_end_in_the_same_noise(num_timesteps: int, left: float):
    assert built(num_timesteps=num_timesteps).alphas_cumprod[-1] == pytest.approx(left, rel=1e-4)


def test_unscaled_short_chains_keep_most_of_the_signal():
    assert built(num_timesteps=100, rescale=0.0).alphas_cumprod[-1] == pytest.approx(0.36356, abs=5e-6)
    assert built(num_timesteps=10, rescale=0.0).alphas_cumprod[-1] == pytest.approx(0.90374, abs=5e-6)


@pytest.mark.parametrize("kind", NAMED)
def test_tables_start_clean_and_have_one_entry_for_every_time(kind: str):
    schedule = built(kind, 50)
    assert schedule.alphas_cumprod[0] == 1.0
    assert schedule.one_minus_alphas_cumprod[0] == 0.0
    assert schedule.betas[0] == 0.0
    for name in TABLES:
        table = getattr(schedule, name)
        assert table.shape == (51,)
        assert table.dtype == np.float64
        assert not table.flags.writeable
        assert not np.isnan(table).any()


@pytest.mark.parametrize("num_timesteps", [20, 50, 100, 1000])
@pytest.mark.parametrize("kind", NAMED)
def test_signal_falls_by_alpha_at_every_step(kind: str, num_timesteps: int):
    schedule = built(kind, num_timesteps)
    abar, betas = schedule.alphas_cumprod, schedule.betas
    np.testing.assert_allclose(abar[1:], abar[:-1] * (1.0 - betas[1:]), rtol=1e-13)
    assert (np.diff(abar) < 0.0).all()
    assert (betas[1:] > 0.0).all()
    assert (betas[1:] <= 1.0).all()


@pytest.mark.parametrize("kind", NAMED)
def test_derived_curves_agree_with_each_other(kind: str):
    schedule = built(kind)
    with_signal = schedule.alphas_cumprod > 0.0
    np.testing.assert_allclose(
        np.cumsum(schedule.ou_dt)[with_signal], -0.5 * schedule.log_alphas_cumprod[with_signal], atol=1e-12
    )
    np.testing.assert_allclose(schedule.betas, -np.expm1(-2.0 * schedule.ou_dt), rtol=1e-13)
    inner = slice(1, np.count_nonzero(with_signal))
    np.testing.assert_allclose(schedule.snr[inner] * schedule.sigma_edm[inner] ** 2, 1.0, rtol=1e-13)
    np.testing.assert_allclose(np.exp(schedule.log_snr)[inner], schedule.snr[inner], rtol=1e-12)
    assert (schedule.posterior_variance <= schedule.betas).all()
    assert schedule.posterior_variance[1] == 0.0
    ratio = 0.5 * (schedule.snr[1:-1] / schedule.snr[2:] - 1.0) if with_signal.all() else None
    if ratio is not None:
        np.testing.assert_allclose(schedule.elbo_weight("tilde")[2:], ratio, rtol=1e-8)


def test_bound_weights_have_their_minimum_where_it_is_known():
    assert built().elbo_weight("beta")[1:].argmin() + 1 == 349
    assert built("cosine").elbo_weight("beta")[1:].argmin() + 1 == 496


def test_jsd_falls_in_a_straight_line():
    schedule = built("jsd", 640)
    np.testing.assert_allclose(schedule.alphas_cumprod, 1.0 - np.arange(641) / 640, atol=1e-13)
    assert schedule.alphas_cumprod[-1] == 0.0


def test_sigmoid_is_half_way_in_the_middle():
    assert built("sigmoid_abar").alphas_cumprod[500] == pytest.approx(0.5, abs=1e-12)


def test_cosine_follows_its_curve_until_the_clip():
    u = np.arange(1000) / 1000
    curve = np.cos(0.5 * np.pi * (u + 0.008) / 1.008) ** 2
    np.testing.assert_allclose(built("cosine").alphas_cumprod[:1000], curve / curve[0], rtol=1e-13)


def test_laplace_is_symmetric_around_its_centre():
    log_snr = built("laplace", 99, mu=1.0).log_snr[1:]
    np.testing.assert_allclose(log_snr + log_snr[::-1], 2.0, atol=1e-11)
    assert log_snr[49] == pytest.approx(1.0)


@pytest.mark.parametrize("num_timesteps", [1, 2, 10])
def test_continuous_linear_ends_alike_however_short(num_timesteps: int):
    assert built("linear_ct", num_timesteps).alphas_cumprod[-1] == pytest.approx(math.exp(-10.05), rel=1e-12)


def test_how_fast_the_picture_is_destroyed():
    def first_below(schedule: NoiseSchedule) -> list[int | None]:
        below = [np.flatnonzero(schedule.alphas_cumprod <= level) for level in (0.5, 0.1, 0.01, 0.001)]
        return [int(times[0]) if times.size else None for times in below]

    assert first_below(built()) == [260, 476, 674, 826]
    assert first_below(built("cosine")) == [497, 794, 936, 980]
    assert first_below(built("sigmoid_abar")) == [501, 806, 970, 997]
    assert first_below(build_schedule(LATENT)) == [355, 675, 934, None]


def test_zero_terminal_snr_rescaling():
    plain, rescaled = built(), build_schedule(ZERO)
    assert rescaled.alphas_cumprod[1000] == 0.0
    assert rescaled.betas[1000] == 1.0
    assert rescaled.alphas_cumprod[1] == pytest.approx(plain.alphas_cumprod[1], abs=1e-15)
    expected = {
        2: 9.997793254e-1,
        250: 5.215333407e-1,
        500: 7.602875055e-2,
        750: 2.689521700e-3,
        999: 4.213262465e-9,
    }
    for t, value in expected.items():
        assert rescaled.alphas_cumprod[t] == pytest.approx(value, rel=1e-6)
    assert rescaled.betas[999] == pytest.approx(0.7522672312, rel=1e-6)
    assert not any(np.isnan(getattr(rescaled, name)).any() for name in TABLES)


def test_rescaling_needs_noise_after_the_first_step():
    for spec in (ScheduleSpec("constant", 1), ScheduleSpec("constant", 10, (("beta", 0.0),))):
        with pytest.raises(ScheduleError, match="zero SNR"):
            build_schedule(ScheduleSpec(spec.kind, spec.num_timesteps, spec.params, zero_terminal_snr=True))


def test_rescaling_a_chain_without_signal_changes_nothing():
    schedule = built("jsd")
    assert schedule.zero_terminal_snr() is schedule


def test_rescaling_keeps_identity_steps_at_the_end():
    schedule = NoiseSchedule.from_betas([0.1, 0.2, 0.0, 0.0]).zero_terminal_snr()
    np.testing.assert_array_equal(schedule.betas, [0.0, 0.1, 1.0, 0.0, 0.0])
    assert not any(np.isnan(getattr(schedule, name)).any() for name in TABLES)


def test_all_beta_zero_never_leaves_the_picture():
    schedule = built("constant", 5, beta=0.0)
    ones, zeros, infinite = np.ones(6), np.zeros(6), np.full(6, np.inf)
    expected = {
        **dict.fromkeys(("alphas", "alphas_cumprod", "sqrt_alphas_cumprod"), ones),
        **dict.fromkeys(
            ("betas", "one_minus_alphas_cumprod", "posterior_variance", "ou_dt", "ou_time"), zeros
        ),
        **dict.fromkeys(("snr", "log_snr", "half_log_snr"), infinite),
        "sigma_edm": zeros,
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(schedule, name), values, err_msg=name)
    for variance in ("beta", "tilde"):
        np.testing.assert_array_equal(schedule.elbo_weight(variance), zeros)


def test_all_beta_one_is_noise_at_once():
    schedule = built("constant", 4, beta=1.0)
    np.testing.assert_array_equal(schedule.alphas_cumprod, [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(schedule.snr, [np.inf, 0, 0, 0, 0])
    np.testing.assert_array_equal(schedule.log_snr, [np.inf, *[-np.inf] * 4])
    np.testing.assert_array_equal(schedule.ou_time, [0, *[np.inf] * 4])
    np.testing.assert_array_equal(schedule.sigma_edm, [0, *[np.inf] * 4])
    np.testing.assert_array_equal(schedule.posterior_variance, [0, 0, 1, 1, 1])
    for name in TABLES:
        assert not np.isnan(getattr(schedule, name)).any(), name
    for variance in ("beta", "tilde"):
        assert not np.isnan(schedule.elbo_weight(variance)).any()


def test_constant_schedule_of_ten_steps():
    schedule = built("constant", 10, beta=0.1)
    np.testing.assert_allclose(schedule.alphas_cumprod[[1, 5, 10]], [0.9, 0.59049, 0.3486784401], rtol=1e-13)
    assert schedule.posterior_variance[2] == pytest.approx(0.05263158, abs=5e-9)
    assert schedule.snr[10] == pytest.approx(0.53533993, abs=5e-9)
    assert schedule.ou_time[10] == pytest.approx(0.52680258, abs=5e-9)


def test_jumps_compose_even_after_the_signal_is_gone():
    schedule = NoiseSchedule.from_betas([0.1, 1.0, 0.2, 0.3])
    assert schedule.alpha_between(0, 1) == pytest.approx(0.9)
    assert schedule.alpha_between(1, 3) == 0.0
    assert schedule.beta_between(1, 3) == 1.0
    assert schedule.alpha_between(2, 4) == pytest.approx(0.56)
    assert schedule.beta_between(2, 4) == pytest.approx(0.44)
    assert schedule.beta_between(3, 3) == 0.0


@pytest.mark.parametrize("num_timesteps", [19, 10, 1])
def test_scaled_linear_refuses_chains_that_would_need_beta_above_one(num_timesteps: int):
    with pytest.raises(ScheduleError, match="T ≥ 20"):
        built(num_timesteps=num_timesteps)
    assert built(num_timesteps=20).betas[-1] == 1.0


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        (ScheduleSpec("spiral"), "no schedule 'spiral'"),
        (ScheduleSpec(num_timesteps=0), "1 to 4000"),
        (ScheduleSpec(num_timesteps=4001), "1 to 4000"),
        (ScheduleSpec(params=(("speed", 1.0),)), "no parameter 'speed'"),
        (ScheduleSpec("constant", params=(("beta", 1.5),)), "0 to 1"),
        (ScheduleSpec("constant", params=(("beta", math.nan),)), "0 to 1"),
        (ScheduleSpec("sigmoid_abar", params=(("b", 4.0),)), "b has to be below e"),
        (ScheduleSpec("custom"), "at least two points"),
    ],
)
def test_impossible_schedules_are_refused_with_one_sentence(spec: ScheduleSpec, part: str):
    with pytest.raises(ScheduleError, match=part):
        build_schedule(spec)


@pytest.mark.parametrize("betas", [[], [0.1, 1.1], [-0.1], [math.nan]])
def test_tables_outside_the_unit_interval_are_refused(betas: list[float]):
    with pytest.raises(ScheduleError):
        NoiseSchedule.from_betas(betas)


@pytest.mark.parametrize("log_table", [[-1.0, -0.5], [-math.inf, -math.inf], [0.5], [math.nan]])
def test_tables_in_which_the_signal_grows_are_refused(log_table: list[float]):
    with pytest.raises(ScheduleError):
        NoiseSchedule.from_log_alphas_cumprod(log_table)


@pytest.mark.parametrize("num_timesteps", [1, 2, 3, 4000])
@pytest.mark.parametrize("kind", ALWAYS_POSSIBLE)
def test_families_exist_for_the_shortest_and_the_longest_chain(kind: str, num_timesteps: int):
    schedule = built(kind, num_timesteps)
    assert schedule.num_timesteps == num_timesteps
    assert not any(np.isnan(getattr(schedule, name)).any() for name in TABLES)


def test_equal_descriptions_are_equal_and_share_one_table():
    plain = ScheduleSpec("cosine", params=(("s", 0.008),))
    assert plain == ScheduleSpec("cosine")
    assert build_schedule(plain) is build_schedule(ScheduleSpec("cosine"))
    first = ScheduleSpec("linear", params=(("beta_max", 0.03), ("beta_min", 2e-4)))
    assert first == ScheduleSpec("linear", params=(("beta_min", 2e-4), ("beta_max", 0.03)))
    assert hash(first) == hash(ScheduleSpec("linear", params=(("beta_min", 2e-4), ("beta_max", 0.03))))
    assert ScheduleSpec("scaled_linear") == ScheduleSpec("quadratic")


def test_setting_a_value_back_to_its_default_forgets_it():
    spec = ScheduleSpec().with_value("beta_max", 0.05)
    assert spec.value("beta_max") == 0.05
    assert spec.value("beta_min") == 1e-4
    assert spec.with_value("beta_max", 0.02) == ScheduleSpec()
    with pytest.raises(ScheduleError, match="no parameter"):
        spec.with_value("clip", 1.0)


def test_schedules_are_the_same_only_with_the_same_betas():
    assert built().same_as(NoiseSchedule.from_betas(built().betas[1:]))
    assert not built().same_as(built("cosine"))
    assert not built().same_as(built(num_timesteps=500))


@pytest.mark.parametrize("label", [label for label, _ in PRESETS])
def test_presets_can_be_built(label: str):
    assert build_schedule(dict(PRESETS)[label]).num_timesteps >= 1


def test_every_parameter_has_its_default_in_range():
    for kind in SCHEDULE_KINDS.values():
        for parameter in kind.parameters:
            assert parameter.minimum <= parameter.default <= parameter.maximum, (kind.name, parameter.name)


def test_levels_say_the_same_as_the_table():
    schedule = build_schedule(ZERO)
    for t in (0, 1, 500, 999, 1000):
        level = schedule.level(t)
        assert level.t == t
        assert level.snr == pytest.approx(schedule.snr[t])
        assert level.log_snr == pytest.approx(schedule.log_snr[t])
        assert level.half_log_snr == pytest.approx(schedule.half_log_snr[t])
        assert level.sigma_edm == pytest.approx(schedule.sigma_edm[t])
    with pytest.raises(IndexError):
        schedule.level(1001)
    with pytest.raises(IndexError):
        schedule.level(-1)
