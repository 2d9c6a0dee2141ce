"""Reverse runs as the window makes them: reproducible, in a thread, with records that are safe to keep."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from diffviz import paths
from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing
from diffviz.data.images import ImageReadError, fit, to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import Run
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner, JobStatus
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.run_start import RunApproach
from diffviz.engine.state import SessionState, StartFrom, settle
from diffviz.engine.tasks import explain_exact, gallery_thumbnails, open_images
from diffviz.models.architecture import build_network
from diffviz.models.checkpoint import CheckpointHeader, write_checkpoint
from diffviz.models.network_config import UNetConfig, describe

SIZE = 16


@pytest.fixture(scope="module")
def shelf():
    """Three pasted pictures and nothing that has to be read from a file."""
    images = ImageStore()
    rows, columns = np.mgrid[0:40, 0:40]
    for pattern in (rows, columns, 255 - rows - columns):
        images.add_paste(np.stack([(pattern * 6) % 256] * 3, axis=-1).astype(np.uint8))
    return DenoiserShelf(images)


def make_request(shelf, **changes):
    request = ReverseRequest(
        ScheduleSpec(num_timesteps=200),
        SamplerSpec(num_sampling_steps=10),
        exact_size=SIZE,
        picture_keys=shelf.images.opened_keys,
    )
    return replace(request, **changes)


def walk(shelf, **changes):
    context, *steps = reverse_steps(make_request(shelf, **changes), shelf)
    return context, steps


def pixels(steps):
    return to_uint8(np.moveaxis(steps[-1].x_s.numpy(), 1, -1))


def test_the_context_comes_first_and_says_who_denoises(shelf):
    context, steps = walk(shelf)
    assert isinstance(context, ReverseContext)
    assert context.shape == (3, SIZE, SIZE)
    assert context.info.detail == "Exact denoiser · 3 pictures"
    assert context.guide is None
    assert context.num_steps == len(steps) == 10
    assert tuple(step.t for step in steps) == context.times
    assert all(isinstance(step, ReverseStep) for step in steps)


def test_a_run_ends_at_one_of_the_pictures(shelf):
    _, steps = walk(
        shelf, schedule=ScheduleSpec(), sampler=SamplerSpec(num_sampling_steps=1000), num_samples=4
    )
    known = shelf.images.picture_set(SIZE, keys=shelf.images.opened_keys).images
    for picture in np.moveaxis(steps[-1].x_s.numpy(), 1, -1):
        assert min(np.abs(known - picture).max(axis=(1, 2, 3))) < 1e-5


@pytest.mark.parametrize("kind", list(SamplerKind))
def test_the_same_request_gives_the_same_pixels_again(shelf, kind):
    spec = SamplerSpec(kind=kind, num_sampling_steps=10, eta=0.5)
    first, second = (walk(shelf, sampler=spec, num_samples=2)[1] for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.x_s, other.x_s)


@pytest.mark.parametrize("from_image", [False, True])
def test_a_sample_is_the_same_picture_in_every_batch(shelf, from_image):
    start = {"start_image": "paste:1", "start_t": 180} if from_image else {}
    alone = pixels(walk(shelf, num_samples=1, **start)[1])
    for num_samples in (2, 5):
        together = pixels(walk(shelf, num_samples=num_samples, **start)[1])
        assert np.array_equal(together[0], alone[0])


def test_another_seed_gives_other_noise(shelf):
    assert not torch.equal(walk(shelf, seed=1)[1][0].x_t, walk(shelf, seed=2)[1][0].x_t)


def test_records_are_copies_on_the_cpu_without_gradients(shelf):
    _, steps = walk(shelf)
    for step in steps:
        for tensor in (step.x_t, step.x_s, step.pred_x_0, step.pred_noise):
            assert tensor.device.type == "cpu"
            assert not tensor.requires_grad
        assert step.x_t.dtype == step.x_s.dtype == torch.float64
        assert step.pred_x_0.dtype == step.pred_noise.dtype == torch.float32


def test_the_picture_between_two_steps_is_kept_once(shelf):
    _, steps = walk(shelf)
    for before, after in pairwise(steps):
        assert after.x_t is before.x_s


def test_each_step_is_the_sum_that_its_coefficients_say(shelf):
    _, steps = walk(shelf)
    for step in steps:
        parts = step.coefficients
        total = parts.pred_x_0 * step.pred_x_0.double() + parts.x_t * step.x_t
        total = total + parts.pred_noise * step.pred_noise.double()
        if step.noise is not None:
            total = total + parts.noise * step.noise.double()
        assert torch.allclose(total, step.x_s, atol=1e-6)


def test_sampling_does_not_switch_gradients_off_for_whoever_reads_the_steps(shelf):
    steps = reverse_steps(make_request(shelf), shelf)
    for _ in range(3):
        next(steps)
        assert torch.is_grad_enabled()
    steps.close()
    assert torch.is_grad_enabled()


def test_a_start_from_a_picture_noises_it_to_the_start_time(shelf):
    context, steps = walk(shelf, start_image="paste:2", start_t=60, num_samples=3)
    assert np.array_equal(context.guide, fit(shelf.images.x_0("paste:2"), SIZE, "crop", 3))
    assert steps[0].t == context.times[0] == 60
    assert context.num_steps == len(steps) == 3
    level = build_schedule(ScheduleSpec(num_timesteps=200)).level(60)
    guide = torch.from_numpy(np.moveaxis(context.guide, -1, 0)).double()
    noise = (steps[0].x_t - level.sqrt_alpha_cumprod * guide) / level.sqrt_one_minus_alpha_cumprod
    assert noise.mean().abs() < 0.1
    assert noise.std() == pytest.approx(1.0, abs=0.05)


def test_a_run_from_a_picture_can_be_measured_against_it(shelf):
    context, steps = walk(shelf, start_image="paste:2", start_t=60)
    run = Run("A", context.request)
    run.context = context
    for step in steps:
        run.append(step)
    values = dict(run.psnr("x_0"))
    assert len(values) == len(steps) + 1
    assert values[0] > 60.0


def test_a_grid_that_starts_below_the_end_of_the_chain_tells_its_times(shelf):
    context, steps = walk(shelf, sampler=SamplerSpec(num_sampling_steps=10, spacing=Spacing.LEADING))
    assert context.times[0] == 181
    assert tuple(step.t for step in steps) == context.times


def test_the_request_of_a_state_leaves_out_what_does_not_matter(shelf):
    images = shelf.images
    state = settle(SessionState())
    request = ReverseRequest.from_state(state, images)
    assert request == ReverseRequest.from_state(replace(state, image="paste:1", start_t=3, t=9), images)
    assert hash(request) == hash(ReverseRequest.from_state(state, images))
    assert request.start_image is None
    assert request.picture_keys == images.keys
    from_image = ReverseRequest.from_state(replace(state, start=StartFrom.IMAGE, image="paste:1"), images)
    assert (from_image.start_image, from_image.start_t) == ("paste:1", 500)
    network = ReverseRequest.from_state(replace(state, denoiser="fashion", device="cuda:0"), images)
    assert (network.device, network.exact_size, network.picture_keys) == ("cuda:0", 0, ())


def test_pictures_opened_after_a_request_do_not_change_its_run(shelf):
    request = make_request(shelf)
    before = [step for step in reverse_steps(request, shelf) if isinstance(step, ReverseStep)]
    shelf.images.add_paste(np.full((20, 20, 3), 128, np.uint8))
    after = [step for step in reverse_steps(request, shelf) if isinstance(step, ReverseStep)]
    assert torch.equal(before[-1].x_s, after[-1].x_s)
    assert shelf.images.opened_keys != request.picture_keys


def test_a_denoiser_is_made_once_for_the_runs_that_share_it(shelf):
    request = make_request(shelf)
    assert shelf.fetch(request) is shelf.fetch(replace(request, seed=3, num_samples=2))
    assert shelf.fetch(request) is not shelf.fetch(replace(request, exact_size=SIZE + 1))


def test_the_exact_denoiser_explains_itself_by_its_heaviest_pictures(shelf):
    request = make_request(shelf)
    _, steps = walk(shelf)
    certain = explain_exact(request, shelf, steps[-1].x_s, 1)
    assert certain.num_pictures == len(request.picture_keys)
    assert certain.effective_count == pytest.approx(1.0)
    assert certain.heaviest[0].weight == pytest.approx(1.0)
    assert certain.heaviest[0].pixels.shape == (SIZE, SIZE, 3)
    assert certain.heaviest[0].title.startswith("Pasted picture")
    undecided = explain_exact(request, shelf, torch.zeros(2, 3, SIZE, SIZE), 200, sample=1)
    assert undecided.effective_count > 1.0
    weights = [picture.weight for picture in undecided.heaviest]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) + undecided.rest_weight == pytest.approx(1.0)


def test_emoji_can_be_denoised_exactly_class_by_class(shelf):
    names = shelf.info("exact:emoji").class_names
    animals = names.index("Animals & Nature")
    request = make_request(
        shelf, denoiser="exact:emoji", picture_keys=(), exact_size=0, class_index=animals, num_samples=2
    )
    context, *steps = reverse_steps(request, shelf)
    assert context.shape == (3, 32, 32)
    assert "Animals & Nature" in context.info.detail
    explained = explain_exact(request, shelf, steps[-1].x_t, steps[-1].t)
    assert len(explained.heaviest) == 5
    data = shelf.fetch(request).data
    assert explained.num_pictures == int((data.labels == animals).sum()) < len(data.pixels)
    of_class = data.pixels[data.labels == animals]
    assert all((of_class == heavy.pixels).all(axis=(1, 2, 3)).any() for heavy in explained.heaviest)


def test_a_class_that_an_exact_denoiser_does_not_know_is_said(shelf):
    with pytest.raises(ValueError, match="knows no classes"):
        walk(shelf, class_index=2)


def test_a_file_that_has_gone_ends_the_run_with_a_sentence(qtbot, tmp_path):
    path = tmp_path / "gone.png"
    Image.new("RGB", (40, 40)).save(path)
    images = ImageStore(cache_bytes=0)
    key = images.add_file(path)
    images.add_paste(np.zeros((8, 8, 3), np.uint8))
    path.unlink()
    shelf = DenoiserShelf(images)
    runner = JobRunner()
    request = make_request(shelf, picture_keys=(key,))
    with qtbot.waitSignal(runner.ended) as blocker:
        runner.start(lambda: reverse_steps(request, shelf), name="Sampling")
    outcome = blocker.args[0]
    assert outcome.status is JobStatus.FAILED
    assert isinstance(outcome.error, ImageReadError)
    assert outcome.message() == "Sampling failed: gone.png could not be read: there is no such file."


def test_a_run_in_a_thread_gives_the_same_pictures_as_one_in_line(qtbot, shelf):
    runner = JobRunner()
    request = make_request(shelf, num_samples=2)
    with qtbot.waitSignal(runner.ended) as blocker:
        runner.start(lambda: reverse_steps(request, shelf), name="Sampling")
    assert blocker.args[0].status is JobStatus.SUCCEEDED
    context, *steps = runner.drain()
    assert context.num_steps == len(steps)
    in_line = walk(shelf, num_samples=2)[1]
    assert torch.equal(steps[-1].x_s, in_line[-1].x_s)
    assert torch.is_grad_enabled()


def test_what_can_be_chosen_is_listed_with_its_classes(shelf):
    infos = {info.key: info for info in shelf.infos()}
    assert next(iter(infos)) == "exact:pictures"
    assert len(infos["exact:emoji"].class_names) == 8
    assert shelf.num_classes("exact:pictures") == 0
    assert shelf.num_classes("exact:emoji") == 8
    assert shelf.num_classes("no such network") is None


@pytest.fixture
def network_key(tmp_path, monkeypatch):
    """A small untrained network of two classes in the person's own folder."""
    monkeypatch.setenv("DIFFVIZ_HOME", str(tmp_path))
    config = UNetConfig(base_channels=8, channel_mult=(1, 2), attention_levels=(), num_classes=2)
    network = build_network(config)
    generator = torch.Generator().manual_seed(5)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.1, generator=generator)
    header = CheckpointHeader(
        "Tiny", describe(config), "x_0", ScheduleSpec("cosine"), (1, 12, 12), ("left", "right"), "stripes"
    )
    write_checkpoint(paths.user_checkpoints_dir() / "tiny.safetensors", header, network.state_dict())
    return "tiny"


def network_request(shelf, key, **changes):
    return make_request(shelf, denoiser=key, picture_keys=(), exact_size=0, **changes)


def test_a_network_of_ones_own_runs_under_another_schedule_than_its_own(shelf, network_key):
    assert shelf.num_classes(network_key) == 2
    request = network_request(shelf, network_key, class_index=1, guidance_scale=2.0, num_samples=3)
    context, *steps = reverse_steps(request, shelf)
    assert context.shape == (1, 12, 12)
    assert context.info.name == "Tiny"
    assert steps[-1].x_s.shape == (3, 1, 12, 12)
    assert torch.isfinite(steps[-1].x_s).all()
    assert explain_exact(request, shelf, steps[-1].x_s, 1) is None


def test_a_sample_of_a_network_hardly_knows_its_batch(shelf, network_key):
    alone, together = (
        list(reverse_steps(network_request(shelf, network_key, num_samples=count), shelf))[-1]
        for count in (1, 4)
    )
    assert torch.allclose(alone.x_s[0], together.x_s[0], atol=1e-4)


def test_a_class_that_a_network_does_not_know_is_said(shelf, network_key):
    with pytest.raises(ValueError, match="knows 2 classes"):
        list(reverse_steps(network_request(shelf, network_key, class_index=2), shelf))


def test_a_device_that_is_not_there_is_said(shelf, network_key):
    with pytest.raises(ValueError, match="abacus"):
        list(reverse_steps(network_request(shelf, network_key, device="abacus"), shelf))


def test_a_network_that_is_not_there_is_said(shelf):
    with pytest.raises(ValueError, match="no such network"):
        walk(shelf, denoiser="no such network", picture_keys=())


def test_files_are_opened_one_by_one_and_a_bad_one_does_not_stop_the_rest(tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.new("RGB", (4, 4)).save(good)
    bad.write_text("text")
    opened = list(open_images([bad, good]))
    assert [one.loaded is None for one in opened] == [True, False]
    assert "bad.png" in opened[0].error


def test_thumbnails_of_the_gallery_come_one_by_one(shelf):
    thumbnails = list(gallery_thumbnails(shelf.images, ["paste:1", "paste:99"], 20))
    assert [thumbnail.key for thumbnail in thumbnails] == ["paste:1", "paste:99"]
    assert thumbnails[0].pixels.shape == (20, 20, 3)
    assert thumbnails[1].pixels is None


def test_pictures_of_a_run_stay_finite_when_no_signal_is_left_at_the_end(shelf):
    _, steps = walk(shelf, schedule=ScheduleSpec(num_timesteps=200, zero_terminal_snr=True))
    assert all(math.isfinite(float(step.x_s.abs().max())) for step in steps)


def test_a_run_from_an_inverted_picture_comes_back_to_it(shelf):
    misses = []
    for count in (10, 40, 160):
        spec = SamplerSpec(SamplerKind.DDIM, count)
        records = list(
            reverse_steps(
                make_request(shelf, start_image="paste:2", start_t=150, is_inverted=True, sampler=spec), shelf
            )
        )
        approach = [record.t for record in records if isinstance(record, RunApproach)]
        steps = [record for record in records if isinstance(record, ReverseStep)]
        # Up the very grid that it comes down again.
        assert approach == [step.t for step in reversed(steps)]
        assert steps[0].t == 150
        end = np.moveaxis(steps[-1].x_s[0].numpy(), 0, -1)
        misses.append(np.sqrt(np.mean((end - records[0].guide) ** 2)))
    assert max(misses) < 0.02


@pytest.mark.parametrize("how", ["crop", "pad", "resize"])
def test_the_picture_is_fitted_as_asked(shelf, how):
    shelf.images.add_paste(np.random.default_rng(0).integers(0, 255, (20, 44, 3), np.uint8))
    key = shelf.images.opened_keys[-1]
    context, _ = walk(shelf, start_image=key, start_t=60, start_fit=how)
    assert np.array_equal(context.guide, fit(shelf.images.x_0(key), SIZE, how, 3))


def test_samples_along_a_path_share_their_noise_and_join_two_runs(shelf):
    spec = SamplerSpec(num_sampling_steps=6)
    _, steps = walk(shelf, sampler=spec, num_samples=5, seed=1, path_seed=2)
    first, last = (walk(shelf, sampler=spec, num_samples=1, seed=seed)[1] for seed in (1, 2))
    assert torch.equal(steps[0].x_t[:1], first[0].x_t)
    assert torch.equal(steps[0].x_t[-1:], last[0].x_t)
    assert torch.allclose(steps[-1].x_s[:1], first[-1].x_s)
    for step in steps[:-1]:
        assert torch.equal(step.noise, step.noise[:1].expand_as(step.noise))
    spread = steps[0].x_t.flatten(1).std(dim=1)
    assert torch.allclose(spread, torch.ones_like(spread), atol=0.1)


def test_a_path_leads_from_one_picture_to_another(shelf):
    changes = {
        "sampler": SamplerSpec(SamplerKind.DDIM, 60),
        "start_image": "paste:1",
        "start_t": 200,
        "is_inverted": True,
        "path_image": "paste:3",
        "num_samples": 3,
    }
    records = list(reverse_steps(make_request(shelf, **changes), shelf))
    end = np.moveaxis(records[-1].x_s.numpy(), 1, -1)
    for place, key in ((0, "paste:1"), (2, "paste:3")):
        assert np.abs(end[place] - fit(shelf.images.x_0(key), SIZE, "crop", 3)).mean() < 0.05
