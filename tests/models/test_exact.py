"""The exact denoiser: it is the posterior mean of its pictures, and sampling with it returns them."""

import math
import subprocess
import sys

import pytest
import torch
from scipy import stats

from diffviz.core.guidance import classifier_free
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import SamplerKind, SamplerSpec, sample
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.models import exact
from diffviz.models.denoiser import Denoiser
from diffviz.models.exact import ExactDenoiser

LINEAR = build_schedule(ScheduleSpec())
COSINE = build_schedule(ScheduleSpec("cosine"))
CLEAN, NO_SIGNAL = NoiseLevel(0.0, 1.0, 0.0), NoiseLevel(1000.0, 0.0, 1.0)


def noise(*shape: int, index: int = 0) -> torch.Tensor:
    return torch.from_numpy(draw_noise(shape, 5, Stream.TRAIN, index)).double()


def pictures(count: int, *shape: int) -> torch.Tensor:
    return noise(count, *shape, index=9).clamp(-2, 2).float() / 2


def written_out(
    images: torch.Tensor, x: torch.Tensor, level: NoiseLevel
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and ln p by explicit differences to every picture."""
    points, at = images.double().flatten(1), x.flatten(1)
    squares = (at[:, None] - level.sqrt_alpha_cumprod * points).square().sum(dim=2)
    logits = -squares / (2 * level.one_minus_alpha_cumprod) - math.log(len(points))
    constant = 0.5 * points.shape[1] * math.log(2 * math.pi * level.one_minus_alpha_cumprod)
    return torch.softmax(logits, dim=1), torch.logsumexp(logits, dim=1) - constant


@pytest.mark.parametrize("t", [1, 30, 200, 500, 1000])
def test_the_answer_is_the_mean_over_all_pictures_by_their_likelihood(t: int):
    images, level = pictures(50, 2, 3, 3), LINEAR.level(t)
    denoiser = ExactDenoiser(images)
    x = level.sqrt_alpha_cumprod * images[:4].double() + level.sqrt_one_minus_alpha_cumprod * noise(
        4, 2, 3, 3
    )
    weights, log_density = written_out(images, x, level)
    posterior = denoiser.posterior(x, level)
    mean = (weights @ images.double().flatten(1)).reshape(x.shape)
    torch.testing.assert_close(posterior.x_0, mean, atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(posterior.log_density, log_density, atol=1e-7, rtol=1e-11)
    entropy = -(weights * weights.clamp_min(1e-300).log()).sum(dim=1)
    torch.testing.assert_close(posterior.effective_count, entropy.exp(), atol=1e-7, rtol=1e-7)
    best, places = weights.topk(8, dim=1)
    torch.testing.assert_close(posterior.top_weights, best, atol=1e-10, rtol=1e-6)
    assert torch.equal(posterior.top_indices[:, 0], places[:, 0])
    spread = (weights @ images.double().flatten(1).square()).sum(dim=1) - mean.flatten(1).square().sum(dim=1)
    torch.testing.assert_close(posterior.covariance_trace, spread.clamp_min(0), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_any_size_of_chunk_gives_the_same_answer(chunk: int, monkeypatch: pytest.MonkeyPatch):
    images, x, level = pictures(64, 30), noise(3, 30), LINEAR.level(250)
    whole = ExactDenoiser(images).posterior(x, level)
    monkeypatch.setattr(exact, "_CHUNK_ELEMENTS", 3 * chunk)
    parts = ExactDenoiser(images).posterior(x, level)
    for name, value in vars(whole).items():
        torch.testing.assert_close(getattr(parts, name), value, atol=1e-12, rtol=1e-12)


def test_the_score_is_the_gradient_of_the_log_density():
    images, level = pictures(20, 6), LINEAR.level(300)
    x = noise(5, 6).requires_grad_()
    _, log_density = written_out(images, x, level)
    (gradient,) = torch.autograd.grad(log_density.sum(), x)
    said = ExactDenoiser(images).predict(x.detach(), level)
    score = -said.noise / level.sqrt_one_minus_alpha_cumprod
    torch.testing.assert_close(score, gradient, atol=1e-12, rtol=1e-10)


def test_without_signal_the_answer_is_the_mean_of_all_pictures():
    images = pictures(30, 8)
    said = ExactDenoiser(images).predict(noise(3, 8), NO_SIGNAL)
    torch.testing.assert_close(said.x_0, images.double().mean(dim=0).expand(3, -1), atol=1e-14, rtol=0)
    torch.testing.assert_close(said.noise, noise(3, 8))
    assert ExactDenoiser(images).posterior(noise(3, 8), NO_SIGNAL).effective_count == pytest.approx(
        [30.0] * 3
    )


def test_without_noise_the_answer_is_the_nearest_picture():
    images = pictures(30, 8)
    x = images[[4, 17]].double() + 0.01 * noise(2, 8)
    posterior = ExactDenoiser(images).posterior(x, CLEAN)
    assert torch.equal(posterior.x_0, images[[4, 17]].double())
    assert posterior.top_indices[:, 0].tolist() == [4, 17]
    assert posterior.effective_count.tolist() == [1.0, 1.0]
    assert posterior.log_density.tolist() == [math.inf, math.inf]


def test_the_answer_stays_among_the_pictures():
    images = pictures(12, 2)
    for t in (1, 100, 1000):
        x_0 = ExactDenoiser(images).predict(5 * noise(200, 2), LINEAR.level(t)).x_0
        assert (x_0 <= images.double().max(dim=0).values + 1e-12).all()
        assert (x_0 >= images.double().min(dim=0).values - 1e-12).all()


def test_single_precision_pictures_get_single_precision_answers():
    said = ExactDenoiser(pictures(5, 1, 4, 4)).predict(noise(2, 1, 4, 4).float(), LINEAR.level(500))
    assert said.x_0.dtype == said.noise.dtype == torch.float32
    assert said.x_0.shape == (2, 1, 4, 4)
    assert said.x_0_variance is not None
    assert said.x_0_variance.shape == (2,)


# --- classes --------------------------------------------------------------------------------


def test_asking_for_a_class_is_knowing_only_its_pictures():
    images, labels, x = pictures(40, 6), torch.arange(40) % 3, noise(4, 6)
    level, denoiser = LINEAR.level(400), ExactDenoiser(images, labels)
    for label in range(3):
        alone = ExactDenoiser(images[labels == label]).posterior(x, level)
        asked = denoiser.posterior(x, level, label)
        torch.testing.assert_close(asked.x_0, alone.x_0, atol=1e-13, rtol=1e-13)
        torch.testing.assert_close(asked.log_density, alone.log_density)
        assert (labels[asked.top_indices] == label).all()
    mixed = denoiser.posterior(x, level, [2, None, 0, 2])
    for row, label in enumerate((2, None, 0, 2)):
        torch.testing.assert_close(mixed.x_0[row], denoiser.posterior(x, level, label).x_0[row])


def test_pictures_keep_their_numbers_when_they_have_classes():
    images, labels = pictures(40, 6), torch.arange(40) % 3
    posterior = ExactDenoiser(images, labels).posterior(images[[5, 30]].double(), LINEAR.level(1))
    assert posterior.top_indices[:, 0].tolist() == [5, 30]


def test_guidance_follows_the_gradient_of_the_class():
    images, labels, level = pictures(30, 4), torch.arange(30) % 2, LINEAR.level(500)
    denoiser, x = ExactDenoiser(images, labels), noise(3, 4).requires_grad_()
    log_all = written_out(images, x, level)[1]
    log_class = written_out(images[labels == 1], x, level)[1] + math.log(0.5)
    (gradient,) = torch.autograd.grad((log_class - log_all).sum(), x)
    conditional = denoiser.predict(x.detach(), level, 1)
    unconditional = denoiser.predict(x.detach(), level)
    expected = unconditional.noise - level.sqrt_one_minus_alpha_cumprod * gradient
    torch.testing.assert_close(conditional.noise, expected, atol=1e-12, rtol=1e-10)
    assert classifier_free(conditional, unconditional, 1.0).x_0 is conditional.x_0


# --- sampling -------------------------------------------------------------------------------


def drawn(denoiser: Denoiser, schedule_name: str, count: int, dim: int, spec: SamplerSpec) -> torch.Tensor:
    schedule = build_schedule(ScheduleSpec(schedule_name))
    steps = sample(
        lambda x, level: denoiser.predict(x, level),
        noise(count, dim, index=1000),
        schedule,
        spec,
        lambda _, t: noise(count, dim, index=t),
    )
    for step in steps:
        x_0 = step.x_s
    return x_0


@pytest.mark.parametrize("kind", [SamplerKind.DDPM, SamplerKind.DDIM])
@pytest.mark.parametrize("steps", [10, 1000])
def test_sampling_reproduces_high_dimensional_pictures(kind: SamplerKind, steps: int):
    images = pictures(64, 784)
    x_0 = drawn(ExactDenoiser(images), "linear", 4, 784, SamplerSpec(kind, steps))
    distances = (x_0[:, None] - images.double()).norm(dim=2).min(dim=1).values
    assert float(distances.max()) < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("kind", [SamplerKind.DDPM, SamplerKind.DDIM])
def test_every_point_of_a_ring_is_drawn_exactly_and_equally_often(kind: SamplerKind, schedule: str):
    angles = torch.arange(8, dtype=torch.float64) * math.pi / 4
    ring = torch.stack((angles.cos(), angles.sin()), dim=1)
    x_0 = drawn(ExactDenoiser(ring), schedule, 2000, 2, SamplerSpec(kind, 1000))
    distances = (x_0[:, None] - ring).norm(dim=2)
    assert float(distances.min(dim=1).values.max()) < 1e-10
    counts = torch.bincount(distances.argmin(dim=1), minlength=8)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4


# --- input ----------------------------------------------------------------------------------


def test_impossible_input_is_refused_with_a_reason():
    with pytest.raises(ValueError, match="at least one picture"):
        ExactDenoiser(torch.empty(0, 1, 4, 4))
    with pytest.raises(ValueError, match="as many labels"):
        ExactDenoiser(pictures(3, 4), torch.zeros(2))
    denoiser = ExactDenoiser(pictures(3, 4), torch.zeros(3))
    with pytest.raises(ValueError, match="4 values, not 5"):
        denoiser.predict(noise(1, 5), LINEAR.level(5))
    with pytest.raises(ValueError, match="no picture of class 7"):
        denoiser.predict(noise(1, 4), LINEAR.level(5), 7)
    with pytest.raises(ValueError, match="no classes"):
        ExactDenoiser(pictures(3, 4)).predict(noise(1, 4), LINEAR.level(5), 0)


def test_what_it_says_about_itself():
    info = ExactDenoiser(pictures(3, 1, 4, 5)).info
    assert (info.kind, info.image_shape, info.parameters) == ("exact", (1, 4, 5), 0)
    assert info.detail == "Exact denoiser · 3 pictures"
    assert ExactDenoiser(pictures(1, 4)).info.detail == "Exact denoiser · 1 picture"


@pytest.mark.parametrize("level", [CLEAN, LINEAR.level(1), COSINE.level(999), NO_SIGNAL])
def test_equal_pictures_and_a_single_one_give_no_nan(level: NoiseLevel):
    for images in (pictures(1, 6), pictures(1, 6).expand(5, 6)):
        denoiser = ExactDenoiser(images)
        posterior = denoiser.posterior(noise(3, 6), level)
        for value in vars(posterior).values():
            assert not torch.isnan(value.double()).any()
        torch.testing.assert_close(posterior.x_0, images[0].double().expand(3, -1), atol=1e-9, rtol=0)


WHOLE_FASHION_MNIST = """
import resource
import numpy as np
import torch
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.models.denoiser import DenoiserInfo
from diffviz.models.picture_denoisers import exact_denoiser

torch.set_num_threads(1)
images = np.random.default_rng(0).random((60_000, 28, 28, 1), dtype=np.float32)
x_t = torch.from_numpy(images[:16]).permute(0, 3, 1, 2).double()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
denoiser = exact_denoiser(images, None, DenoiserInfo("exact:all", "All", kind="exact"))
answer = denoiser.predict(x_t, build_schedule(ScheduleSpec()).level(5)).x_0
assert torch.allclose(answer, x_t, atol=1e-3)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="The unit of ru_maxrss is another one elsewhere.")
def test_a_set_of_the_size_of_fashion_mnist_is_asked_in_bounded_memory():
    # As float64 the pictures alone would take 359 MiB more.
    ran = subprocess.run(
        [sys.executable, "-c", WHOLE_FASHION_MNIST], capture_output=True, text=True, check=True, timeout=300
    )
    assert int(ran.stdout) < 256
