"""What is left of a run that ends by force: killed, out of numbers, or out of disk."""

import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from diffviz.cli import main
from diffviz.models.network_config import MlpConfig
from diffviz.training.config import TrainingConfig
from diffviz.training.examples import load_material
from diffviz.training.loop import TrainingRun
from diffviz.training.publish import publish
from diffviz.training.state import resume, save_state, state_path

ENDLESS = 100_000_000
KILLED = [sys.executable, "-m", "diffviz", "train", "--data", "swiss-roll", "--arch", "mlp", "--batch", "64"]
KILLED += ["--images", str(ENDLESS), "--device", "cpu", "--save-every", "1", "--sample-every", "0"]


def test_a_run_that_is_killed_goes_on_from_its_last_checkpoint_as_if_nothing_had_happened(in_tmp_path):
    path = in_tmp_path / "killed.training.safetensors"
    with subprocess.Popen(
        [*KILLED, "--out", "killed.safetensors"], stdout=subprocess.PIPE, text=True
    ) as process:
        for _ in range(2):  # the second checkpoint replaces the first
            assert "saved killed.safetensors" in process.stdout.readline()
        process.kill()
    assert process.returncode != 0

    points = load_material("swiss-roll", "mlp").examples
    killed = resume(path, points)
    assert killed.step > 0
    whole = TrainingRun(killed.config, points)
    while whole.step < killed.step + 5:
        whole.advance()
    for _ in range(5):
        killed.advance()
    for one, other in zip(whole.network.parameters(), killed.network.parameters()):
        assert torch.equal(one, other)
    for name, average in whole.average.weights.items():
        assert torch.equal(average, killed.average.weights[name])


@pytest.fixture
def diverging(in_tmp_path):
    """A run on disk after one good step, whose next ones lead to infinity."""
    material = load_material("swiss-roll", "mlp")
    config = TrainingConfig(
        data="swiss-roll",
        images=6400,
        network=MlpConfig(width=32, depth=40),
        batch_size=16,
        learning_rate=0.99,
        warmup_images=0,
        decay_fraction=0.0,
        gradient_clip=0.0,
        ema_decay=0.0,
    )
    run = TrainingRun(config, material.examples)
    run.advance()
    path = in_tmp_path / "net.safetensors"
    save_state(run, state_path(path))
    publish(run, material, path)
    return path


def test_a_run_that_leaves_the_numbers_ends_with_what_to_try_and_keeps_the_last_checkpoint(diverging, capsys):
    before = [diverging.read_bytes(), state_path(diverging).read_bytes()]
    assert main(["train", "--resume", str(diverging), "--device", "cpu"]) == 1
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "is not a number at step" in errors
    assert "try a lower learning rate than 0.99" in errors
    assert [diverging.read_bytes(), state_path(diverging).read_bytes()] == before
    assert all(bool(weight.isfinite().all()) for weight in load_file(diverging).values())


def test_a_full_disk_ends_a_run_in_a_sentence_and_keeps_the_last_checkpoint(in_tmp_path, capsys):
    resource = pytest.importorskip("resource", reason="limits of file size are POSIX")
    words = ["train", "--data", "swiss-roll", "--arch", "mlp", "--batch", "32", "--device", "cpu"]
    assert main([*words, "--images", "32", "--out", "net.safetensors"]) == 0
    path = in_tmp_path / "net.safetensors"
    before = [path.read_bytes(), state_path(path).read_bytes()]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        assert main(["train", "--resume", str(path), "--images", "64"]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "net.safetensors could not be written (File too large); what it held is kept." in errors
    assert [path.read_bytes(), state_path(path).read_bytes()] == before
    assert sorted(found.name for found in in_tmp_path.iterdir()) == [path.name, state_path(path).name]
