import subprocess
import sys

import numpy as np
import pytest
import torch

from diffviz import paths
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.datasets import load_dataset
from diffviz.models.architecture import build_network
from diffviz.models.catalog import list_networks, load_denoiser, read_catalog
from diffviz.models.checkpoint import CheckpointError, CheckpointHeader, write_checkpoint
from diffviz.models.denoiser import guided
from diffviz.models.devices import available_devices, best_device, usable_device
from diffviz.models.network_config import UNetConfig, describe

CONFIG = UNetConfig(base_channels=8, channel_mult=(1, 2), attention_levels=(1,), num_classes=2)


def write_small(path, **changes):
    network = build_network(CONFIG)
    torch.nn.init.normal_(network.conv_out.weight, generator=torch.Generator().manual_seed(0))
    values = {
        "name": "Small U-Net",
        "architecture": describe(CONFIG),
        "prediction": "v",
        "schedule": ScheduleSpec("cosine"),
        "data_shape": (1, 8, 8),
        "class_names": ("cat", "dog"),
        "trained_on": "Pets",
    }
    write_checkpoint(path, CheckpointHeader(**(values | changes)), dict(network.named_parameters()))
    return network


@pytest.fixture
def own():
    folder = paths.user_checkpoints_dir()
    network = write_small(folder / "small.safetensors")
    return folder / "small.safetensors", network


def test_the_shipped_network_is_listed_with_what_a_person_needs_to_know():
    info = next(info for info in list_networks() if info.key == "fashion-unet")
    assert info.parameters == 1_192_641
    assert info.file_bytes < 16_000_000
    assert info.image_shape == (1, 28, 28)
    assert len(info.class_names) == 10
    assert info.trained_on == "Fashion-MNIST"
    assert info.schedule == ScheduleSpec("cosine")


def test_own_networks_are_listed_after_the_shipped_ones_and_load_by_key_or_path(own):
    path, network = own
    assert list_networks()[-1].key == "small"
    for name in ("small", str(path), path):
        denoiser = load_denoiser(name)
        assert torch.equal(denoiser.network.conv_out.weight, network.conv_out.weight)


def test_an_own_network_with_a_shipped_name_is_listed_by_its_path(own):
    path = own[0].with_name("fashion-unet.safetensors")
    write_small(path)
    files = {info.key: info.file_bytes for info in list_networks()}
    assert files[str(path)] == path.stat().st_size < files["fashion-unet"]


def test_a_damaged_file_is_a_problem_of_its_own_and_not_of_the_list(own):
    path = own[0].with_name("broken.safetensors")
    path.write_bytes(own[0].read_bytes()[:-7])
    catalog = read_catalog()
    assert "small" in [info.key for info in catalog.networks]
    assert len(catalog.problems) == 1
    assert "broken.safetensors is truncated" in catalog.problems[0]


def test_listing_and_describing_networks_does_not_import_torch():
    code = (
        "import sys; from diffviz.models.catalog import list_networks; from diffviz.models import denoiser;"
        "assert list_networks(); assert 'torch' not in sys.modules; assert 'PySide6' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_network_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(CheckpointError, match=r"no network “nope”.*fashion-unet"):
        load_denoiser("nope")


def test_a_network_that_predicts_something_unknown_is_refused(own):
    path = own[0].with_name("odd.safetensors")
    write_small(path, prediction="weather")
    with pytest.raises(CheckpointError, match="cannot be used"):
        load_denoiser(path)


@pytest.mark.usefixtures("own")
def test_a_network_asked_through_its_own_schedule_gets_its_own_time():
    denoiser = load_denoiser("small")
    schedule = build_schedule(ScheduleSpec("cosine"))
    x_t = torch.from_numpy(draw_noise((3, 1, 8, 8), 1, Stream.X_T))
    for t in (1, 37, 1000):
        level = schedule.level(t)
        a, b = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
        with torch.no_grad():
            v = denoiser.network(x_t, torch.full((3,), float(t)), torch.tensor([1, 1, 1]))
        prediction = denoiser.predict(x_t, level, 1)
        assert torch.equal(prediction.x_0, a * x_t - b * v)
        assert torch.equal(prediction.noise, b * x_t + a * v)


@pytest.mark.usefixtures("own")
def test_another_schedule_asks_at_the_time_of_equal_noise():
    denoiser = load_denoiser("small")
    x_t = torch.from_numpy(draw_noise((1, 1, 8, 8), 1, Stream.X_T))
    cosine = build_schedule(ScheduleSpec("cosine"))
    half = build_schedule(ScheduleSpec("cosine", 500))
    ours = denoiser.predict(x_t, cosine.level(600))
    theirs = denoiser.predict(x_t, half.level(300))
    assert torch.allclose(ours.x_0, theirs.x_0, atol=1e-4)


@pytest.mark.usefixtures("own")
def test_classes_can_differ_within_a_batch():
    denoiser = load_denoiser("small")
    level = build_schedule(ScheduleSpec("cosine")).level(500)
    x_t = torch.from_numpy(draw_noise((3, 1, 8, 8), 1, Stream.X_T))
    mixed = denoiser.predict(x_t, level, [0, 1, None]).x_0
    apart = [denoiser.predict(x_t[i : i + 1], level, c).x_0 for i, c in enumerate((0, 1, None))]
    assert torch.allclose(mixed, torch.cat(apart), atol=1e-5)


@pytest.mark.usefixtures("own")
def test_the_answer_keeps_the_dtype_of_the_question():
    level = build_schedule(ScheduleSpec("cosine")).level(500)
    prediction = load_denoiser("small").predict(torch.zeros(1, 1, 8, 8, dtype=torch.float64), level)
    assert prediction.x_0.dtype == prediction.noise.dtype == torch.float64


@pytest.mark.usefixtures("own")
def test_pictures_of_another_colour_and_unknown_classes_are_refused():
    denoiser = load_denoiser("small")
    level = build_schedule(ScheduleSpec("cosine")).level(500)
    with pytest.raises(ValueError, match="grey pictures of 8×8"):
        denoiser.predict(torch.zeros(1, 3, 8, 8), level)
    with pytest.raises(ValueError, match="knows 2 classes"):
        denoiser.predict(torch.zeros(1, 1, 8, 8), level, 2)


@pytest.mark.usefixtures("own")
def test_guidance_of_one_and_zero_are_the_plain_answers_bit_for_bit():
    denoiser = load_denoiser("small")
    level = build_schedule(ScheduleSpec("cosine")).level(500)
    x_t = torch.from_numpy(draw_noise((2, 1, 8, 8), 1, Stream.X_T))
    with_class, without = denoiser.predict(x_t, level, 1), denoiser.predict(x_t, level)
    assert torch.equal(guided(denoiser, 1, 1.0)(x_t, level).x_0, with_class.x_0)
    assert torch.equal(guided(denoiser, 1, 0.0)(x_t, level).x_0, without.x_0)
    assert torch.equal(guided(denoiser, None, 3.0)(x_t, level).x_0, without.x_0)
    expected = without.x_0 + 2.5 * (with_class.x_0 - without.x_0)
    assert torch.allclose(guided(denoiser, 1, 2.5)(x_t, level).x_0, expected, atol=1e-5)


@pytest.mark.slow
def test_the_shipped_network_draws_a_trouser_that_looks_like_trousers():
    denoiser = load_denoiser("fashion-unet")
    schedule = build_schedule(ScheduleSpec("cosine"))
    x_t = torch.from_numpy(draw_noise((8, 1, 28, 28), 5, Stream.X_T))
    spec = SamplerSpec(kind=SamplerKind.DDIM, num_sampling_steps=20)
    *_, last = sample(guided(denoiser, 1, 2.0), x_t, schedule, spec, lambda _s, _t: torch.zeros_like(x_t))
    data = load_dataset("fashion-mnist")
    means = np.stack([data.images[data.labels == c].mean(0).ravel() / 127.5 - 1 for c in range(10)])
    distance = torch.cdist(last.x_s.reshape(8, -1), torch.from_numpy(means).float())
    assert (distance.argmin(1) == 1).sum() >= 7


def test_the_cpu_is_always_there_and_other_devices_say_why_not():
    devices = {device.key: device for device in available_devices()}
    assert devices["cpu"].reason_unavailable is None
    assert {"mps", "xpu", "cpu"} <= set(devices)
    assert devices[best_device()].reason_unavailable is None
    assert usable_device("auto") == best_device()
    for device in devices.values():
        if device.reason_unavailable:
            assert device.reason_unavailable.endswith(".")
            with pytest.raises(ValueError, match="cannot be used"):
                usable_device(device.key)
    with pytest.raises(ValueError, match="no device “abacus”"):
        usable_device("abacus")
