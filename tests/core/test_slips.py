"""Slips made on purpose do the damage that is known of them, and the sane run beside them takes none."""

import math
from dataclasses import replace

import pytest
import torch

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import Clip, ReverseStep, SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.slips import (
    SLIPS,
    Slip,
    sane_spec,
    slipped_noise,
    slipped_predict,
    slipped_spec,
)
from tests.core import identities

LINEAR = build_schedule(ScheduleSpec())
COSINE = build_schedule(ScheduleSpec("cosine"))
COUNT = 20_000


def source(stream: Stream, index: int) -> torch.Tensor:
    return torch.from_numpy(draw_noise((COUNT, 1), 1, stream, index)).double()


def walk(slip: Slip | None, mean: float, variance: float, spec: SamplerSpec) -> list[ReverseStep]:
    predict = identities.gaussian_predict(identities.Rooms(), mean, variance)
    x = source(Stream.X_T, 0)
    spec = slipped_spec(sane_spec(spec, slip) if slip else spec, slip)
    misled = slipped_predict(predict, COSINE, slip)
    return list(sample(misled, x, LINEAR, spec, slipped_noise(source, slip), slip=slip))


def moments(
    slip: Slip | None, mean: float = 0.0, variance: float = 0.25, steps: int = 1000
) -> tuple[float, float]:
    ends = walk(slip, mean, variance, SamplerSpec(num_sampling_steps=steps))[-1].x_s
    return float(ends.mean()), float(ends.var())


def test_without_a_slip_the_data_come_back():
    mean, variance = moments(None, 0.5)
    assert mean == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(COUNT))
    assert variance == pytest.approx(0.246, rel=0.04)


def test_variance_for_deviation_leaves_hardly_any_spread():
    # Known from the erratum: 8.8e-4 instead of 0.246.
    assert moments(Slip.VARIANCE_FOR_DEVIATION)[1] == pytest.approx(8.8e-4, rel=0.05)


def test_cumprod_for_alpha_draws_towards_nothing():
    # Known from the erratum: N(0.102, 0.0335) instead of N(0.5, 0.25).
    mean, variance = moments(Slip.CUMPROD_FOR_ALPHA, 0.5)
    assert mean == pytest.approx(0.102, abs=5e-3)
    assert variance == pytest.approx(0.0335, rel=0.05)


def test_the_wrong_direction_keeps_the_noise():
    # Known from the erratum: variance 0.9994 for data of variance 0.25.
    assert moments(Slip.UPWARDS)[1] == pytest.approx(0.9994, rel=4 * math.sqrt(2 / COUNT))


def test_without_noise_the_spread_is_lost_and_with_the_same_noise_it_grows():
    sane = moments(None)[1]
    assert moments(Slip.NO_NOISE)[1] < 0.01 * sane
    assert moments(Slip.SAME_NOISE)[1] > 4 * sane
    for step in walk(Slip.SAME_NOISE, 0.0, 0.25, SamplerSpec(num_sampling_steps=5))[:-1]:
        assert torch.equal(step.noise, source(Stream.ANCESTRAL, 0))


def test_one_step_gives_the_mean_and_few_steps_too_little_spread():
    (only,) = walk(Slip.ONE_SHOT, 0.3, 0.25, SamplerSpec())
    assert (only.t, only.s) == (1000, 0)
    assert float(only.x_s.var()) < 1e-4
    assert float(only.x_s.mean()) == pytest.approx(0.3, abs=1e-2)
    few = walk(Slip.FEW_STEPS, 0.0, 0.25, SamplerSpec())
    assert len(few) == 4
    assert float(few[-1].x_s.var()) < 0.15


def test_the_wrong_schedule_leaves_other_moments():
    mean, variance = moments(Slip.WRONG_SCHEDULE, 0.5, steps=100)
    right = moments(None, 0.5, steps=100)
    assert abs(mean - right[0]) > 0.05 or abs(variance - right[1]) > 0.05


def test_clipping_is_the_difference_where_clipping_is_the_point():
    spec = SamplerSpec(num_sampling_steps=6)
    assert sane_spec(spec, Slip.NO_CLIP).clip is Clip.STATIC
    assert slipped_spec(sane_spec(spec, Slip.NO_CLIP), Slip.NO_CLIP).clip is Clip.NONE
    dynamic = replace(spec, clip=Clip.DYNAMIC)
    assert sane_spec(dynamic, Slip.NO_CLIP) == dynamic


@pytest.mark.parametrize("slip", Slip)
@pytest.mark.parametrize("kind", SamplerKind)
def test_every_slip_runs_to_an_end_with_every_sampler_beside_a_sane_one(slip: Slip, kind: SamplerKind):
    spec = SamplerSpec(kind, 6, eta=0.5, churn=5.0)
    sane, broken = sane_spec(spec, slip), walk(slip, 0.0, 0.25, spec)
    assert torch.isfinite(broken[-1].x_s).all()
    assert broken[-1].s == 0
    assert [step.t for step in broken] == sorted((step.t for step in broken), reverse=True)
    start = list(
        sample(
            lambda x, level: identities.gaussian_predict(identities.Rooms(), 0.0, 0.25)(x, level),
            source(Stream.X_T, 0),
            LINEAR,
            sane,
            source,
        )
    )
    assert torch.equal(start[0].x_t, broken[0].x_t)
    if slip is not Slip.NO_CLIP:
        assert not torch.allclose(start[-1].x_s, broken[-1].x_s)
    assert SLIPS[slip].sentence.endswith(".")
    assert SLIPS[slip].sentence.count(".") == 1
