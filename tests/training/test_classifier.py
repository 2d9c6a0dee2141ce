import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from diffviz.cli import main
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.evaluation.accuracy import accuracy_by_time
from diffviz.models.catalog import list_networks
from diffviz.models.checkpoint import read_header
from diffviz.models.classifier import load_classifier
from diffviz.training.batch import Examples
from diffviz.training.classifier import (
    ClassifierRecipe,
    ClassifierRun,
    as_classifier,
    publish_classifier,
    train_classifier,
)
from diffviz.training.examples import Material
from diffviz.training.loop import TrainingError

RECIPE = ClassifierRecipe(
    data="halves", images=1600, base_channels=8, batch_size=32, schedule=ScheduleSpec("cosine", 100)
)


def halves(count=400):
    """Grey noise with one bright half: left is class 0, right is class 1."""
    rng = np.random.default_rng(0)
    values = rng.integers(60, 120, (count, 1, 8, 8), dtype=np.uint8)
    labels = np.arange(count) % 2
    values[labels == 0, :, :, :4] += 100
    values[labels == 1, :, :, 4:] += 100
    examples = Examples(torch.from_numpy(values), torch.from_numpy(labels.astype(np.int64)))
    return Material(examples, "Halves", (1, 8, 8), ("left", "right"))


@pytest.fixture(scope="module")
def trained():
    run = ClassifierRun(RECIPE, halves())
    return run, list(train_classifier(run))


def test_a_classifier_learns_what_noise_leaves_of_a_class_and_no_more(trained):
    run, steps = trained
    assert steps[0].loss == pytest.approx(math.log(2), abs=0.3)
    assert steps[-1].images_seen == 1600
    material = halves()
    rows = list(
        accuracy_by_time(
            as_classifier(run),
            material.examples.x_0(slice(None)),
            material.examples.labels,
            schedule=run.schedule,
            shares=(0, 0.5, 1),
        )
    )
    assert [row.t for row in rows] == [0, 50, 100]
    assert rows[0].accuracy > 0.98
    assert rows[1].accuracy > 0.95
    assert abs(rows[2].accuracy - 0.5) < 4 * rows[2].standard_error


def test_its_gradient_makes_the_class_likelier(trained):
    classifier = as_classifier(trained[0])
    level = build_schedule(RECIPE.schedule).level(50)
    x_t = torch.zeros(2, 1, 8, 8)
    gradient = classifier.gradient(x_t, level, [0, 1])
    assert gradient[0, 0, :, :4].mean() > gradient[0, 0, :, 4:].mean()
    assert gradient[1, 0, :, 4:].mean() > gradient[1, 0, :, :4].mean()


def test_equal_recipes_give_equal_weights():
    recipe = replace(RECIPE, images=96)
    runs = [ClassifierRun(recipe, halves()) for _ in range(2)]
    for run in runs:
        assert len(list(train_classifier(run))) == 3
    for name, weight in runs[0].average.weights.items():
        assert torch.equal(weight, runs[1].average.weights[name])


def test_a_judge_sees_clean_pictures_alone():
    run = ClassifierRun(replace(RECIPE, noisy=False), halves())
    x_0, t, _ = run._draw()
    assert not t.any()
    assert x_0.min() > -0.6
    assert x_0.max() < 0.8


def test_a_loss_that_is_no_number_stops_the_run_and_spoils_nothing():
    material = halves()
    broken = torch.full((400, 1, 8, 8), math.nan)
    run = ClassifierRun(RECIPE, replace(material, examples=Examples(broken, material.examples.labels)))
    before = {name: weight.clone() for name, weight in run.average.weights.items()}
    with pytest.raises(TrainingError, match="not a number at step 1"):
        next(train_classifier(run))
    assert all(torch.equal(before[name], weight) for name, weight in run.average.weights.items())


def test_what_is_published_answers_as_what_was_trained(trained, tmp_path):
    run, _ = trained
    publish_classifier(run, tmp_path / "halves.safetensors")
    header = read_header(tmp_path / "halves.safetensors").header
    assert header.command.startswith("diffviz train --data halves --arch classifier --images 1600")
    loaded = load_classifier(tmp_path / "halves.safetensors")
    assert loaded.info.name == "Halves classifier"
    x_t, level = halves().examples.x_0(torch.arange(5)), run.schedule.level(30)
    assert torch.equal(loaded.log_probabilities(x_t, level), as_classifier(run).log_probabilities(x_t, level))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"images": 0}, "at least 1"),
        ({"learning_rate": 1.0}, "learning rate"),
        ({"base_channels": 12}, "multiple of 8"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(RECIPE, **change)


@pytest.fixture
def folder(tmp_path):
    for name in ("light", "dark"):
        (tmp_path / "tones" / name).mkdir(parents=True)
        for index in range(6):
            level = 200 + index if name == "light" else 40 + index
            Image.new("L", (8, 8), level).save(tmp_path / "tones" / name / f"{index}.png")
    return tmp_path / "tones"


def test_the_command_leaves_a_classifier_and_nothing_else(folder, in_tmp_path, capsys):
    words = ["train", "--arch", "classifier", "--data", folder, "--size", 8, "--images", 64, "--base", 8]
    assert main([str(word) for word in [*words, "--batch", 16]]) == 0
    written = [path.name for path in (in_tmp_path / "runs").iterdir()]
    assert written == ["tones-classifier.safetensors"]
    assert "64 images" in capsys.readouterr().out
    classifier = load_classifier(in_tmp_path / "runs" / written[0])
    assert set(classifier.info.class_names) == {"light", "dark"}
    assert all(info.key != "tones-classifier" for info in list_networks())


@pytest.mark.usefixtures("in_tmp_path")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--data", "emoji", "--loss", "v"], "--loss is not for the architecture classifier."),
        (["--data", "swiss-roll"], "learns pictures"),
        (["--data", "emoji", "--images", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(words, sentence, capsys):
    assert main(["train", "--arch", "classifier", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_pictures_without_classes_are_refused(folder, capsys):
    assert main(["train", "--arch", "classifier", "--data", str(folder / "light")]) == 2
    assert "needs pictures of several classes" in capsys.readouterr().err


def test_a_varied_batch_holds_the_same_pictures_shifted_and_half_of_them_mirrored():
    material = halves()
    plain = ClassifierRun(replace(RECIPE, noisy=False), material)
    shifted = ClassifierRun(replace(RECIPE, noisy=False, shift_pixels=2), material)
    mirrored = ClassifierRun(replace(RECIPE, noisy=False, mirror=True), material)
    whole, moved, turned = (run._draw()[0] for run in (plain, shifted, mirrored))
    offsets = [(row, column) for row in range(-2, 3) for column in range(-2, 3)]
    middle = moved[..., 2:-2, 2:-2]
    matches = [
        torch.equal(middle, whole[..., 2 + row : 6 + row, 2 + column : 6 + column]) for row, column in offsets
    ]
    assert sum(matches) == 1
    same = (turned == whole).flatten(1).all(1)
    assert torch.equal(turned[~same], whole[~same].flip(-1))
    assert 4 < int(same.sum()) < 28
