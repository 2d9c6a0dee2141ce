"""A network that learns Gaussian data comes close to the best possible loss; one that ends in GELU cannot."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.models.network_config import ConvNetConfig
from diffviz.training.batch import BatchSource, Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.loop import TrainingRun, train

VARIANCE = 0.25
FLOOR = 0.17305341
GELU_FLOOR = 0.3778
RECIPE = TrainingConfig(
    images=32 * 130,
    batch_size=32,
    schedule=ScheduleSpec("linear"),
    prediction=PredictionType.NOISE,
    loss=Loss.SIMPLE,
    learning_rate=2e-3,
    warmup_images=320,
    ema_decay=0.98,
    network=ConvNetConfig(),
)


def gaussian_pictures(seed):
    values = np.random.default_rng(seed).standard_normal((4096, 1, 8, 8), np.float32)
    return Examples(torch.from_numpy(values) * VARIANCE**0.5)


def test_the_floor_of_gaussian_data_is_the_mean_of_what_regression_leaves_open():
    abar = build_schedule(ScheduleSpec("linear")).alphas_cumprod[1:]
    left_open = abar * VARIANCE / (abar * VARIANCE + 1 - abar)
    assert left_open.mean() == pytest.approx(FLOOR, abs=1e-8)


@torch.no_grad()
def errors_on_fresh_pictures(run):
    """Squared error of each example that the run never saw, and that of the best answer, ε* of regression."""
    batch = BatchSource(replace(run.config, batch_size=2048, seed=99), gaussian_pictures(7)).draw(0)
    network = run.averaged_network()
    said = torch.cat([network(part.x_t, part.t) for part in batch.split(8)])
    level = build_schedule(run.config.schedule)
    noise = torch.from_numpy(level.one_minus_alphas_cumprod[batch.t])[:, None, None, None]
    best = noise.sqrt() * batch.x_t / ((1 - noise) * VARIANCE + noise)
    return [(answer - batch.target).square().flatten(1).mean(1) for answer in (said, best)]


def trained(network):
    run = TrainingRun(replace(RECIPE, network=network), gaussian_pictures(0))
    for _ in train(run):
        pass
    return run


@pytest.mark.slow
def test_a_trained_network_comes_close_to_the_floor_and_is_never_below_it_on_fresh_data():
    of_network, of_best = errors_on_fresh_pictures(trained(ConvNetConfig()))
    assert of_best.mean() == pytest.approx(FLOOR, abs=4 * float(of_best.std()) / 2048**0.5)
    excess = (of_network - of_best).double()
    standard_error = float(excess.std()) / 2048**0.5
    assert -4 * standard_error < float(excess.mean()) < 0.03
    assert float(excess.mean()) > 0


@pytest.mark.slow
def test_gelu_on_the_last_layer_keeps_the_loss_above_what_it_cannot_say():
    of_network, _ = errors_on_fresh_pictures(trained(ConvNetConfig(gelu_output=True)))
    standard_error = float(of_network.std()) / 2048**0.5
    assert GELU_FLOOR - 4 * standard_error < float(of_network.mean()) < 0.65
