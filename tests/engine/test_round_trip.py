"""Pictures inverted and sampled again, and samples that lead over guidance scales."""

import itertools

import numpy as np
import pytest
import torch

from diffviz.core.guidance import scales_between
from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.round_trip import RoundTrip, RoundTripCall, round_trips

DDIM = SamplerSpec(SamplerKind.DDIM, num_sampling_steps=20)


@pytest.fixture(scope="module")
def shelf() -> DenoiserShelf:
    return DenoiserShelf(ImageStore())


@pytest.fixture(scope="module")
def request_of_a_picture(shelf) -> ReverseRequest:
    return ReverseRequest(
        ScheduleSpec("cosine"),
        DDIM,
        denoiser="gaussian:pictures",
        start_image="sample:camera",
        start_t=1000,
        is_inverted=True,
        exact_size=16,
        picture_keys=shelf.images.keys,
    )


@pytest.fixture(scope="module")
def records(shelf, request_of_a_picture) -> list[RoundTrip | RoundTripCall]:
    return list(round_trips(request_of_a_picture, shelf, (20, 40, 80, 160)))


def test_the_error_of_a_round_trip_is_of_first_order(records):
    trips = [record for record in records if isinstance(record, RoundTrip)]
    assert [trip.num_steps for trip in trips] == [20, 40, 80, 160]
    slopes = [np.log2(a.error / b.error) for a, b in itertools.pairwise(trips)]
    assert slopes[-1] == pytest.approx(1.0, abs=0.2)


def test_every_network_call_of_a_round_trip_is_told_so_that_it_can_be_stopped_there(records):
    calls = [record for record in records if isinstance(record, RoundTripCall)]
    assert [call.done for call in calls] == list(range(1, 601))
    assert {call.total for call in calls} == {600}


def test_a_round_trip_is_what_the_run_itself_does(shelf, request_of_a_picture, records):
    *_, last = reverse_steps(request_of_a_picture, shelf)
    same = next(record for record in records if isinstance(record, RoundTrip) and record.num_steps == 20)
    np.testing.assert_allclose(same.x_0, np.moveaxis(last.x_s[0].float().numpy(), 0, -1), atol=1e-5)


def test_a_run_from_pure_noise_has_no_round_trip(shelf):
    with pytest.raises(ValueError, match="from a picture"):
        next(round_trips(ReverseRequest(ScheduleSpec(), DDIM), shelf))


def test_samples_over_guidance_scales_differ_in_nothing_else(shelf):
    def ends(**changes: object) -> torch.Tensor:
        request = ReverseRequest(
            ScheduleSpec(),
            SamplerSpec(SamplerKind.DDPM, 6),
            denoiser="exact:emoji",
            class_index=2,
            exact_size=32,
            **changes,
        )
        *_, last = reverse_steps(request, shelf)
        return last.x_s

    strip = ends(guidance_scale=0.0, path_guidance=4.0, num_samples=3)
    for place, scale in enumerate((0.0, 2.0, 4.0)):
        torch.testing.assert_close(strip[place], ends(guidance_scale=scale)[0], atol=1e-8, rtol=0)


def test_scales_lie_evenly_and_round_ones_are_exact():
    assert scales_between(0.0, 8.0, 9) == tuple(float(scale) for scale in range(9))
    assert scales_between(0.0, 0.3, 4) == (0.0, 0.1, 0.2, 0.3)
