import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from diffviz.core.schedules import ScheduleSpec
from diffviz.models.architecture import build_network
from diffviz.models.checkpoint import (
    METADATA_KEY,
    CheckpointError,
    CheckpointHeader,
    load_network,
    read_header,
    write_checkpoint,
)
from diffviz.models.network_config import UNetConfig, describe

CONFIG = UNetConfig(base_channels=8, channel_mult=(1, 2), attention_levels=(1,), num_classes=2)


def header(**changes):
    values = {
        "name": "Small U-Net",
        "architecture": describe(CONFIG),
        "prediction": "v",
        "schedule": ScheduleSpec("cosine", params=(("s", 0.01),)),
        "data_shape": (1, 8, 8),
        "class_names": ("cat", "dog"),
        "trained_on": "Pets",
        "images_seen": 12,
    }
    return CheckpointHeader(**(values | changes))


@pytest.fixture
def stored(tmp_path):
    network = build_network(CONFIG)
    path = tmp_path / "small.safetensors"
    write_checkpoint(path, header(), dict(network.named_parameters()))
    return path, network


def test_a_network_comes_back_from_its_file_bit_for_bit(stored):
    path, network = stored
    read, loaded = load_network(path)
    assert read == header(architecture=json.loads(json.dumps(describe(CONFIG))))
    assert not loaded.training
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), network.parameters()))


def test_half_precision_weights_are_loaded_as_float32(tmp_path):
    path = tmp_path / "half.safetensors"
    network = build_network(CONFIG)
    write_checkpoint(path, header(), {n: p.half() for n, p in network.named_parameters()})
    assert {p.dtype for p in load_network(path)[1].parameters()} == {torch.float32}


def test_a_header_tells_size_and_parameters_without_the_weights(stored):
    path, network = stored
    seen = read_header(path)
    assert seen.header.class_names == ("cat", "dog")
    assert seen.parameters == sum(p.numel() for p in network.parameters())
    assert seen.file_bytes == path.stat().st_size


def test_nothing_is_left_beside_a_written_file(stored):
    path, _ = stored
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_truncated_file_is_refused_in_one_sentence(stored, kept):
    path, _ = stored
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"^small\.safetensors .*truncated.*\.$"):
        load_network(path)


def test_files_of_other_kinds_are_refused(tmp_path):
    picture = tmp_path / "picture.safetensors"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(3)}, foreign)
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        read_header(picture)
    with pytest.raises(CheckpointError, match="not a network of diffviz"):
        read_header(foreign)
    with pytest.raises(CheckpointError, match="could not be opened"):
        read_header(tmp_path / "missing.safetensors")


@pytest.mark.parametrize("text", ["no json", "[]", '{"format": 99}', '{"format": 1}'])
def test_a_header_that_cannot_be_read_is_refused(tmp_path, text):
    path = tmp_path / "odd.safetensors"
    save_file({"weight": torch.zeros(3)}, path, {METADATA_KEY: text})
    with pytest.raises(CheckpointError):
        read_header(path)


def test_weights_of_another_architecture_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    other = build_network(UNetConfig(base_channels=16))
    write_checkpoint(path, header(), dict(other.named_parameters()))
    with pytest.raises(CheckpointError, match="does not hold the weights of the architecture"):
        load_network(path)


def test_a_full_disk_keeps_the_old_file(stored, monkeypatch):
    path, network = stored
    before = path.read_bytes()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(path, header(name="New"), dict(network.named_parameters()))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_reading_a_header_does_not_import_torch(stored):
    path, _ = stored
    code = (
        "import sys; from pathlib import Path; from diffviz.models.checkpoint import read_header;"
        f"read_header(Path({str(path)!r})); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
