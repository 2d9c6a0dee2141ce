"""Recipes as command lines: every entry has its option, and the command of a run repeats it exactly."""

import shlex
import subprocess
import sys
from dataclasses import fields, replace

import pytest

from diffviz.cli import main
from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.models.network_config import ConvNetConfig, MlpConfig, UNetConfig
from diffviz.training.config import TrainingConfig
from diffviz.training.draws import TimestepDraw
from diffviz.training.options import OPTIONS, command_line
from diffviz.training.state import read_config, state_path

CUSTOM = ScheduleSpec("custom", 50, points=((0.02, 8.123456789), (0.5, 0.1), (1.0, -9.0)))
UNUSUAL = TrainingConfig(
    data="emoji",
    images=4,
    prediction=PredictionType.MEAN,
    loss=Loss.ELBO_TILDE,
    batch_size=3,
    batch_parts=2,
    learning_rate=1.25e-4,
    weight_decay=0.1,
    warmup_images=0,
    decay_fraction=0.0,
    gradient_clip=0.0,
    ema_decay=0.0,
    class_dropout=0.3,
    timestep_draw=TimestepDraw.ANTITHETIC,
    mirror=True,
    channels_last=True,
    seed=7,
    name="Dürer’s “hare”",
    schedule=CUSTOM,
    network=UNetConfig(
        image_channels=3,
        base_channels=8,
        channel_mult=(1, 2),
        num_res_blocks=2,
        attention_levels=(),
        num_heads=2,
        num_classes=8,
        ada_gn=False,
        knows_time=False,
    ),
)
LESSON = TrainingConfig(
    data="emoji",
    images=2,
    batch_size=2,
    loss=Loss.MEAN,
    schedule=ScheduleSpec("linear", 20, (("beta_max", 0.0123),), zero_terminal_snr=True),
    network=ConvNetConfig(image_channels=3, num_timesteps=20, gelu_output=True, knows_time=False),
)
POINTS = TrainingConfig(
    data="swiss-roll", images=2, batch_size=2, network=MlpConfig(width=8, depth=1, time_dim=4)
)


@pytest.mark.parametrize("config", [UNUSUAL, LESSON, POINTS], ids=["unet", "convnet", "mlp"])
def test_the_command_of_a_run_repeats_it_exactly(config, in_tmp_path, capsys):
    words = shlex.split(command_line(config))[1:]
    assert main([*words, "--out", "net.safetensors", "--device", "cpu"]) == 0, capsys.readouterr().err
    assert read_config(state_path(in_tmp_path / "net.safetensors")) == config


def test_every_entry_of_a_recipe_has_an_option_or_comes_from_the_data():
    entries = {option.entry for option in OPTIONS}
    of_recipe = {field.name for field in fields(TrainingConfig)}
    assert of_recipe - entries == {"data", "images", "network", "schedule"}
    of_networks = {field.name for kind in (UNetConfig, ConvNetConfig, MlpConfig) for field in fields(kind)}
    # What is left is decided by the data and the schedule; training refuses dropout.
    from_data = {"image_channels", "num_classes", "num_timesteps", "dim", "dropout"}
    assert of_networks - entries == from_data
    assert entries <= of_recipe | of_networks


def test_a_stored_recipe_of_an_older_version_has_the_defaults_of_what_it_lacks():
    stored = UNUSUAL.to_json()
    for entry in ("mirror", "channels_last", "compile", "timestep_draw"):
        del stored[entry]
    del stored["network"]["knows_time"]
    expected = replace(
        UNUSUAL,
        mirror=False,
        channels_last=TrainingConfig.channels_last,
        timestep_draw=TimestepDraw.STRATIFIED,
        network=replace(UNUSUAL.network, knows_time=True),
    )
    assert TrainingConfig.from_json(stored) == expected


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--width", "8"], "--width is for the architecture mlp alone."),
        (["--gelu-output"], "--gelu-output is for the architecture convnet alone."),
        (["--mult", "1,two"], "--mult 1,two: write whole numbers with commas, such as 1,2."),
        (["--mult", "0"], "Every level of a U-Net has a factor of at least 1."),
        (["--base", "12"], "The base width is a multiple of 8."),
        (["--blocks", "0"], "Every level of a U-Net has at least 1 residual block."),
        (["--heads", "3"], "The heads of the attention must divide the channels of every level."),
        (
            ["--loss", "odd"],
            "The loss must be one of simple, elbo_beta, elbo_tilde, mean, x0, v, edm, min_snr",
        ),
        (["--timestep-draw", "odd"], "The timestep draw must be one of stratified, antithetic, uniform"),
        (["--clip", "-1"], "The gradient clip must not be negative."),
        (["--schedule", "{oops"], "that is not JSON"),
        (["--arch", "mlp", "--data", "swiss-roll", "--mirror"], "Only pictures can be mirrored, not points."),
        (["--arch", "mlp", "--data", "swiss-roll", "--depth", "0"], "at least 1 layer"),
    ],
)
def test_sizes_and_words_that_make_no_network_are_refused_in_one_line(words, sentence, in_tmp_path, capsys):
    assert main(["train", *words]) == 2
    errors = capsys.readouterr().err
    assert sentence in errors
    assert errors.count("\n") == 1
    assert list(in_tmp_path.iterdir()) == []


def test_a_recipe_is_made_before_torch_is_loaded():
    program = "import sys, diffviz.training.options; print('torch' in sys.modules, 'PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
