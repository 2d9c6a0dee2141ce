"""Denoisers asked about the same x_t."""

import numpy as np
import pytest
import torch

from diffviz.core.forward import q_sample
from diffviz.core.samplers import SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.duel import Duel
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps


@pytest.fixture(scope="module")
def shelf():
    return DenoiserShelf(ImageStore())


def asked(shelf, denoiser, t):
    """What all say of an emoji noised to t, and the emoji."""
    data = shelf.fetch(ReverseRequest(ScheduleSpec(), SamplerSpec(), denoiser="exact:emoji")).data
    truth = np.float32(data.pixels[10] / 127.5 - 1)
    x_0 = torch.from_numpy(np.moveaxis(truth, -1, 0)[None]).double()
    noise = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x_t = q_sample(x_0, noise, build_schedule(ScheduleSpec()).level(t))
    request = ReverseRequest(ScheduleSpec(), SamplerSpec(), denoiser=denoiser)
    return Duel(shelf).answers(request, x_t, t, truth), truth


@pytest.mark.parametrize("denoiser", ["gaussian:emoji", "blur:32x32x3"])
def test_every_duelist_makes_runs_of_its_own(shelf, denoiser):
    request = ReverseRequest(
        ScheduleSpec(), SamplerSpec(num_sampling_steps=3), denoiser=denoiser, exact_size=32
    )
    context, *steps = reverse_steps(request, shelf)
    assert context.shape == (3, 32, 32)
    assert steps[-1].s == 0
    answers = Duel(shelf).answers(request, steps[1].x_t, steps[1].t, None)
    own = next(answer for answer in answers if answer.key == denoiser)
    np.testing.assert_allclose(own.x_0, np.moveaxis(steps[1].pred_x_0[0].numpy(), 0, -1), atol=1e-6)
    keys = ["exact:emoji", "gaussian:emoji"] if "gaussian" in denoiser else [None, None]
    assert [answer.key for answer in answers] == [*keys, "blur:32x32x3"]


def test_a_network_meets_the_exact_denoiser_of_its_data_a_wiener_filter_and_a_blur(shelf):
    answers, truth = asked(shelf, "emoji-unet", 500)
    assert [answer.name for answer in answers] == ["Network", "Exact", "Gaussian", "Blur"]
    errors = {answer.name: answer.error for answer in answers}
    for answer in answers:
        assert answer.x_0.shape == truth.shape
        assert answer.error == pytest.approx(np.sqrt(np.mean((answer.x_0 - truth) ** 2)), rel=1e-5)
    # It has the very emoji among its pictures; and who knows more is nearer.
    assert errors["Exact"] < 0.05
    assert errors["Exact"] < errors["Network"] < errors["Gaussian"] < errors["Blur"]


def test_an_exact_denoiser_is_not_asked_twice(shelf):
    answers, _ = asked(shelf, "exact:emoji", 300)
    assert [answer.name for answer in answers] == ["Exact", "Gaussian", "Blur"]


def test_pictures_that_are_not_at_hand_are_said_to_be_missing(shelf):
    x_t = torch.zeros(1, 1, 28, 28, dtype=torch.float64)
    request = ReverseRequest(ScheduleSpec(), SamplerSpec(), denoiser="digits-convnet")
    answers = Duel(shelf).answers(request, x_t, 400, None)
    network, exact, gaussian, blur = answers
    if exact.x_0 is None:
        assert (
            exact.detail == gaussian.detail == "The pictures that the network was trained on are not at hand"
        )
        assert network.error is None
    else:
        assert network.error > 0
    assert blur.x_0 is not None
