"""Two processes under torchrun, against one with the same batch."""

import os
import subprocess
import sys

import pytest
from safetensors.torch import load_file

from diffviz.cli import main
from diffviz.models.checkpoint import read_header
from diffviz.models.network_config import MlpConfig
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.examples import load_material
from diffviz.training.loop import TrainingRun
from diffviz.training.team import Team

WORDS = ["train", "--data", "swiss-roll", "--arch", "mlp", "--batch", "33", "--images", "330", "--lr", "0.01"]
WORDS += ["--warmup", "0", "--sample-every", "200"]
TOLERANCE = 1e-5


def test_two_processes_train_the_network_of_one_and_only_the_first_writes(in_tmp_path, capsys):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    with subprocess.Popen(
        [*torchrun, "-m", "diffviz", *WORDS, "--out", "two.safetensors"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:
        try:
            status = main([*WORDS, "--out", "one.safetensors", "--device", "cpu"])
            output, errors = process.communicate(timeout=100)
        finally:
            process.terminate()  # torchrun ends its processes with itself
    assert (status, process.returncode) == (0, 0), errors
    assert capsys.readouterr().out.count("saved one.safetensors") == 1
    assert output.count("saved two.safetensors") == 1
    written = sorted(
        str(path.relative_to(in_tmp_path)) for path in in_tmp_path.rglob("*.*") if path.is_file()
    )
    sheets = [f"{name}-samples/000000231.png" for name in ("one", "two")]
    files = [f"{name}{end}" for name in ("one", "two") for end in (".safetensors", ".training.safetensors")]
    assert written == sorted(files + sheets)
    for end in (".safetensors", ".training.safetensors"):
        one, two = load_file(f"one{end}"), load_file(f"two{end}")
        assert one.keys() == two.keys()
        assert max(float((one[name] - two[name]).abs().max()) for name in one) < TOLERANCE
        assert max(float(tensor.abs().max()) for tensor in one.values()) > 0.1
    assert read_header(in_tmp_path / "two.safetensors").header.images_seen == 330


def test_a_batch_has_an_image_for_each_process():
    config = TrainingConfig(data="swiss-roll", network=MlpConfig(), batch_size=3)
    points: Examples = load_material("swiss-roll", "mlp").examples
    with pytest.raises(ValueError, match="at least 4 images, one for each process"):
        TrainingRun(config, points, team=Team(rank=1, size=4))


def test_a_classifier_is_trained_by_one_process(in_tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", "--data", "emoji", "--arch", "classifier"]) == 2
    assert "A classifier is trained by one process, without torchrun." in capsys.readouterr().err
    assert list(in_tmp_path.iterdir()) == []
