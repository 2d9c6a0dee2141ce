"""What is written can be read again: frames, sizes, times, colours, settings; or nothing is left behind."""

import json
import os
import subprocess
import sys
import weakref
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from diffviz.core.noise import Stream, draw_noise
from diffviz.data.images import to_uint8
from diffviz.export.animation import (
    FORMATS,
    GIF_FRAME_RATES,
    AnimationSettings,
    ExportError,
    encoders_available,
    format_of,
    settings_text,
    whole_scale,
    write_animation,
)
from diffviz.export.estimate import estimate_size, sample_indices
from diffviz.export.frames import enlarge

STILLS = ("gif", "apng", "webp")
VIDEOS = ("mp4", "webm")


def place(folder, form):
    return folder / f"chain{FORMATS[form].suffix or '_frames'}"


def fade(count=7, height=40, width=56, scale=1):
    """Frames that differ from one another, with colours that survive a palette of 256."""
    ramp = np.linspace(0, 200, width)[None, :] * np.ones((height, 1))
    for index in range(count):
        frame = np.stack([ramp, ramp[:, ::-1], np.full_like(ramp, 30 * index)], axis=-1)
        yield enlarge(frame.astype(np.uint8), scale)


def write(settings, frames=None, count=7):
    return list(write_animation(fade(count) if frames is None else frames, count, settings))


def read(path):
    """Frames (uint8 RGB) and their times in seconds, from any format."""
    if path.is_dir():
        return [np.asarray(Image.open(file)) for file in sorted(path.iterdir())], None
    if path.suffix in {".mp4", ".webm"}:
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
            rate = container.streams.video[0].average_rate
            return frames, [float(1 / rate)] * len(frames)
    frames, durations = [], []
    with Image.open(path) as image:
        for index in range(image.n_frames):
            image.seek(index)
            frames.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"] / 1000)
    return frames, durations


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_can_be_read_again(form, tmp_path):
    settings = AnimationSettings(place(tmp_path, form), hold_last_s=0.5)
    original = list(fade(scale=2))
    steps = write(settings, original)
    assert [step.index for step in steps] == list(range(1, 8))
    assert steps[-1].count == 7
    frames, durations = read(settings.path)
    repeats = 10 if form in VIDEOS else 0
    assert len(frames) == 7 + repeats
    assert frames[0].shape == original[0].shape
    if durations is not None:
        assert sum(durations) == pytest.approx(7 / 20 + 0.5, abs=0.02)
        assert durations[0] == pytest.approx(0.05, abs=0.002)
    tolerance = 0 if form in {"apng", "webp", "png"} else 12
    for written, wanted in [(frames[0], original[0]), (frames[6], original[6]), (frames[-1], original[-1])]:
        assert np.abs(written.astype(int) - wanted).mean() <= tolerance / 3
    assert [entry.name for entry in tmp_path.iterdir()] == [settings.path.name]


@pytest.mark.parametrize("form", STILLS)
@pytest.mark.parametrize("loop", [True, False])
def test_stills_say_whether_they_loop(form, loop, tmp_path):
    settings = AnimationSettings(place(tmp_path, form), loop=loop)
    write(settings)
    with Image.open(settings.path) as image:
        plays = image.info.get("loop", 1)
    assert plays == (0 if loop else 1)


@pytest.mark.parametrize("form", FORMATS)
def test_settings_travel_with_the_file(form, tmp_path):
    text = settings_text(schedule="cosine", seed=7, label="ᾱ", more="x" * 400)
    settings = AnimationSettings(place(tmp_path, form), metadata=text)
    write(settings)
    if form in VIDEOS:
        with av.open(str(settings.path)) as container:
            found = container.metadata.get("comment") or container.metadata.get("COMMENT")
    else:
        file = next(settings.path.iterdir()) if form == "png" else settings.path
        with Image.open(file) as image:
            image.load()
            comment = image.info.get("comment", b"").decode() if form == "gif" else None
            found = comment or image.info.get("Description") or image.getexif().get(0x010E)
    values = json.loads(found)
    assert (values["schedule"], values["seed"], values["label"]) == ("cosine", 7, "ᾱ")
    assert values["software"].startswith("diffviz ")


@pytest.mark.parametrize(
    ("form", "side"),
    [("mp4", 28), ("mp4", 45), ("mp4", 64), ("mp4", 256), ("mp4", 512), ("webm", 28), ("webm", 45)],
)
def test_noise_stays_noise_in_default_video(form, side, tmp_path):
    noises = [draw_noise((side, side, 3), 7, Stream.REDRAW, index) for index in range(3)]
    settings = AnimationSettings(place(tmp_path, form))
    scale = whole_scale(settings, side, side)
    assert scale % 2 == 0
    frames = [enlarge(to_uint8(noise), scale) for noise in noises]
    write(settings, frames, 3)
    decoded, _ = read(settings.path)
    for shown, seen in zip(frames, decoded, strict=True):
        np.testing.assert_allclose(seen.std((0, 1)), shown.std((0, 1)), rtol=0.1)
        np.testing.assert_allclose(seen.mean((0, 1)), shown.mean((0, 1)), atol=3)


def test_exact_colour_keeps_noise_without_enlargement(tmp_path):
    noise = to_uint8(draw_noise((96, 96, 3), 7, Stream.X_T))
    for form in VIDEOS:
        settings = AnimationSettings(place(tmp_path, form), exact_colour=True)
        assert whole_scale(settings, 96, 96, target=96) == 1
        write(settings, [noise], 1)
        np.testing.assert_allclose(read(settings.path)[0][0].std((0, 1)), noise.std((0, 1)), rtol=0.1)


def test_scale_is_even_where_colour_is_halved_and_fits_the_target():
    mp4, gif = AnimationSettings(Path("a.mp4")), AnimationSettings(Path("a.gif"))
    assert whole_scale(mp4, 28, 28) == 26
    assert whole_scale(gif, 28, 28) == 27
    assert whole_scale(mp4, 1024, 768) == 2
    assert whole_scale(gif, 1024, 768) == 1


@pytest.mark.parametrize("form", VIDEOS)
def test_odd_sizes_are_padded_for_video(form, tmp_path):
    settings = AnimationSettings(place(tmp_path, form))
    write(settings, fade(3, height=33, width=47), 3)
    assert read(settings.path)[0][0].shape == (34, 48, 3)


def test_gif_frame_rates_are_whole_hundredths_of_a_second(tmp_path):
    for rate in GIF_FRAME_RATES:
        settings = AnimationSettings(tmp_path / "a.gif", frame_rate_fps=rate)
        write(settings, fade(3), 3)
        assert read(settings.path)[1] == [pytest.approx(1 / rate)] * 3
    with pytest.raises(ExportError, match=r"30 frames per second: take 50, 33\.3, 25, 20, 10\."):
        AnimationSettings(tmp_path / "a.gif", frame_rate_fps=30)


@pytest.mark.parametrize("form", ["apng", "webp", "mp4"])
def test_thirty_frames_per_second_last_as_long_as_they_should(form, tmp_path):
    settings = AnimationSettings(place(tmp_path, form), frame_rate_fps=30)
    write(settings, fade(60), 60)
    assert sum(read(settings.path)[1]) == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"path": Path("a.mov")}, "a.mov cannot be an animation: use .gif, .mp4"),
        ({"format": "flv"}, "There is no format 'flv'"),
        ({"frame_rate_fps": 0}, "0 frames per second cannot be written"),
        ({"frame_rate_fps": 500}, "500 frames per second cannot be written"),
        ({"hold_last_s": -1}, "held for -1 seconds"),
    ],
)
def test_impossible_settings_are_one_sentence(change, sentence):
    with pytest.raises(ExportError, match=sentence):
        AnimationSettings(**{"path": Path("a.mp4"), **change})


def test_the_ending_chooses_the_format():
    assert format_of(Path("x.GIF")) == "gif"
    assert format_of(Path("frames")) == "png"
    assert AnimationSettings(Path("x.dat"), "mp4").format == "mp4"


def test_no_frames_and_frames_of_two_sizes_are_refused(tmp_path):
    settings = AnimationSettings(tmp_path / "a.gif")
    with pytest.raises(ExportError, match="no frame to write"):
        write(settings, [], 0)
    with pytest.raises(ValueError, match="Frame 2"):
        write(settings, [np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)], 2)
    with pytest.raises(ExportError, match="16500 × 1 is too large, WebP ends at 16383"):
        write(AnimationSettings(tmp_path / "a.webp"), [np.zeros((1, 16_500, 3), np.uint8)], 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("existing", [True, False])
def test_cancelling_leaves_what_was_there_and_nothing_else(form, existing, tmp_path):
    settings = AnimationSettings(place(tmp_path, form))
    if existing:
        write(settings)
    before = {entry: entry.stat().st_mtime_ns for entry in tmp_path.rglob("*")}
    writing = write_animation(fade(50), 50, settings)
    for _ in range(3):
        next(writing)
    assert len(list(tmp_path.iterdir())) == existing + 1
    writing.close()
    assert {entry: entry.stat().st_mtime_ns for entry in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("form", FORMATS)
def test_a_failing_source_of_frames_leaves_nothing_and_is_heard(form, tmp_path):
    def frames():
        yield from fade(3)
        raise RuntimeError("the sampler failed")

    with pytest.raises(RuntimeError, match="the sampler failed"):
        write(AnimationSettings(place(tmp_path, form)), frames())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_frames_are_not_kept(form, tmp_path):
    seen = []

    def frames():
        for frame in fade(20):
            seen.append(weakref.ref(frame))
            yield frame

    most = 0
    for _ in write_animation(frames(), 20, AnimationSettings(place(tmp_path, form))):
        most = max(most, sum(frame() is not None for frame in seen))
    assert len(seen) == 20
    assert most <= 3


FILL = """
import resource, sys
from pathlib import Path
import numpy as np
from diffviz.export.animation import AnimationSettings, ExportError, write_animation
path, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
rng = np.random.default_rng(0)
frames = (rng.integers(0, 256, (160, 160, 3), dtype=np.uint8) for _ in range(40))
try:
    list(write_animation(frames, 40, AnimationSettings(path)))
except ExportError as error:
    print(error)
print(sorted(entry.name for entry in path.parent.iterdir()))
"""


def fill(path, limit):
    return subprocess.run(
        [sys.executable, "-c", FILL, str(path), str(limit)], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of file size are POSIX")
@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_may_not_grow_is_one_sentence_and_nothing_is_left(form, tmp_path):
    path = place(tmp_path, form)
    assert fill(path, 20_000) == f"{path} could not be written: the disk is full.\n[]\n"


@pytest.mark.skipif(not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_is_one_sentence_and_nothing_is_left(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let tests mount a disk")
    try:
        for form in FORMATS:
            path = place(disk, form)
            assert fill(path, 0) == f"{path} could not be written: the disk is full.\n[]\n"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_places_that_cannot_be_written_are_one_sentence(tmp_path):
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(ExportError, match=r"folder\.gif could not be written: it is a folder"):
        write(AnimationSettings(tmp_path / "folder.gif"))
    with pytest.raises(ExportError, match=r"there is no folder .*gone"):
        write(AnimationSettings(tmp_path / "gone" / "a.gif"))
    (tmp_path / "frames").write_text("mine")
    with pytest.raises(ExportError, match="a file of that name is in the way"):
        write(AnimationSettings(tmp_path / "frames"))


def test_a_folder_of_frames_is_replaced_but_never_other_files(tmp_path):
    settings = AnimationSettings(tmp_path / "frames")
    write(settings, fade(9), 9)
    write(settings, fade(4), 4)
    assert sorted(file.name for file in settings.path.iterdir()) == [f"frame_{i:05d}.png" for i in range(4)]
    (settings.path / "thesis.txt").write_text("important")
    with pytest.raises(ExportError, match="holds other files already"):
        write(settings)
    assert (settings.path / "thesis.txt").read_text() == "important"
    assert [entry.name for entry in tmp_path.iterdir()] == ["frames"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("is_fresh", [True, False], ids=["fresh noise", "one noise"])
def test_the_size_estimate_is_of_the_right_order(form, is_fresh, tmp_path):
    count = 60 if form in VIDEOS and not is_fresh else 24
    ramp = np.linspace(-1, 1, 90)[:, None, None] * np.ones((1, 70, 3))

    def frame(index):
        noise = draw_noise((90, 70, 3), 7, Stream.REDRAW, index if is_fresh else 0)
        return enlarge(to_uint8(np.cos(index / count) * ramp + np.sin(index / count) * noise), 2)

    settings = AnimationSettings(place(tmp_path, form))
    written = write(settings, map(frame, range(count)), count)[-1].bytes_written
    estimate = estimate_size(map(frame, sample_indices(count, settings)), count, settings)
    real = settings.path.stat().st_size if settings.path.is_file() else written
    assert 0.6 * real < estimate < 1.5 * real


@pytest.mark.parametrize("form", FORMATS)
def test_samples_for_the_estimate_exist_for_any_number_of_frames(form):
    settings = AnimationSettings(place(Path(), form))
    for count in (1, 2, 3, 10, 17, 100):
        indices = sample_indices(count, settings)
        assert set(indices) <= set(range(count))
        assert list(indices) == sorted(set(indices))
        assert len(indices) >= min(count, 3)


def test_all_encoders_are_here():
    assert encoders_available() == dict.fromkeys(FORMATS)
