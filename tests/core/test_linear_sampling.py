"""The variance that samplers end with on Gaussian data, against the table of the specification."""

import pytest

from diffviz.core.linear_sampling import sampled_variance
from diffviz.core.sampler_spec import SamplerKind, SamplerSpec
from diffviz.core.sampler_steps import Variance
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.slips import Slip

LINEAR, COSINE = build_schedule(ScheduleSpec()), build_schedule(ScheduleSpec("cosine"))
WHOLE = SamplerSpec(num_sampling_steps=1000)


@pytest.mark.parametrize(
    ("schedule", "data_variance", "variance", "expected"),
    [
        (LINEAR, 1.0, "beta", 0.9999),
        (LINEAR, 1.0, "tilde", 0.991067376),
        (LINEAR, 0.25, "beta", 0.250752075),
        (LINEAR, 0.25, "tilde", 0.246125211),
        (LINEAR, 4.0, "tilde", 3.97477657),
        (COSINE, 0.25, "beta", 0.250418589),
        (COSINE, 0.01, "tilde", 9.61030870e-3),
    ],
)
def test_ancestral_sampling_ends_with_the_variance_of_the_table(schedule, data_variance, variance, expected):
    spec = SamplerSpec(num_sampling_steps=1000, variance=Variance(variance))
    assert sampled_variance(schedule, spec, data_variance) == pytest.approx(expected, rel=1e-8)


def test_few_steps_lose_variance_as_the_table_of_strides_says():
    spec = SamplerSpec(num_sampling_steps=10)
    assert sampled_variance(LINEAR, spec, 0.25) == pytest.approx(0.111206, abs=1e-6)


def test_ddim_with_full_noise_is_ancestral_sampling():
    ddim = SamplerSpec(SamplerKind.DDIM, 50, eta=1.0)
    ddpm = SamplerSpec(SamplerKind.DDPM, 50)
    assert sampled_variance(LINEAR, ddim, 0.25) == pytest.approx(
        sampled_variance(LINEAR, ddpm, 0.25), rel=1e-11
    )


def test_the_slips_of_course_texts_ruin_the_variance():
    right = sampled_variance(LINEAR, WHOLE, 0.25)
    assert sampled_variance(LINEAR, WHOLE, 0.25, Slip.VARIANCE_FOR_DEVIATION) == pytest.approx(
        8.8e-4, rel=0.01
    )
    assert sampled_variance(LINEAR, WHOLE, 0.25, Slip.CUMPROD_FOR_ALPHA) == pytest.approx(0.0335, rel=0.01)
    assert sampled_variance(LINEAR, WHOLE, 0.25, Slip.NO_NOISE) < 0.01 * right


def test_samplers_with_a_memory_are_refused():
    with pytest.raises(ValueError, match="DDPM, DDIM and Euler"):
        sampled_variance(LINEAR, SamplerSpec(SamplerKind.DPMPP2M), 0.25)
