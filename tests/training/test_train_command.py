import shlex
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from diffviz.cli import main
from diffviz.data.point_files import fingerprint_of
from diffviz.engine.training_plan import recommended
from diffviz.engine.training_probe import Probe, floor_steps
from diffviz.models.catalog import load_denoiser
from diffviz.models.checkpoint import read_header
from diffviz.training.examples import load_material
from diffviz.training.preview import draw_samples

SMALL = ["train", "--data", "swiss-roll", "--arch", "mlp", "--batch", "32", "--device", "cpu"]


@pytest.fixture
def run(capsys):
    """Run a command as a person would; its status, and what it wrote to stdout and stderr."""

    def command(*words):
        status = main([str(word) for word in words])
        written = capsys.readouterr()
        return SimpleNamespace(status=status, output=written.out, errors=written.err)

    return command


def test_a_run_leaves_a_network_its_state_and_sheets(run, in_tmp_path):
    result = run(*SMALL, "--images", 96, "--sample-every", 64, "--name", "Roll")
    assert result.status == 0, result.errors
    files = sorted(str(path.relative_to(in_tmp_path)) for path in in_tmp_path.rglob("*") if path.is_file())
    assert files == [
        "runs/swiss-roll-mlp-samples/000000064.png",
        "runs/swiss-roll-mlp.safetensors",
        "runs/swiss-roll-mlp.training.safetensors",
    ]
    header = read_header(in_tmp_path / "runs" / "swiss-roll-mlp.safetensors").header
    assert header.images_seen == 96
    assert header.command == ("diffviz train --data swiss-roll --arch mlp --images 96 --batch 32 --name Roll")
    assert load_denoiser(in_tmp_path / "runs" / "swiss-roll-mlp.safetensors").info.name == "Roll"
    assert "96 images" in result.output


def test_a_resumed_run_ends_with_the_same_file_as_one_without_a_stop(run, in_tmp_path):
    assert run(*SMALL, "--images", 96, "--out", "whole.safetensors").status == 0
    assert run(*SMALL, "--images", 64, "--decay-fraction", 0, "--out", "a.safetensors").status == 0
    assert run("train", "--resume", "a.safetensors", "--images", 96).status == 0
    assert run(*SMALL, "--images", 96, "--decay-fraction", 0, "--out", "b.safetensors").status == 0
    assert (in_tmp_path / "a.safetensors").read_bytes() == (in_tmp_path / "b.safetensors").read_bytes()
    assert (in_tmp_path / "a.safetensors").read_bytes() != (in_tmp_path / "whole.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--data", "nope"], "There is no data set “nope”"),
        (["--arch", "gan"], "There is no architecture “gan”"),
        (["--data", "swiss-roll", "--arch", "unet"], "The architecture unet learns pictures"),
        (["--data", "none.csv"], "none.csv could not be read: no such file"),
        (["--images", "5", "--epochs", "5"], "Give --images or --epochs, not both."),
        (["--images", "0"], "The number of images must be at least 1."),
        (["--lr", "-1"], "The learning rate must lie between 0 and 1."),
        (["--schedule", "wavy"], "There is no schedule 'wavy'"),
        (["--timesteps", "9999"], "T = 9999 is not possible"),
        (["--prediction", "score"], "The prediction must be one of noise, x_0, v, mean"),
        (["--device", "abacus"], "There is no device “abacus”"),
        (["--out", "net.pt"], "its name must end in .safetensors"),
        (["--resume", "missing.safetensors"], "missing.training.safetensors could not be opened"),
        (["--resume", "missing.safetensors", "--lr", "0.1"], "--lr cannot be changed when a run is resumed."),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_status_2(run, in_tmp_path, words, sentence):
    result = run("train", *words)
    assert result.status == 2
    assert sentence in result.errors
    assert len(result.errors.strip().splitlines()) == 1
    assert list(in_tmp_path.iterdir()) == []


def test_points_of_a_file_are_learned_by_the_recipe_for_points_and_known_again(run, in_tmp_path):
    """A cross of two lines: within seconds samples lie on it and the loss is near that of the exact score."""
    along = np.linspace(-1.5, 1.5, 60)
    cross = np.concatenate([np.stack([along, 0 * along], 1), np.stack([0 * along, along], 1)])
    np.savetxt("cross.csv", cross, delimiter=",")
    result = run("train", "--data", "cross.csv", "--images", 2_560, "--sample-every", 0)
    assert result.status == 0, result.errors
    path = in_tmp_path / "runs" / "cross-mlp.safetensors"
    header = read_header(path).header
    assert (header.trained_on, header.prediction, header.architecture["depth"]) == ("cross.csv", "v", 4)
    assert header.fingerprint == fingerprint_of(cross)
    # The command on its card makes the same network, and the run goes on.
    assert run(*shlex.split(header.command)[1:], "--out", "again.safetensors").status == 0
    assert (in_tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    assert run("train", "--resume", path, "--images", 120_000, "--sample-every", 0).status == 0
    denoiser = load_denoiser(path)
    samples = draw_samples(denoiser, (2,), [None] * 500).numpy()
    assert np.median(np.abs(samples).min(axis=1)) < 0.15
    config = recommended("cross.csv").config
    examples = load_material("cross.csv", "mlp").examples
    probe = Probe.of(config, examples)
    *_, floor = floor_steps(config, examples, probe)
    assert 0.95 * floor.loss < np.mean(list(probe.losses(denoiser))) < 1.25 * floor.loss

    # It goes on with its own points, whatever has become of their file.
    kept = "the run goes on with those that it began with."
    (in_tmp_path / "cross.csv").unlink()
    assert run("train", "--resume", "again.safetensors", "--images", 5_120).status == 0
    same = (in_tmp_path / "again.safetensors").read_bytes()
    assert run(*shlex.split(header.command)[1:], "--out", "third.safetensors").status == 2
    np.savetxt("cross.csv", cross[::-1], delimiter=",")
    result = run("train", "--resume", "again.safetensors", "--images", 5_120)
    assert result.errors.strip() == f"cross.csv holds other points now: {kept}"
    assert (in_tmp_path / "again.safetensors").read_bytes() == same
    np.savetxt("cross.csv", cross, delimiter=",")
    assert run("train", "--data", "cross.csv", "--images", 5_120, "--out", "whole.safetensors").status == 0
    assert (in_tmp_path / "whole.safetensors").read_bytes() == same


def test_ctrl_c_saves_what_there_is_and_exits_130(run, in_tmp_path):
    words = [*SMALL, "--images", "100000000", "--save-every", "1"]
    with subprocess.Popen(
        [sys.executable, "-m", "diffviz", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().endswith("saved runs/swiss-roll-mlp.safetensors\n")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == ""
    assert run("train", "--resume", "runs/swiss-roll-mlp.safetensors", "--images", 1).status == 0
    assert not [path for path in in_tmp_path.rglob("*") if path.name.startswith(".")]


def test_a_folder_of_pictures_trains_a_network_with_its_classes(run, in_tmp_path, small_picture):
    pixels = ((small_picture + 1) * 127.5).astype("uint8")
    for name in ("cat", "dog"):
        (in_tmp_path / "pets" / name).mkdir(parents=True)
        Image.fromarray(pixels).save(in_tmp_path / "pets" / name / "1.png")
    words = ["--base", 8, "--size", 16, "--batch", 2, "--epochs", 2, "--out", "pets.safetensors"]
    result = run("train", "--data", "pets", *words, "--device", "cpu", "--sample-every", 0)
    assert result.status == 0, result.errors
    assert "learns 2 pictures by heart" in result.errors
    header = read_header(in_tmp_path / "pets.safetensors").header
    assert header.class_names == ("cat", "dog")
    assert header.data_shape == (3, 16, 16)
    assert header.images_seen == 4


def test_a_network_that_knows_no_classes_says_so_though_its_data_have_some(run, in_tmp_path, small_picture):
    for name in ("left", "right"):
        folder = in_tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        Image.fromarray(((small_picture + 1) * 127).astype("uint8")).save(folder / "one.png")
    words = ["--arch", "convnet", "--images", 4, "--batch", 2, "--size", 8, "--sample-every", 2]
    result = run("train", "--data", "pictures", *words, "--out", "small.safetensors")
    assert result.status == 0, result.errors
    assert len(list(in_tmp_path.glob("small-samples/*.png"))) == 2
    assert load_denoiser(in_tmp_path / "small.safetensors").info.class_names == ()


def test_the_list_of_networks_names_the_shipped_one(run):
    result = run("models")
    assert result.status == 0
    assert "fashion-unet" in result.output
    assert "1,192,641" in result.output
