"""Frames show the processes as they are: sharp pixels, the right time, legible captions."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from diffviz.core.forward import ForwardProcess, NoiseMode
from diffviz.core.noise import draw_noise
from diffviz.core.prediction import Prediction
from diffviz.core.samplers import SamplerSpec, sample
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.images import to_uint8
from diffviz.export.animation import ExportError
from diffviz.export.figure import save_picture, strip
from diffviz.export.frames import (
    FrameSpec,
    caption_fields,
    enlarge,
    equation_frames,
    evenly_spaced_times,
    forward_frames,
    reverse_frames,
    side_by_side,
)
from diffviz.export.lettering import add_caption, font

SCHEDULE = build_schedule(ScheduleSpec())


@pytest.fixture
def process(small_picture):
    return ForwardProcess(small_picture, SCHEDULE, seed=7)


def reverse_steps(batch=1, num_sampling_steps=4):
    def predict(x_t, level):
        x_0 = torch.zeros_like(x_t)
        return Prediction(x_0, x_t / level.sqrt_one_minus_alpha_cumprod)

    def noise_source(stream, index):
        draws = [draw_noise((3, 8, 8), 7, stream, index, row) for row in range(batch)]
        return torch.from_numpy(np.stack(draws)).double()

    x_start = torch.ones(batch, 3, 8, 8, dtype=torch.float64)
    spec = SamplerSpec(num_sampling_steps=num_sampling_steps)
    return sample(predict, x_start, SCHEDULE, spec, noise_source)


def test_pixels_become_squares(process):
    frame = next(forward_frames(process, [500], FrameSpec(scale=3)))
    pixels = to_uint8(process.x_t(500))
    assert frame.shape == (72, 96, 3)
    for offset in range(3):
        np.testing.assert_array_equal(frame[offset::3, offset::3], pixels)


@pytest.mark.parametrize("mode", NoiseMode)
def test_forward_frames_come_in_any_order_and_stay_as_they_were(mode, small_picture):
    process = ForwardProcess(small_picture, SCHEDULE, 7, mode)
    frames = list(forward_frames(process, [0, 1000, 10], FrameSpec()))
    np.testing.assert_array_equal(frames[0], to_uint8(small_picture))
    np.testing.assert_array_equal(frames[1], to_uint8(process.x_t(1000)))
    np.testing.assert_array_equal(frames[2], to_uint8(process.x_t(10)))


def test_grey_pictures_become_rgb_frames(small_picture):
    process = ForwardProcess(small_picture[..., :1], SCHEDULE, seed=7)
    frame = next(forward_frames(process, [300], FrameSpec()))
    assert frame.shape == (24, 32, 3)
    assert (frame == frame[..., :1]).all()


def test_captions_say_time_signal_and_snr_with_true_minus_signs():
    assert caption_fields(SCHEDULE.level(270)) == ("t = 270", "ᾱ 0.4715", "SNR −0.5 dB")
    assert caption_fields(SCHEDULE.level(0)) == ("t = 0", "ᾱ 1.0000", "SNR ∞ dB")
    assert caption_fields(SCHEDULE.level(1000)) == ("t = 1000", "ᾱ 4.0e−5", "SNR −43.9 dB")
    gone = build_schedule(ScheduleSpec("constant", 10, (("beta", 1.0),)))
    assert caption_fields(gone.level(10)) == ("t = 10", "ᾱ 0.0000", "SNR −∞ dB")


def test_a_caption_covers_its_corner_only(process):
    plain = next(forward_frames(process, [270], FrameSpec(scale=8)))
    captioned = next(forward_frames(process, [270], FrameSpec(scale=8, captions=True)))
    changed = (plain != captioned).any(axis=2)
    assert changed[-30:, :100].any()
    assert not changed[:-40].any()
    assert captioned[-40:].max() > 200


def test_a_caption_that_does_not_fit_loses_its_last_fields_first():
    wide, narrow, tiny = (np.full((120, width, 3), 128, np.uint8) for width in (400, 110, 20))
    for frame in (wide, narrow, tiny):
        add_caption(frame, caption_fields(SCHEDULE.level(270)))
    assert (tiny == 128).all()
    covered = [(frame != 128).any(axis=(0, 2)).sum() for frame in (wide, narrow)]
    assert covered[0] > 150 > covered[1] > 30


def test_the_caption_font_has_every_sign_that_is_used():
    missing = font(20).getmask("\uffff")
    for sign in "ᾱ−·∞×₀ε=+0123456789tSNRdB":
        mask = font(20).getmask(sign)
        assert mask.getbbox() is not None
        assert (mask.size, bytes(mask)) != (missing.size, bytes(missing))


def test_equation_frames_hold_three_pictures(process):
    frame = next(equation_frames(process, [270], FrameSpec(scale=4)))
    noisy, clean, noise = frame[:96, :128], frame[:96, 164:292], frame[:96, -128:]
    np.testing.assert_array_equal(noisy, enlarge(to_uint8(process.x_t(270)), 4))
    np.testing.assert_array_equal(clean, enlarge(to_uint8(process.x_0), 4))
    np.testing.assert_array_equal(noise, enlarge(to_uint8(process.noise(270) / np.float32(3)), 4))


def test_the_reverse_process_has_one_frame_per_step_and_the_result_at_the_end():
    steps = list(reverse_steps())
    x_0 = list(reverse_frames(steps, SCHEDULE, FrameSpec(), "x_0"))
    x_t = list(reverse_frames(steps, SCHEDULE, FrameSpec(), "x_t"))
    noise = list(reverse_frames(steps, SCHEDULE, FrameSpec(), "noise"))
    assert (len(x_0), len(x_t), len(noise)) == (4, 5, 4)
    np.testing.assert_array_equal(x_t[0], 255)
    np.testing.assert_array_equal(x_t[-1], 128)
    np.testing.assert_array_equal(x_0[0], 128)
    np.testing.assert_array_equal(noise[0], 170)  # ε̂ = 1 is a third of the way from grey to white


def test_several_samples_are_a_grid():
    frame = next(reverse_frames(reverse_steps(batch=4), SCHEDULE, FrameSpec(scale=2)))
    assert frame.shape == (36, 36, 3)
    frame = next(reverse_frames(reverse_steps(batch=4), SCHEDULE, FrameSpec(), columns=4))
    assert frame.shape == (8, 38, 3)


def test_two_animations_side_by_side_end_together_and_have_one_height(process):
    left = forward_frames(process, [0, 250, 500], FrameSpec(scale=4))
    right = reverse_frames(reverse_steps(num_sampling_steps=2), SCHEDULE, FrameSpec(scale=4))
    frames = list(side_by_side(left, right, ("forward", "reverse")))
    assert len(frames) == 2
    assert frames[0].shape == (96, 128 + 8 + 96, 3)


def test_times_run_either_way_without_doubles():
    assert evenly_spaced_times(0, 1000, 5) == (0, 250, 500, 750, 1000)
    assert evenly_spaced_times(10, 0, 3) == (10, 5, 0)
    assert evenly_spaced_times(0, 2, 10) == (0, 1, 2)
    assert evenly_spaced_times(0, 100, 1) == (0,)


def test_a_strip_is_as_wide_as_its_pictures_and_higher_with_labels():
    pictures = [np.full((20, 30, 1), value, np.uint8) for value in (10, 90, 200)]
    plain = strip(pictures)
    assert plain.shape == (20, 90, 3)
    assert [int(plain[0, column, 0]) for column in (0, 30, 60)] == [10, 90, 200]
    labelled = strip(pictures, ["t = 0", "t = 1", "t = 2"], scale=2)
    assert labelled.shape[0] > 40
    assert strip(pictures, columns=2, gap=1).shape == (41, 61, 3)


def test_a_saved_picture_carries_its_settings_and_needs_a_png(tmp_path):
    pixels = np.zeros((4, 5, 1), np.uint8)
    save_picture(tmp_path / "a.png", pixels, json.dumps({"seed": 7}))
    with Image.open(tmp_path / "a.png") as image:
        assert json.loads(image.info["Description"]) == {"seed": 7}
        assert image.mode == "L"
    with pytest.raises(ExportError, match=r"a\.jpg could not be written: a picture is written as \.png"):
        save_picture(tmp_path / "a.jpg", pixels)
