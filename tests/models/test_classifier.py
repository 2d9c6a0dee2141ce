import subprocess
import sys

import pytest
import torch

from diffviz import paths
from diffviz.cli import main
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.models.architecture import initialise
from diffviz.models.catalog import list_classifiers, list_networks, load_denoiser, read_catalog
from diffviz.models.checkpoint import CheckpointError, CheckpointHeader, write_checkpoint
from diffviz.models.classifier import (
    Classifier,
    ClassifierConfig,
    ClassifierNetwork,
    describe_classifier,
    load_classifier,
)

CONFIG = ClassifierConfig(num_classes=3, base_channels=8, channel_mult=(1, 2))
COSINE = build_schedule(ScheduleSpec("cosine"))


def write_small(path, **changes):
    network = ClassifierNetwork(CONFIG)
    initialise(network, 3)
    for level in network.levels:
        # Zero before training, so that nothing before it counts.
        torch.nn.init.normal_(
            level["block"].conv_out.weight, std=0.1, generator=torch.Generator().manual_seed(1)
        )
    values = {
        "name": "Small classifier",
        "architecture": describe_classifier(CONFIG),
        "prediction": "class",
        "schedule": ScheduleSpec("cosine"),
        "data_shape": (1, 8, 8),
        "class_names": ("cat", "dog", "eel"),
        "trained_on": "Pets",
    }
    write_checkpoint(path, CheckpointHeader(**(values | changes)), dict(network.named_parameters()))
    return network


@pytest.fixture
def own():
    write_small(paths.user_checkpoints_dir() / "pets.safetensors")
    return paths.user_checkpoints_dir() / "pets.safetensors"


@pytest.fixture
def classifier(own) -> Classifier:
    return load_classifier(own)


@pytest.fixture
def x_t():
    return torch.from_numpy(draw_noise((3, 1, 8, 8), 1, Stream.X_T))


def test_probabilities_sum_to_one(classifier, x_t):
    said = classifier.log_probabilities(x_t, COSINE.level(300))
    assert said.shape == (3, 3)
    assert torch.allclose(said.exp().sum(1), torch.ones(3), atol=1e-6)


def test_the_gradient_is_that_of_log_p_along_any_direction(classifier, x_t):
    level = COSINE.level(300)
    direction = torch.from_numpy(draw_noise((3, 1, 8, 8), 2, Stream.X_T))
    slope = (classifier.gradient(x_t, level, [0, 1, 2]) * direction).sum((1, 2, 3))
    step, classes = 0.01, torch.tensor([[0], [1], [2]])
    ahead, behind = (
        classifier.log_probabilities(x_t + sign * step * direction, level).gather(1, classes)[:, 0]
        for sign in (1, -1)
    )
    assert slope.abs().max() > 0.1
    assert torch.allclose(slope, (ahead - behind) / (2 * step), atol=1e-3)


def test_each_gradient_is_of_its_own_class_and_none_where_no_class_is_asked(classifier, x_t):
    level = COSINE.level(500)
    mixed = classifier.gradient(x_t, level, [2, None, 0])
    assert torch.allclose(mixed[:1], classifier.gradient(x_t[:1], level, 2), atol=1e-6)
    assert torch.allclose(mixed[2:], classifier.gradient(x_t[2:], level, 0), atol=1e-6)
    assert not mixed[1].any()
    assert not classifier.gradient(x_t, level, None).any()


def test_gradients_can_be_had_where_torch_records_none(classifier, x_t):
    level = COSINE.level(500)
    plain = classifier.gradient(x_t, level, 1)
    with torch.no_grad():
        assert torch.equal(classifier.gradient(x_t, level, 1), plain)
    with torch.inference_mode():
        assert torch.equal(classifier.gradient(x_t * 1.0, level, 1), plain)
    assert classifier.gradient(x_t.double(), level, 1).dtype == torch.float64


def test_another_schedule_is_asked_at_the_time_of_equal_noise(classifier, x_t):
    half = build_schedule(ScheduleSpec("cosine", 500))
    ours, theirs = (
        classifier.log_probabilities(x_t, level) for level in (COSINE.level(600), half.level(300))
    )
    assert torch.allclose(ours, theirs, atol=1e-4)
    later = classifier.log_probabilities(x_t, COSINE.level(900))
    assert (ours - later).abs().max() > 1e-3


def test_clean_pictures_are_read_at_time_zero(classifier, x_t):
    with torch.no_grad():
        logits = classifier.network(x_t, torch.zeros(3))
    assert torch.equal(classifier.log_probabilities(x_t, COSINE.level(0)), logits.log_softmax(1))


def test_other_pictures_and_unknown_classes_are_refused(classifier, x_t):
    with pytest.raises(ValueError, match="pictures of 8×8 in 1 channels"):
        classifier.gradient(torch.zeros(1, 3, 8, 8), COSINE.level(1), 0)
    with pytest.raises(ValueError, match="knows 3 classes, and class 3"):
        classifier.gradient(x_t, COSINE.level(1), [0, 1, 3])


@pytest.mark.usefixtures("own")
def test_a_classifier_is_listed_as_one_and_never_offered_as_a_denoiser(capsys):
    catalog = read_catalog()
    assert catalog.problems == ()
    assert "pets" in [info.key for info in list_classifiers()]
    assert "pets" not in [info.key for info in list_networks()]
    assert main(["models"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["pets", "classifier"] in [row[:2] for row in rows]
    assert ["fashion-unet", "denoiser"] in [row[:2] for row in rows]


def test_a_classifier_cannot_draw_and_a_denoiser_cannot_classify(own):
    with pytest.raises(CheckpointError, match=r"pets\.safetensors is a classifier, which cannot draw"):
        load_denoiser(own)
    with pytest.raises(CheckpointError, match="is a denoiser, not a classifier"):
        load_classifier("fashion-unet")
    with pytest.raises(CheckpointError, match=r"no classifier “nope”.*pets"):
        load_classifier("nope")


def test_classifiers_with_odd_headers_are_refused_in_a_sentence(own):
    write_small(own, architecture=describe_classifier(CONFIG) | {"base_channels": 16})
    with pytest.raises(CheckpointError, match="does not hold the weights of the classifier"):
        load_classifier(own)
    write_small(own, class_names=())
    assert "does not say what it classifies" in read_catalog().problems[0]


def test_listing_classifiers_does_not_import_torch():
    code = (
        "import sys; from diffviz.models.catalog import list_classifiers; list_classifiers();"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
