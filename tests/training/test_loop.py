import math

import numpy as np
import pytest
import torch

from diffviz.core.losses import Loss
from diffviz.core.schedules import ScheduleSpec
from diffviz.models.network_config import ConvNetConfig, MlpConfig, UNetConfig
from diffviz.training import draws
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.draws import TimestepDraw
from diffviz.training.ema import WeightAverage, ema_decay
from diffviz.training.loop import TrainingError, TrainingRun, train

TINY = UNetConfig(base_channels=8, channel_mult=(1, 2), attention_levels=(1,), num_heads=2, num_classes=3)


def pictures(count=24):
    generator = torch.Generator().manual_seed(5)
    values = torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8, generator=generator)
    return Examples(values, torch.arange(count) % 3)


def recipe(**changes):
    values = {"network": TINY, "images": 60, "batch_size": 6, "warmup_images": 12, "learning_rate": 1e-3}
    return TrainingConfig(**(values | changes))


def weights(run):
    return torch.cat([p.detach().flatten() for p in run.network.parameters()])


def test_training_ends_when_its_images_are_seen():
    run = TrainingRun(recipe(), pictures())
    steps = list(train(run))
    assert [step.images_seen for step in steps] == list(range(6, 61, 6))
    assert list(train(run)) == []


def test_two_runs_of_one_recipe_give_the_same_weights_and_another_seed_others():
    runs = [TrainingRun(recipe(seed=seed), pictures()) for seed in (1, 1, 2)]
    for run in runs:
        list(train(run))
    assert torch.equal(weights(runs[0]), weights(runs[1]))
    assert not torch.equal(weights(runs[0]), weights(runs[2]))


def test_a_batch_in_parts_has_the_gradient_of_the_whole():
    whole, parted = (TrainingRun(recipe(batch_parts=parts), pictures()) for parts in (1, 3))
    first, second = next(train(whole)), next(train(parted))
    assert second.loss == pytest.approx(first.loss, rel=1e-5)
    assert second.gradient_norm == pytest.approx(first.gradient_norm, rel=1e-4)


def test_every_epoch_shows_every_example_once_in_another_order():
    seen = np.concatenate([draws.batch_indices(3, step, 7, 28) for step in range(8)])
    assert sorted(seen[:28]) == sorted(seen[28:]) == list(range(28))
    assert seen[:28].tolist() != seen[28:].tolist()


@pytest.mark.parametrize("draw", TimestepDraw)
def test_times_reach_both_ends_of_the_chain_and_are_uniform(draw):
    times = np.concatenate([draws.timesteps(0, step, 50, 10, draw) for step in range(400)])
    counts = np.bincount(times, minlength=11)
    assert counts[0] == 0
    assert times.max() == 10
    # A time and its partner are drawn together, so that counts of pairs vary, twice as much.
    spread = 2 if draw is TimestepDraw.ANTITHETIC else 1
    assert np.abs(counts[1:] - 2000).max() < 4 * math.sqrt(spread * 2000)


def test_stratified_times_take_one_from_each_part_of_the_chain():
    times = draws.timesteps(0, 4, 10, 1000, TimestepDraw.STRATIFIED)
    assert sorted((times - 1) // 100) == list(range(10))
    assert (times - 1).tolist() != sorted(times - 1)


def test_labels_are_hidden_as_often_as_asked():
    hidden = np.concatenate([draws.hidden_labels(0, step, 1000, 0.1) for step in range(20)])
    assert hidden.mean() == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / 20_000))
    assert not draws.hidden_labels(0, 0, 1000, 0.0).any()


def test_the_learning_rate_rises_stays_and_falls_to_nothing():
    config = recipe(images=1000, batch_size=10, warmup_images=100, decay_fraction=0.4, learning_rate=1e-2)
    assert config.learning_rate_at(0) == pytest.approx(1e-3)
    assert config.learning_rate_at(90) == config.learning_rate_at(600) == 1e-2
    assert config.learning_rate_at(800) == pytest.approx(5e-3)
    assert config.learning_rate_at(1000) == 0


def test_a_longer_recipe_takes_the_same_steps_until_its_rate_falls():
    short, long = (TrainingRun(recipe(images=images), pictures()) for images in (60, 120))
    for run in (short, long):
        for step in train(run):
            if step.images_seen == 36:
                break
    assert torch.equal(weights(short), weights(long))


def test_the_average_follows_the_closed_form():
    network = torch.nn.Linear(3, 2).double()
    average = WeightAverage(network, 0.999)
    start = {name: p.detach().clone() for name, p in network.named_parameters()}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    product = 1.0
    for update in range(200):
        average.update(network)
        product *= min(0.999, (1 + update) / (10 + update))
    for name, parameter in network.named_parameters():
        expected = parameter + (start[name] - parameter) * product
        assert torch.allclose(average.weights[name], expected, rtol=0, atol=1e-12)
    assert ema_decay(0.999, 0) == 0.1
    assert ema_decay(0.999, 10**6) == 0.999


def test_an_infinite_loss_stops_with_the_step_and_what_to_try():
    examples = Examples(torch.full((8, 2), float("inf")))
    run = TrainingRun(recipe(network=MlpConfig(width=8)), examples)
    before = weights(run)
    with pytest.raises(TrainingError, match=r"at step 1: try a lower learning rate"):
        next(train(run))
    assert torch.equal(weights(run), before)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"images": 0}, "number of images"),
        ({"learning_rate": 0.0}, "learning rate"),
        ({"ema_decay": 1.0}, "average"),
        ({"precision": "int8"}, "float32, bfloat16"),
        ({"timestep_draw": "odd"}, "stratified, antithetic, uniform"),
        ({"batch_parts": 7}, "parts"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        recipe(**changes)


@pytest.mark.parametrize("network", [UNetConfig(), ConvNetConfig(gelu_output=True), MlpConfig(width=7)])
def test_a_recipe_survives_the_way_through_a_file(network):
    config = TrainingConfig(
        network=network, schedule=ScheduleSpec("cosine", 500, (("s", 0.02),)), loss=Loss.MIN_SNR, seed=9
    )
    assert TrainingConfig.from_json(config.to_json()) == config
    with pytest.raises(ValueError, match="no entry “colour”"):
        TrainingConfig.from_json(config.to_json() | {"colour": 1})
