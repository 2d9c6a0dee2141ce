"""Exports as jobs: the right frames at the right times and sizes, and files that appear whole."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.samplers import ReverseStep, SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.export_scene import ExportFrames, Scene, SceneError, frame_size, snapshot, thumbnail_shape
from diffviz.engine.export_sizes import SizeRule, file_size, nearest_size, next_size, usual_size
from diffviz.engine.export_task import (
    ExportRequest,
    animation_times,
    estimated_bytes,
    export_steps,
    strip_picture,
)
from diffviz.engine.history import Run
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.session import SessionState
from diffviz.export.animation import AnimationSettings, ExportError

SPEC = ScheduleSpec(num_timesteps=200)
FORWARD, REVERSE = ("x_t", "equation", "filmstrip"), ("x_t", "x_0", "triptych")
HALVED, WHOLE = SizeRule(halves_colour=True), SizeRule()


@pytest.fixture(scope="module")
def images():
    """Three pasted pictures, 40 × 60."""
    store = ImageStore()
    rows, columns = np.mgrid[0:40, 0:60]
    for pattern in (rows, columns, rows + columns):
        store.add_paste(np.stack([(pattern * 6) % 256] * 3, axis=-1).astype(np.uint8))
    return store


@pytest.fixture(scope="module")
def state(images):
    return SessionState(image=images.opened_keys[0], schedule=SPEC, t=54)


def make_run(images, **changes):
    """A finished run of the exact denoiser."""
    request = ReverseRequest(
        SPEC, SamplerSpec(num_sampling_steps=8), exact_size=12, picture_keys=images.opened_keys
    )
    request = replace(request, **changes)
    run = Run("A", request)
    for record in reverse_steps(request, DenoiserShelf(images)):
        if isinstance(record, ReverseContext):
            run.context = record
        elif isinstance(record, ReverseStep):
            run.append(record)
    return run


@pytest.fixture(scope="module")
def run(images):
    return make_run(images)


@pytest.fixture
def frames(images):
    return ExportFrames(images)


def scenes(state, run):
    forward = [Scene("forward", picture, state) for picture in FORWARD]
    reverse = [Scene("reverse", picture, state, run) for picture in REVERSE]
    return [*forward, *reverse, *(Scene("both", picture, state, run) for picture in ("x_t", "x_0"))]


def expected_x_t(images, state, t):
    """x_t of the frozen display, by its formula alone."""
    x_0 = images.x_0(state.image)
    alpha = build_schedule(state.schedule).alphas_cumprod[t]
    noise = draw_noise(x_0.shape, state.seed, Stream.FROZEN)
    return to_uint8(np.float32(np.sqrt(alpha)) * x_0 + np.float32(np.sqrt(1 - alpha)) * noise)


# When


def test_times_are_as_many_as_asked_and_hold_both_ends():
    times = animation_times(10, 190, 7, "to_noise")
    assert times == (10, 40, 70, 100, 130, 160, 190)
    assert animation_times(10, 190, 7, "to_image") == times[::-1]


@pytest.mark.parametrize("count", [2, 3, 7, 120])
def test_there_and_back_is_the_same_from_both_ends(count):
    times = animation_times(0, 200, count, "there_and_back")
    assert len(times) == count
    assert times == times[::-1]
    assert times[0] == 0
    assert max(times) == (200 if count > 2 else 0)


def test_more_frames_than_times_show_some_twice():
    times = animation_times(0, 3, 9, "to_noise")
    assert len(times) == 9
    assert set(times) == {0, 1, 2, 3}


# How large


@pytest.mark.parametrize("captions", [True, False])
@pytest.mark.parametrize("scale", [1, 2, 5])
def test_a_frame_has_the_size_that_was_foretold(images, state, run, frames, scale, captions):
    for scene in scenes(state, run):
        sized = replace(scene, scale=scale, captions=captions)
        height, width = frames.frame(sized, 100).shape[:2]
        assert (width, height) == frame_size(sized, images), sized.picture


@pytest.mark.parametrize("scale", [0.7, 1.9, 6.35])
def test_a_smooth_frame_has_the_size_that_was_foretold(images, state, run, frames, scale):
    for scene in scenes(state, run):
        sized = replace(scene, scale=scale, is_smooth=True)
        height, width = frames.frame(sized, 100).shape[:2]
        assert (width, height) == frame_size(sized, images), sized.picture


def test_several_samples_make_a_grid_of_the_foretold_size(images, state, frames):
    for count in (2, 5):
        many = make_run(images, num_samples=count)
        for scene in scenes(state, many)[3:]:
            height, width = frames.frame(replace(scene, scale=3), 100).shape[:2]
            assert (width, height) == frame_size(replace(scene, scale=3), images)


def test_a_strip_has_the_size_that_was_foretold(images, state, run, frames):
    for scene in scenes(state, run):
        if scene.picture == "filmstrip":
            continue
        for captions in (True, False):
            sized = replace(scene, captions=captions, scale=4)
            request = ExportRequest(sized, (0, 90, 200), AnimationSettings(Path("a"), format="png"), True)
            height, width = strip_picture(request, frames).shape[:2]
            assert (width, height) == file_size(sized, images, 3)


def test_sharp_sizes_are_whole_and_even_where_colour_is_halved(images, state):
    scene = Scene("forward", "x_t", state)
    assert nearest_size(scene, images, WHOLE, 190).width == 180
    assert nearest_size(scene, images, HALVED, 190).width == 240
    for width in range(40, 900, 37):
        sized = nearest_size(scene, images, HALVED, width)
        assert sized.scene.scale % 2 == 0


def test_below_its_own_size_a_picture_is_reduced_before_noise_is_added(images, state, frames):
    scene = Scene("forward", "x_t", state, captions=False)
    sized = nearest_size(scene, images, HALVED, 60)
    assert (sized.width, sized.height, sized.scene.size, sized.scene.scale) == (72, 48, (24, 36), 2)
    noise = frames.frame(sized.scene, 200)[::2, ::2].astype(float)
    shown = expected_x_t(images, state, 200).astype(float)
    np.testing.assert_allclose(noise.std((0, 1)), shown.std((0, 1)), rtol=0.1)


def test_a_smooth_picture_gets_exactly_the_width_asked_for(images, state):
    scene = Scene("forward", "x_t", state, is_smooth=True)
    for width in (64, 333, 1280):
        assert nearest_size(scene, images, HALVED, width).width == width


def test_the_next_size_is_another_one_until_the_end(images, state):
    scene = Scene("forward", "x_t", state)
    width, seen = 60, []
    while width not in seen:
        seen.append(width)
        width = next_size(scene, images, WHOLE, width, 1).width
    assert seen[:4] == [60, 120, 180, 240]
    assert next_size(scene, images, WHOLE, seen[1], -1).width == seen[0]


def test_the_usual_size_enlarges_small_pictures_and_spares_large_ones(images, state, run):
    assert usual_size(Scene("forward", "x_t", state), images, HALVED).width == 720
    assert usual_size(Scene("reverse", "x_0", state, run), images, HALVED).width == 768
    large = images.add_paste(np.zeros((800, 1000, 3), np.uint8))
    scene = Scene("forward", "x_t", replace(state, image=large))
    assert usual_size(scene, images, WHOLE).width == 1000
    halved = usual_size(scene, images, HALVED)
    assert halved.scene.size is not None
    assert 1000 < halved.width <= 1280


# What


def test_forward_frames_are_x_t_with_every_pixel_a_square(images, state, frames):
    scene = Scene("forward", "x_t", state, scale=3, captions=False)
    times = (0, 54, 200)
    for t, frame in zip(times, frames.frames(scene, times), strict=True):
        np.testing.assert_allclose(
            frame[1::3, 1::3].astype(int), expected_x_t(images, state, t).astype(int), atol=1
        )
        np.testing.assert_array_equal(frame, np.kron(frame[::3, ::3], np.ones((3, 3, 1), np.uint8)))


def test_captions_change_a_corner_and_nothing_else(state, frames):
    scene = Scene("forward", "x_t", state, scale=8, captions=False)
    bare, labelled = frames.frame(scene, 54), frames.frame(replace(scene, captions=True), 54)
    rows, columns = np.nonzero((bare != labelled).any(axis=2))
    assert rows.min() > bare.shape[0] * 3 // 4
    assert columns.max() < bare.shape[1]


def test_the_first_frame_of_a_chain_is_its_noise_and_the_last_its_picture(run, state, frames):
    scene = Scene("reverse", "x_t", state, run, captions=False)
    first, last = frames.frame(scene, 200), frames.frame(scene, 0)
    np.testing.assert_array_equal(first, to_uint8(np.moveaxis(run.steps[0].x_t[0].numpy(), 0, -1)))
    np.testing.assert_array_equal(last, to_uint8(np.moveaxis(run.steps[-1].x_s[0].numpy(), 0, -1)))


def test_a_reverse_frame_says_who_denoised_it(run, state, frames):
    scene = Scene("reverse", "x_0", state, run, scale=40, captions=False)
    bare, labelled = frames.frame(scene, 100), frames.frame(replace(scene, captions=True), 100)
    assert (bare[:60] != labelled[:60]).any()


def test_the_strip_of_a_run_says_below_who_denoised_it(run, state, frames):
    other = snapshot(run)
    other.context = replace(run.context, info=replace(run.context.info, detail="Another denoiser"))
    mine, theirs = (
        strip_picture(
            ExportRequest(
                Scene("reverse", "x_0", state, made, scale=8),
                (0, 100, 200),
                AnimationSettings(Path("s.png"), format="png"),
            ),
            frames,
        )
        for made in (run, other)
    )
    differ = np.flatnonzero((mine != theirs).any(axis=(1, 2)))
    assert differ.size
    # Below the pictures, 12 px enlarged 8 times, and below the line of their times.
    assert differ.min() >= 12 * 8 + 14


def test_beside_a_run_from_a_picture_the_way_in_meets_the_way_out(images, state, frames):
    run = make_run(images, start_image=images.opened_keys[1], start_t=120)
    scene = Scene("both", "x_t", state, run, captions=False)
    frame = frames.frame(scene, 120)
    np.testing.assert_array_equal(frame[:, :12], frame[:, 12 + 8 :])


def test_a_scene_without_its_run_says_so(state, frames):
    with pytest.raises(SceneError, match="no reverse run"):
        frames.frame(Scene("reverse", "x_0", state), 10)


def test_a_snapshot_stays_as_it_was(images):
    run = make_run(images)
    copy = snapshot(run)
    run.make_compact()
    run.thin()
    assert len(copy.steps) == 8
    assert copy.steps[0].pred_x_0.dtype.itemsize == 4


def test_thumbnails_are_small_pictures_of_the_scene(images, state, run, frames):
    forward = Scene("forward", "x_t", state)
    assert frames.thumbnail(forward, 100, (20, 30)).shape == (20, 30, 3)
    assert thumbnail_shape(forward, images) == (40, 60)
    assert frames.thumbnail(Scene("reverse", "x_0", state, run), 0, (20, 30)).shape == (12, 12, 3)


# Writing


def request_for(scene, path, times=(0, 50, 100, 150, 200), **settings):
    return ExportRequest(scene, times, AnimationSettings(path, **settings))


def test_a_folder_of_frames_is_what_was_asked_for(images, state, tmp_path):
    scene = Scene("forward", "x_t", state, captions=False)
    steps = list(export_steps(request_for(scene, tmp_path / "out", format="png"), images))
    assert [(step.index, step.count) for step in steps] == [(n, 5) for n in range(1, 6)]
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 5
    for file, t in zip(files, (0, 50, 100, 150, 200), strict=True):
        with Image.open(file) as image:
            shown = np.asarray(image).astype(int)
        np.testing.assert_allclose(shown, expected_x_t(images, state, t).astype(int), atol=1)


def test_settings_travel_in_the_file(images, state, run, tmp_path):
    for name, scene in (("f", scenes(state, run)[0]), ("b", scenes(state, run)[6])):
        path = tmp_path / f"{name}.gif"
        list(export_steps(request_for(scene, path), images))
        with Image.open(path) as image:
            values = json.loads(image.info["comment"])
        assert values["times"] == [0, 50, 100, 150, 200]
        assert values["schedule"]["num_timesteps"] == 200
        assert values["seed"] == state.seed
        assert ("sampler" in values) == (name == "b")


def test_a_strip_is_one_picture_with_its_settings(images, state, tmp_path):
    request = replace(
        request_for(Scene("forward", "x_t", state, scale=2), tmp_path / "s.png", format="png"), is_strip=True
    )
    steps = list(export_steps(request, images))
    assert steps[-1].index == steps[-1].count == 5
    assert steps[-1].bytes_written == (tmp_path / "s.png").stat().st_size
    with Image.open(tmp_path / "s.png") as image:
        assert image.size == file_size(request.scene, images, 5)
        assert json.loads(image.info["Description"])["times"] == [0, 50, 100, 150, 200]


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.webp", "a.apng", "a.webm", "folder"])
def test_stopping_in_the_middle_leaves_nothing(images, state, tmp_path, name):
    scene = Scene("forward", "x_t", state, scale=2)
    steps = export_steps(request_for(scene, tmp_path / name), images)
    next(steps)
    next(steps)
    assert list(tmp_path.iterdir())
    steps.close()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_one_sentence(images, state, tmp_path):
    steps = export_steps(request_for(Scene("forward", "x_t", state), tmp_path / "no" / "a.gif"), images)
    with pytest.raises(ExportError, match="there is no folder"):
        list(steps)


@pytest.mark.parametrize("name", ["a.gif", "a.apng", "folder", "strip.png"])
def test_the_estimate_is_near_the_size(images, state, tmp_path, frames, name):
    times = animation_times(0, 200, 20, "to_noise")
    scene = Scene("forward", "x_t", state, scale=4)
    settings = AnimationSettings(tmp_path / name, format="png" if name == "strip.png" else "")
    request = ExportRequest(scene, times, settings, is_strip=name == "strip.png")
    estimate = estimated_bytes(request, frames)
    list(export_steps(request, images))
    path = tmp_path / name
    size = sum(file.stat().st_size for file in path.iterdir()) if path.is_dir() else path.stat().st_size
    assert estimate == pytest.approx(size, rel=0.4)


def test_the_file_of_a_fork_says_where_it_left_which_run_and_what_differs(images, run, state, tmp_path):
    redrawn = run.request.redrawn_at(125, 33)
    sampler = replace(redrawn.sampler, eta=0.5)
    request = redrawn.forked(75, replace(redrawn.settings, sampler=sampler, seed=99))
    fork = make_run(images, **vars(request))
    fork.id = "C"
    path = tmp_path / "fork.apng"
    export = ExportRequest(Scene("reverse", "x_0", state, fork), (0, 75), AnimationSettings(path))
    for _ in export_steps(export, images):
        pass
    with Image.open(path) as image:
        text = image.info["Description"]
    said = json.loads(text)
    assert said["run"] == "C"
    assert (said["forked_at"], said["reverse_seed"], said["sampler"]["eta"]) == (75, 99, 0.5)
    parent = said["forked_from"]
    assert (parent["forked_at"], parent["redrawn"], parent["reverse_seed"]) == (125, [[125, 33]], 211)
    assert parent["forked_from"]["sampler"] == said["sampler"] | {"eta": 0.0}
    assert "forked_from" not in parent["forked_from"]
    assert "Infinity" not in text


def test_the_samples_of_a_run_are_written_one_after_the_other(images, state, tmp_path):
    run = make_run(images, num_samples=3, path_seed=5)
    scene = Scene("samples", "x_0", replace(state, t=0), run, captions=False, scale=2)
    assert frame_size(scene, images) == (24, 24)
    times = animation_times(0, 2, 5, "there_and_back")
    assert times == (0, 1, 2, 1, 0)
    export = ExportRequest(scene, times, AnimationSettings(tmp_path / "path.apng"))
    for _ in export_steps(export, images):
        pass
    with Image.open(tmp_path / "path.apng") as film:
        assert film.n_frames == 5
        said = json.loads(film.info["Description"])
        for place, sample in enumerate(times):
            film.seek(place)
            wanted = to_uint8(run.frame_at(0).shown("x_0", sample)).repeat(2, axis=0).repeat(2, axis=1)
            np.testing.assert_array_equal(np.asarray(film.convert("RGB")), wanted)
    assert (said["what"], said["path_seed"], said["shown_at"]) == ("samples", 5, 0)
    # In the middle of the run they are what it had there.
    middle = ExportFrames(images).frame(
        replace(scene, state=replace(state, t=100), picture="x_t", scale=1), 1
    )
    np.testing.assert_array_equal(middle, to_uint8(run.frame_at(100).shown("x_t", 1)))
    labelled = strip_picture(
        ExportRequest(replace(scene, captions=True, scale=8), (0, 1, 2), export.settings, is_strip=True),
        ExportFrames(images),
    )
    assert labelled.shape[0] > 96
