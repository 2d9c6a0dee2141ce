import time

import numpy as np
import pytest
import torch

from diffviz.core.schedules import ScheduleSpec
from diffviz.data.toy2d import draw_points
from diffviz.models.catalog import load_denoiser
from diffviz.models.network_config import MlpConfig, UNetConfig
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.examples import load_material
from diffviz.training.loop import TrainingRun, train
from diffviz.training.options import command_line, make_recipe
from diffviz.training.preview import draw_samples, sample_sheet, save_sheet
from diffviz.training.publish import as_denoiser, publish


@pytest.mark.slow
def test_a_tiny_u_net_learns_two_classes_of_bars_and_draws_the_one_asked_for(tmp_path):
    """Bars standing or lying in 8×8: within a minute of processor time the loss falls below 0.25, and samples
    stand or lie as asked.
    """
    started_s = time.process_time()
    rng = np.random.default_rng(0)
    pictures = np.zeros((256, 1, 8, 8), np.uint8)
    labels = np.arange(256) % 2
    for picture, label in zip(pictures, labels):
        place = rng.integers(1, 6)
        if label:
            picture[0, :, place : place + 2] = 255
        else:
            picture[0, place : place + 2, :] = 255
    examples = Examples(torch.from_numpy(pictures), torch.from_numpy(labels))
    config = TrainingConfig(
        images=9_600,
        batch_size=32,
        learning_rate=4e-3,
        warmup_images=500,
        network=UNetConfig(
            base_channels=8, channel_mult=(1, 2), attention_levels=(1,), num_heads=2, num_classes=2
        ),
    )
    run = TrainingRun(config, examples)
    losses = [step.loss for step in train(run)]
    assert losses[0] > 0.5
    assert np.mean(losses[-30:]) < 0.25
    assert time.process_time() - started_s < 60

    material = load_material("fashion-mnist", "unet")
    material = type(material)(examples, "Bars", (1, 8, 8), ("lying", "standing"))
    path = tmp_path / "bars.safetensors"
    publish(run, material, path)
    denoiser = load_denoiser(path)
    wanted = [0] * 16 + [1] * 16
    drawn = draw_samples(denoiser, (1, 8, 8), wanted)[:, 0]
    standing = drawn.mean(dim=1).var(dim=1) > drawn.mean(dim=2).var(dim=1)
    assert (standing.numpy() == np.array(wanted)).mean() >= 0.9


@pytest.mark.slow
def test_the_network_for_points_learns_the_swiss_roll():
    points = draw_points("swiss-roll")
    config = TrainingConfig(
        data="swiss-roll",
        images=400_000,
        batch_size=512,
        learning_rate=1e-2,
        warmup_images=10_000,
        network=MlpConfig(),
    )
    material = load_material("swiss-roll", "mlp")
    run = TrainingRun(config, material.examples)
    list(train(run))
    drawn = draw_samples(as_denoiser(run, material), (2,), [None] * 500).numpy()
    nearest = np.linalg.norm(drawn[:, None] - points[None, ::5], axis=2).min(axis=1)
    noise = np.random.default_rng(0).standard_normal((500, 2))
    of_noise = np.linalg.norm(noise[:, None] - points[None, ::5], axis=2).min(axis=1)
    assert np.median(nearest) < 0.25 * np.median(of_noise)


def test_pictures_and_points_need_their_own_architectures():
    with pytest.raises(ValueError, match=r"learns points.*swiss-roll"):
        load_material("fashion-mnist", "mlp")
    with pytest.raises(ValueError, match="learns pictures"):
        load_material("swiss-roll", "unet")


def test_a_recipe_from_options_fits_the_data_and_writes_its_command():
    material = load_material("emoji", "unet")
    config = make_recipe(
        {
            "lr": 0.002,
            "prediction": "x_0",
            "loss": "min_snr",
            "base": 16,
            "name": "My net",
        },
        material,
        architecture="unet",
        images=1000,
        data="emoji",
        schedule=ScheduleSpec("cosine", 500),
    )
    assert config.network == UNetConfig(image_channels=3, base_channels=16, num_classes=8)
    assert command_line(config) == (
        "diffviz train --data emoji --arch unet --images 1000 --timesteps 500 --lr 0.002 "
        "--prediction x_0 --loss min_snr --base 16 --name 'My net'"
    )
    for options, sentence in (
        ({"prediction": "score"}, "must be one of noise, x_0, v, mean"),
        ({"loss": "odd"}, "simple, elbo_beta, elbo_tilde, mean, x0, v, edm, min_snr"),
        ({"base": 12}, "multiple of 8"),
    ):
        with pytest.raises(ValueError, match=sentence):
            make_recipe(options, material, architecture="unet", images=1)


def test_sheets_show_each_class_in_a_row_and_points_as_density(tmp_path):
    network = UNetConfig(
        base_channels=8, channel_mult=(1, 2), attention_levels=(1,), num_classes=8, image_channels=3
    )
    material = load_material("emoji", "unet")
    run = TrainingRun(TrainingConfig(data="emoji", network=network), material.examples)
    sheet = sample_sheet(as_denoiser(run, material), (3, 8, 8))
    assert sheet.shape == (8 * 10 - 2, 8 * 10 - 2, 3)
    save_sheet(sheet, tmp_path / "sheet.png")
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]

    points = load_material("swiss-roll", "mlp")
    mlp = TrainingRun(TrainingConfig(data="swiss-roll", network=MlpConfig(width=8)), points.examples)
    assert sample_sheet(as_denoiser(mlp, points), (2,)).shape == (128, 128, 1)
