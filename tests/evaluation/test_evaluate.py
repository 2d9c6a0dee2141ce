import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from diffviz import paths
from diffviz.cli import main
from diffviz.core.schedules import ScheduleSpec
from diffviz.evaluation import judge as judging
from diffviz.evaluation.bound import BoundSoFar
from diffviz.evaluation.evaluate import _wanted, evaluate
from diffviz.evaluation.findings import JUDGE_STAGE, Plan, Progress, RealPictures, SamplesAt
from diffviz.evaluation.judge import judge_path, judge_recipe, prepare_judge
from diffviz.evaluation.losses import SHARES, LossAt
from diffviz.evaluation.samples import draw_samples
from diffviz.models.checkpoint import CheckpointHeader, write_checkpoint
from diffviz.models.denoiser import DenoiserInfo
from diffviz.models.exact import ExactDenoiser
from diffviz.models.network_config import UNetConfig, describe
from diffviz.training.batch import Examples
from diffviz.training.examples import Material

NAMES = ("bottom", "top")


def halves(count, seed):
    """Grey noise whose lower (class 0) or upper (class 1) half is bright; twice as many of class 1."""
    rng = np.random.default_rng(seed)
    values = rng.integers(40, 140, (count, 1, 8, 8), dtype=np.uint8)
    labels = np.minimum(np.arange(count) % 3, 1)
    values[labels == 0, :, 4:] += 100
    values[labels == 1, :, :4] += 100
    examples = Examples(torch.from_numpy(values), torch.from_numpy(labels.astype(np.int64)))
    return Material(examples, "Halves", (1, 8, 8), NAMES)


def knows_by_heart(material, num_classes=2):
    info = DenoiserInfo("exact:halves", "Exact", image_shape=(1, 8, 8), class_names=NAMES[:num_classes])
    return ExactDenoiser(material.examples.x_0(slice(None)), material.examples.labels, info)


PLAN = Plan(
    "halves", num_pictures=6, num_terms=8, num_samples=12, guidance_scales=(1.0,), num_sampling_steps=10
)


@pytest.fixture(autouse=True)
def _quick_judge(monkeypatch):
    monkeypatch.setattr(judging, "IMAGES", 960)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("judges")


@pytest.fixture(autouse=True)
def _one_home(home, monkeypatch, _own_user_folders):
    """The judge is trained once for all tests of this module."""
    monkeypatch.setenv("DIFFVIZ_HOME", str(home))


def measured(denoiser, plan=PLAN, train=None, held_out=None):
    train = train or halves(90, 0)
    records = list(evaluate(denoiser, plan, train, held_out))
    return SimpleNamespace(
        progress=[r for r in records if isinstance(r, Progress)],
        losses=[r for r in records if isinstance(r, LossAt)],
        bound=[r for r in records if isinstance(r, BoundSoFar)],
        real=[r for r in records if isinstance(r, RealPictures)],
        samples=[r for r in records if isinstance(r, SamplesAt)],
    )


def test_who_knows_the_pictures_by_heart_is_found_out():
    """Its samples are right and look right, but each is a training picture."""
    found = measured(knows_by_heart(halves(90, 0)), held_out=halves(60, 1))
    assert [loss.loss == loss.floor for loss in found.losses] == [True] * len(SHARES)
    (real,), (drawn,), (bound,) = found.real, found.samples, found.bound
    assert real.num_pictures == 60
    assert real.num_compared == 12
    assert real.judged_right == 1.0
    assert drawn.as_asked == drawn.against_real == 1.0
    assert drawn.by_class == {"bottom": 1.0, "top": 1.0}
    assert drawn.nearest < 0.01 < real.nearest
    assert drawn.closer_than_real == 1.0
    assert bound.num_pictures == 6
    assert bound.total is not None


def test_pictures_like_the_real_ones_are_as_far_from_them_as_held_out_ones():
    """Samples that are themselves held-out pictures get the figures of held-out pictures."""
    held_out = halves(12, 1)
    found = measured(knows_by_heart(held_out), held_out=held_out)
    (real,), (drawn,) = found.real, found.samples
    assert drawn.frechet == pytest.approx(real.frechet, abs=2.0 * real.frechet)
    assert drawn.nearest == pytest.approx(real.nearest, rel=0.1)
    assert drawn.closer_than_real < 0.5


def test_samples_of_the_other_class_are_not_what_was_asked_for():
    train = halves(90, 0)
    swapped = Examples(train.examples.values, 1 - train.examples.labels)
    denoiser = ExactDenoiser(swapped.x_0(slice(None)), swapped.labels, knows_by_heart(train).info)
    (drawn,) = measured(denoiser, held_out=halves(60, 1)).samples
    assert drawn.as_asked == drawn.against_real == 0.0


def test_classes_are_asked_for_as_often_as_they_are_real():
    assert _wanted(knows_by_heart(halves(9, 0)), PLAN, halves(60, 1)) == [0] * 4 + [1] * 8


def test_without_held_out_pictures_what_needs_them_is_left_out():
    found = measured(knows_by_heart(halves(90, 0)))
    assert found.real == []
    assert all(loss.held_out is None for loss in found.losses)
    assert found.samples[0].closer_than_real is None
    assert found.samples[0].against_real is None
    assert found.samples[0].as_asked == 1.0


def test_a_denoiser_without_classes_is_not_asked_for_any():
    found = measured(knows_by_heart(halves(90, 0), num_classes=0), held_out=halves(60, 1))
    assert len(found.samples) == 1
    assert found.samples[0].as_asked is None
    assert found.samples[0].frechet is not None


def test_each_part_can_be_left_out():
    denoiser = knows_by_heart(halves(90, 0))
    assert measured(denoiser, Plan("halves", num_pictures=0, num_samples=0)).progress == []
    found = measured(denoiser, Plan("halves", num_pictures=2, num_terms=2, num_samples=0))
    assert found.losses
    assert not found.samples


def test_progress_goes_to_the_end_of_each_stage():
    found = measured(knows_by_heart(halves(90, 0)), held_out=halves(60, 1))
    ends = {record.stage: record for record in found.progress}
    assert {*ends} == {
        "Loss against the exact denoiser",
        "Bound on −ln p",
        JUDGE_STAGE,
        "Reading real pictures",
        "Samples at guidance 1",
    }
    assert all(record.done == record.total for record in ends.values())


def test_the_judge_is_trained_once_for_these_very_pictures():
    train = halves(90, 0)
    list(prepare_judge("halves", train))
    (again,) = prepare_judge("halves", train)
    assert again.judge is not None
    recipe = judge_recipe("halves", train)
    assert recipe.noisy is False
    assert judge_path(recipe, train).is_file()
    assert judge_path(recipe, halves(90, 5)) != judge_path(recipe, train)
    judge_path(recipe, train).write_bytes(b"broken")
    first, *_ = prepare_judge("halves", train)
    assert first.steps_done == 1, "a judge that cannot be read is trained anew"


def test_a_sample_does_not_depend_on_how_many_are_drawn():
    denoiser = knows_by_heart(halves(90, 0))

    def drawn(classes):
        *_, last = draw_samples(denoiser, classes, num_sampling_steps=5, seed=4)
        return last.samples

    assert torch.equal(drawn([0, 1, 0])[:2], drawn([0, 1]))
    levels = (drawn([1]) + 1) * 127.5
    assert torch.allclose(levels, levels.round(), atol=1e-3)


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    values = halves(30, 2).examples
    for index, (picture, label) in enumerate(zip(values.values, values.labels)):
        place = tmp_path / "halves" / NAMES[int(label)]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[0].numpy()).save(place / f"{index}.png")
    return tmp_path / "halves"


@pytest.fixture
def network(tmp_path):
    from diffviz.models.architecture import build_network, initialise

    config = UNetConfig(base_channels=8, channel_mult=(1, 2), attention_levels=(), num_classes=2)
    built = build_network(config)
    initialise(built, 0)
    header = CheckpointHeader(
        name="Small U-Net",
        architecture=describe(config),
        prediction="v",
        schedule=ScheduleSpec("cosine", 100),
        data_shape=(1, 8, 8),
        class_names=NAMES,
        trained_on="halves",
    )
    write_checkpoint(tmp_path / "small.safetensors", header, dict(built.named_parameters()))
    return tmp_path / "small.safetensors"


SMALL = ("--samples", "4", "--steps", "3", "--pictures", "4", "--terms", "4", "--device", "cpu")


def test_the_command_writes_tables(folder, network, capsys):
    words = ["--model", str(network), "--data", str(folder), "--guidance", "0,1.5", *SMALL]
    assert main(["evaluate", *words]) == 0
    written = capsys.readouterr()
    assert "has no held-out pictures" in written.err
    lines = written.out.splitlines()
    assert lines[0] == "Small U-Net, against halves"
    assert [line for line in lines if line.startswith(("Squared", "Bound", "Samples"))] == [
        "Squared error of the predicted noise",
        "Bound on −ln p, bits per dimension",
        lines[-4],
    ]
    assert lines[-4].startswith("Samples (nearest")
    assert [line.split()[0] for line in lines[-2:]] == ["0", "1.5"]


def test_the_command_writes_json_that_is_the_same_every_time(folder, network, capsys):
    words = ["--model", str(network), "--data", str(folder), "--json", *SMALL]
    written = []
    for _ in range(2):
        assert main(["evaluate", *words]) == 0
        written.append(json.loads(capsys.readouterr().out))
    assert written[0] == written[1]
    report = written[0]
    assert [row["guidance_scale"] for row in report["samples"]] == [1.0, 2.0]
    assert len(report["losses"]) == len(SHARES)
    assert all(math.isfinite(row["loss"]) and row["floor"] <= row["loss"] for row in report["losses"])
    assert report["bound"][0]["num_pictures"] == 4
    assert list((paths.user_data_dir() / "judges").glob("halves-*.safetensors"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--guidance", "1,two"], "--guidance 1,two: write numbers"),
        (["--guidance", "nan"], "--guidance nan: write numbers"),
        (["--model", "nope"], "no network “nope”"),
        (["--data", "nope"], "There is no data set “nope”"),
        (["--data", "emoji"], "draws pictures of 1×8×8, and those of emoji have 3×32×32"),
        ([], "say where it is with --data"),
        (["--samples", "-1"], "--samples"),
        (["--model", "swiss-roll-mlp"], "draws points"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_a_sentence(words, sentence, network, capsys):
    assert main(["evaluate", "--model", str(network), *words]) == 2
    written = capsys.readouterr()
    assert sentence in written.err
    assert len(written.err.strip().splitlines()) == 1
    assert written.out == ""
