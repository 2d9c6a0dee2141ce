import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from diffviz.models.checkpoint import CheckpointError
from diffviz.models.network_config import MlpConfig, UNetConfig
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.loop import TrainingRun, train
from diffviz.training.state import read_config, resume, save_state, state_path, stored_points

TINY = UNetConfig(base_channels=8, channel_mult=(1, 2), attention_levels=(1,), num_heads=2, num_classes=3)
EXAMPLES = Examples(
    torch.randint(0, 256, (24, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(5)),
    torch.arange(24) % 3,
)


def recipe(**changes):
    values = {"network": TINY, "images": 60, "batch_size": 6, "warmup_images": 12}
    return TrainingConfig(**(values | changes))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("stop", [0, 1, 5])
def test_a_stopped_and_resumed_run_equals_one_that_was_not_bit_for_bit(tmp_path, precision, stop):
    config = recipe(precision=precision, batch_parts=2)
    whole = TrainingRun(config, EXAMPLES)
    whole_losses = [step.loss for step in train(whole)]

    first = TrainingRun(config, EXAMPLES)
    losses = [first.advance().loss for _ in range(stop)]
    save_state(first, tmp_path / "run.training.safetensors")
    second = resume(tmp_path / "run.training.safetensors", EXAMPLES)
    losses += [step.loss for step in train(second)]

    assert losses == whole_losses
    for a, b in zip(whole.network.parameters(), second.network.parameters()):
        assert torch.equal(a, b)
    for name, average in whole.average.weights.items():
        assert torch.equal(average, second.average.weights[name])


def test_a_finished_run_can_be_prolonged(tmp_path):
    run = TrainingRun(recipe(), EXAMPLES)
    list(train(run))
    path = state_path(tmp_path / "net.safetensors")
    save_state(run, path)
    assert read_config(path) == recipe()
    longer = resume(path, EXAMPLES, images=90)
    assert [step.images_seen for step in train(longer)][-1] == 90


def test_points_go_along_with_a_run_which_takes_no_others(tmp_path):
    points = Examples(torch.randn(20, 2, generator=torch.Generator().manual_seed(1)), fingerprint="first")
    run = TrainingRun(recipe(data="mine.csv", network=MlpConfig(width=8, depth=1)), points)
    path = tmp_path / "run.training.safetensors"
    save_state(run, path)
    assert torch.equal(stored_points(path), points.values)
    assert resume(path, points).step == 0
    with pytest.raises(CheckpointError, match=r"^mine\.csv holds other points than this run has learned"):
        resume(path, Examples(points.values, fingerprint="second"))
    save_state(TrainingRun(recipe(), EXAMPLES), path)
    assert stored_points(path) is None, "pictures are found by their name"


def test_files_that_are_no_state_are_refused_in_one_sentence(tmp_path):
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(3)}, foreign)
    with pytest.raises(CheckpointError, match=r"^foreign\.safetensors is not the state of a training run\.$"):
        resume(foreign, EXAMPLES)
    odd = tmp_path / "odd.safetensors"
    save_file({"weight": torch.zeros(3)}, odd, {"diffviz-training": '{"step": 1}'})
    with pytest.raises(CheckpointError, match="recipe that diffviz cannot read"):
        resume(odd, EXAMPLES)
    with pytest.raises(CheckpointError, match="could not be opened"):
        resume(tmp_path / "missing.safetensors", EXAMPLES)


def test_a_state_without_its_tensors_is_refused(tmp_path):
    path = tmp_path / "run.training.safetensors"
    run = TrainingRun(recipe(), EXAMPLES)
    save_state(run, path)

    with safe_open(path, "pt") as stored:
        metadata = stored.metadata()
    save_file({"weight/nothing": torch.zeros(1)}, path, metadata)
    with pytest.raises(CheckpointError, match="does not fit the network"):
        resume(path, EXAMPLES)
