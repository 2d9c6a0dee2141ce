"""A network of each kind of prediction, asked as a denoiser."""

import pytest
import torch
from torch import nn

from diffviz.core.losses import TRAINABLE, target_coefficients
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.models.architecture import build_network, initialise
from diffviz.models.denoiser import DenoiserInfo, NetworkDenoiser
from diffviz.models.network_config import ConvNetConfig, MlpConfig, UNetConfig
from diffviz.training.preview import draw_samples

SPEC = ScheduleSpec("cosine")
MEAN, VARIANCE = 0.4, 0.25


class BestForGaussianData(nn.Module):
    """What a perfect network of a kind says of data N(0.4, 0.25) at whole times, in float64."""

    def __init__(self, prediction):
        super().__init__()
        self.config = MlpConfig()
        self.unused = nn.Parameter(torch.zeros(1))
        tables = target_coefficients(prediction, build_schedule(SPEC))
        self.of_x_0, self.of_noise = (torch.tensor(table) for table in tables)
        self.level = build_schedule(SPEC)
        self.asked = []

    def forward(self, x_t, t, _class_index=None):
        self.asked.append(float(t[0]))
        step = t.round().long()
        a, b = (
            torch.tensor(table)[step][:, None]
            for table in (self.level.sqrt_alphas_cumprod, self.level.sqrt_one_minus_alphas_cumprod)
        )
        centred = x_t.double() - a * MEAN
        left = a**2 * VARIANCE + b**2
        x_0, noise = MEAN + a * VARIANCE / left * centred, b / left * centred
        return self.of_x_0[step][:, None] * x_0 + self.of_noise[step][:, None] * noise


def denoiser(prediction):
    return NetworkDenoiser(BestForGaussianData(prediction), prediction, SPEC, DenoiserInfo("best", "Best"))


@pytest.mark.parametrize("prediction", TRAINABLE)
@pytest.mark.parametrize("t", [1, 2, 250, 700, 990])
def test_a_perfect_network_means_the_same_picture_whatever_it_says(prediction, t):
    x_t = torch.tensor([[0.3, -1.1]], dtype=torch.float64)
    level = build_schedule(SPEC).level(t)
    found = denoiser(prediction).predict(x_t, level)
    a, b2 = level.sqrt_alpha_cumprod, level.one_minus_alpha_cumprod
    expected = MEAN + a * VARIANCE / (a**2 * VARIANCE + b2) * (x_t - a * MEAN)
    # What a network says passes through float32, whose last digit a mean multiplies by 1/c_0.
    torch.testing.assert_close(found.x_0, expected, rtol=0, atol=2e-4)
    x_again = a * found.x_0 + level.sqrt_one_minus_alpha_cumprod * found.noise
    torch.testing.assert_close(x_again, x_t, rtol=0, atol=1e-6)


def test_a_mean_is_asked_for_at_whole_times_of_its_own_chain():
    other = build_schedule(ScheduleSpec("linear")).level(400)
    whole, between = denoiser(PredictionType.MEAN), denoiser(PredictionType.V)
    for one in (whole, between):
        one.predict(torch.zeros(1, 2), other)
    assert between.network.asked[0] != round(between.network.asked[0])
    assert whole.network.asked == [round(between.network.asked[0])]


@pytest.mark.parametrize("prediction", TRAINABLE)
def test_samples_of_a_perfect_network_follow_the_data_whatever_it_says(prediction):
    drawn = draw_samples(denoiser(prediction), (2,), [None] * 2000, num_sampling_steps=250)
    assert float(drawn.mean()) == pytest.approx(MEAN, abs=4 * (VARIANCE / 4000) ** 0.5)
    assert float(drawn.var()) == pytest.approx(VARIANCE, rel=0.06)


@pytest.mark.parametrize("config", [UNetConfig, ConvNetConfig, MlpConfig])
def test_a_network_that_does_not_know_the_time_says_the_same_at_every_time(config):
    shape = (2, 2) if config is MlpConfig else (2, 1, 8, 8)
    x_t = torch.ones(shape)
    early, late = torch.tensor([3.0, 3.0]), torch.tensor([900.0, 900.0])
    sizes = []
    for knows_time in (True, False):
        network = build_network(config(knows_time=knows_time))
        initialise(network, 0)
        for parameter in network.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, generator=torch.Generator().manual_seed(0))
        sizes.append(sum(parameter.numel() for parameter in network.parameters()))
        assert torch.equal(network(x_t, early), network(x_t, late)) is not knows_time
    assert sizes[0] == sizes[1]
