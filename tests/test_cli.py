"""The command line as scripts use it: outputs, one-line errors, exit status, and nothing half-written."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from inspect import signature
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from diffviz import cli_sample, paths
from diffviz.cli import main
from diffviz.cli_forward import times_of
from diffviz.core.forward import ForwardProcess, NoiseMode
from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.slips import Slip
from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals and terminals of POSIX")


@pytest.fixture
def photo(in_tmp_path, small_picture):
    Image.fromarray(to_uint8(small_picture)).save(in_tmp_path / "photo.png")
    return "photo.png"


@pytest.fixture
def album(in_tmp_path):
    """A folder of two classes with plain pictures of four colours."""
    for name, colours in {"warm": ("red", "orange"), "cold": ("blue", "cyan")}.items():
        (in_tmp_path / "album" / name).mkdir(parents=True)
        for colour in colours:
            Image.new("RGB", (8, 8), colour).save(in_tmp_path / "album" / name / f"{colour}.png")
    return "exact:album"


def run(capsys, *words):
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def refused(capsys, *words):
    """The one line that a command answers bad input with."""
    before = sorted(Path().rglob("*"))
    status, out, err = run(capsys, *words)
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert sorted(Path().rglob("*")) == before
    return err.removeprefix("diffviz: ").strip()


def opened(path):
    with Image.open(path) as image:
        image.load()
        return np.asarray(image)


# schedule


def test_the_schedule_table_has_a_row_for_every_t_with_all_digits(capsys):
    status, out, _ = run(capsys, "schedule", "linear")
    rows = list(csv.DictReader(out.splitlines()))
    table = build_schedule(ScheduleSpec())
    assert status == 0
    assert out.startswith("t,beta,alpha,alpha_cumprod,snr,log_snr,posterior_variance\n")
    assert [int(row["t"]) for row in rows] == list(range(1001))
    assert [float(row["alpha_cumprod"]) for row in rows] == table.alphas_cumprod.tolist()
    assert rows[0]["snr"] == "inf"


@pytest.mark.usefixtures("in_tmp_path")
def test_the_schedule_takes_parameters_files_and_formats(capsys):
    words = ("schedule", "constant", "--timesteps", 4, "--param", "beta=1", "--format", "json")
    status, out, _ = run(capsys, *words)
    table = json.loads(out)
    assert status == 0
    assert table["schedule"]["kind"] == "constant"
    assert [row["log_snr"] for row in table["rows"]] == ["inf", "-inf", "-inf", "-inf", "-inf"]
    assert run(capsys, "schedule", "cosine", "--timesteps=10", "-o", "s.json") == (0, "", "")
    from_file = run(capsys, "schedule", "s.json")[1]
    assert from_file == run(capsys, "schedule", "cosine", "--timesteps=10")[1]
    zero = run(capsys, "schedule", "linear", "--zero-terminal-snr")[1]
    assert zero.splitlines()[-1].startswith("1000,1,0,0,0,-inf")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nope",), "There is no schedule 'nope'; choose from linear, cosine"),
        (("linear", "--timesteps", "0"), "T = 0 is not possible: take 1 to 4000 steps."),
        (("linear", "--timesteps", "many"), "--timesteps many: input should be a valid integer"),
        (("linear", "--param", "gamma=1"), "has no parameter 'gamma'; it has beta_min, beta_max, rescale."),
        (("linear", "--param", "beta_min"), "--param beta_min: write it as name=value"),
        (("linear", "--param", "beta_max=high"), "--param beta_max=high: write it as name=value"),
        (("constant", "--param", "beta=1.5"), "= 1.5 is not possible: take 0 to 1."),
        (("linear", "--format", "yaml"), "--format yaml: 'yaml' is not one of 'csv', 'json'."),
        (("gone.csv",), "gone.csv could not be read"),
        (("linear", "-o", "gone/s.csv"), "there is no folder gone"),
        ((), "Missing argument 'KIND'"),
    ],
)
@pytest.mark.usefixtures("in_tmp_path")
def test_an_impossible_schedule_is_one_line(words, sentence, capsys):
    assert sentence in refused(capsys, "schedule", *words)


# forward


def test_the_figure_shows_the_listed_times_side_by_side(capsys, photo):
    words = ("--t", "0,500,1000", "--schedule", "cosine", "--seed", 3, "-o", "figure.png")
    assert run(capsys, "forward", photo, *words) == (0, "", "")
    figure = opened("figure.png")
    x_0 = np.asarray(opened(photo), np.float32) / 127.5 - 1
    process = ForwardProcess(x_0, build_schedule(ScheduleSpec("cosine")), 3)
    assert figure.shape == (24, 96, 3)
    np.testing.assert_array_equal(figure[:, :32], opened(photo))
    np.testing.assert_array_equal(figure[:, 64:], to_uint8(process.x_t(1000)))


@pytest.mark.parametrize("mode", NoiseMode)
def test_the_array_holds_x_t_unclipped(mode, capsys, photo):
    words = ("--t", "0,10:30:10", "--timesteps", 50, "--mode", mode, "-o", "x.npy")
    assert run(capsys, "forward", photo, *words)[0] == 0
    array = np.load("x.npy")
    x_0 = (2 * (opened(photo).astype(np.float64) / 255) - 1).astype(np.float32)
    process = ForwardProcess(x_0, build_schedule(ScheduleSpec(num_timesteps=50)), 7, mode)
    assert array.dtype == np.float32
    assert array.shape == (4, 24, 32, 3)
    for row, t in zip(array, (0, 10, 20, 30), strict=True):
        np.testing.assert_allclose(row, process.x_t(t), atol=1e-6)
    assert np.abs(array).max() > 1


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".apng"])
def test_the_animation_has_a_frame_for_every_time(suffix, capsys, photo):
    assert run(capsys, "forward", photo, "--t", "0:1000:100", "-o", f"a{suffix}", "--scale", 2) == (0, "", "")
    with Image.open(f"a{suffix}") as image:
        assert image.n_frames == 11
        assert image.size == (64, 48)


def test_videos_are_enlarged_so_that_noise_stays_noise(capsys, photo):
    assert run(capsys, "forward", photo, "--t", "0:1000:100", "-o", "a.mp4", "--fps", 10)[0] == 0
    with av.open("a.mp4") as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        values = json.loads(video.metadata["comment"])
    assert len(frames) == 11
    assert frames[0].shape == (24 * 24, 32 * 24, 3)
    assert (values["image"], values["seed"], values["schedule"]["kind"]) == ("photo.png", 7, "linear")


def test_a_name_without_an_ending_is_a_folder_of_numbered_frames(capsys, photo):
    assert run(capsys, "forward", photo, "--t", "0,500", "-o", "frames")[0] == 0
    assert sorted(file.name for file in Path("frames").iterdir()) == ["frame_00000.png", "frame_00001.png"]
    assert run(capsys, "forward", photo, "--t", "0,500,1000", "-o", "frames")[0] == 0
    assert len(list(Path("frames").iterdir())) == 3


@pytest.mark.usefixtures("in_tmp_path")
def test_size_is_the_longer_side_and_large_pictures_are_reduced_with_a_note(capsys):
    Image.new("RGB", (2000, 1000)).save("wall.png")
    run(capsys, "forward", "wall.png", "--size", 40, "--t", "0", "-o", "a.npy")
    assert np.load("a.npy").shape == (1, 20, 40, 3)
    _, _, note = run(capsys, "forward", "wall.png", "--t", "0", "-o", "b.npy")
    assert np.load("b.npy").shape == (1, 512, 1024, 3)
    assert note == "diffviz: wall.png: 1024 × 512, scaled from 2000 × 1000; --size chooses another\n"


@pytest.mark.usefixtures("in_tmp_path")
def test_samples_have_names(capsys):
    assert run(capsys, "forward", "sample:camera", "--size", 16, "-o", "a.npy")[0] == 0
    assert np.load("a.npy").shape == (5, 16, 16, 1)
    assert "choose from chelsea, astronaut" in refused(capsys, "forward", "sample:dog", "-o", "b.npy")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("gone.png", "-o", "a.png"), "gone.png could not be read: there is no such file."),
        (
            ("photo.png", "-o", "a.bmp"),
            "-o a.bmp: use .png, .npy, .gif, .mp4, .webp, .apng, .webm, or a folder",
        ),
        (("photo.png", "-o", "a.gif", "--fps", "30"), "A GIF cannot have 30 frames per second"),
        (("photo.png", "-o", "a.mp4", "--scale", "3"), "--scale 3: this video halves colour"),
        (("photo.png", "-o", "a.png", "--t", "0,1001"), "--t 1001: times run from 0 to 1000."),
        (("photo.png", "-o", "a.png", "--t", "now"), "--t now: write times as 0,250,500"),
        (("photo.png", "-o", "a.png", "--mode", "warm"), "--mode warm: 'warm' is not one of 'frozen'"),
        (
            ("photo.png", "-o", "a.png", "--seed", "-1"),
            "--seed -1: input should be greater than or equal to 0",
        ),
        (("photo.png", "-o", "gone/a.png"), "there is no folder gone"),
        (("photo.png", "-o", "gone/a.npy"), "there is no folder gone"),
        (("photo.png",), "Missing option '-o' / '--out'; diffviz forward --help says what there is."),
        (("photo.png", "-o", "a.png", "--wrong"), "No such option: --wrong"),
    ],
)
@pytest.mark.usefixtures("photo")
def test_a_forward_run_that_cannot_be_is_one_line(words, sentence, capsys):
    assert sentence in refused(capsys, "forward", *words)


def test_lists_of_times():
    assert times_of("0,5", 10) == (0, 5)
    assert times_of("0:10:5", 10) == (0, 5, 10)
    assert times_of("3:0", 10) == (3, 2, 1, 0)
    for text in ("", "1:2:3:4", "0:10:0", "1.5", "-1", "11"):
        with pytest.raises(ValueError, match="--t"):
            times_of(text, 10)


# sample


def test_samples_of_the_exact_denoiser_are_its_pictures(capsys, album):
    words = ("--model", album, "--size", 8, "-n", 5, "--steps", 20, "--seed", 5)
    assert run(capsys, "sample", *words, "-o", "x.npy") == (0, "", "")
    array = np.load("x.npy")
    assert array.shape == (5, 8, 8, 3)
    assert array.dtype == np.float32
    known = np.array([[1, -1, -1], [1, 165 / 127.5 - 1, -1], [-1, -1, 1], [-1, 1, 1]])
    for picture in array:
        assert np.abs(known - picture.mean((0, 1))).max(axis=1).min() < 0.01


def test_denoisers_of_before_networks_draw_too(capsys, album):
    gaussian = album.replace("exact:", "gaussian:")
    assert run(capsys, "sample", "--model", gaussian, "--size=8", "--steps=20", "-o", "g.npy") == (0, "", "")
    # The pictures are of one colour each, and what is linear in them is, too.
    picture = np.load("g.npy")[0]
    assert picture.shape == (8, 8, 3)
    assert np.ptp(picture, axis=(0, 1)).max() < 0.05
    assert run(capsys, "sample", "--model=blur:12x10x1", "--steps=5", "-o", "b.npy")[0] == 0
    assert np.load("b.npy").shape == (1, 12, 10, 1)
    assert "names no size of pictures" in refused(capsys, "sample", "--model=blur:big", "-o", "c.npy")


def test_a_sample_does_not_depend_on_its_batch(capsys, album):
    for number in (1, 3, 18):
        run(capsys, "sample", "--model", album, "--size=8", "-n", number, "--steps=5", "-o", f"{number}.npy")
    arrays = {number: np.load(f"{number}.npy") for number in (1, 3, 18)}
    np.testing.assert_allclose(arrays[3][:1], arrays[1], atol=1e-6)
    np.testing.assert_allclose(arrays[18][:3], arrays[3], atol=1e-6)
    assert np.ptp(arrays[18], axis=0).max() > 0.1


@pytest.mark.usefixtures("in_tmp_path")
def test_pictures_over_guidance_scales_share_their_noise(capsys):
    words = ("sample", "--model=fashion-unet", "--sampler=ddim", "--steps=2", "--class=bag")
    assert run(capsys, *words, "--guidance=0", "--to-guidance=4", "-n", 18, "-o", "path.npy")[0] == 0
    path = np.load("path.npy")
    for place, scale in ((0, 0.0), (17, 4.0)):
        assert run(capsys, *words, f"--guidance={scale}", "-o", "one.npy")[0] == 0
        np.testing.assert_allclose(path[place], np.load("one.npy")[0], atol=2e-3)
    assert "give --class, too" in refused(capsys, *words[:-1], "--to-guidance=4", "-n", 3, "-o", "x.npy")


def test_redrawing_a_step_is_the_fork_that_the_window_makes(capsys, album):
    words = ("sample", "--model", album, "--size=8", "--steps=10", "--seed=3")
    assert run(capsys, *words, "--redraw=500:8", "-o", "x.npy")[0] == 0
    request = ReverseRequest(
        ScheduleSpec(), SamplerSpec(SamplerKind.DDPM, 10), denoiser=album, seed=3, exact_size=8
    )
    *_, last = reverse_steps(request.redrawn_at(500, 8), DenoiserShelf(ImageStore()))
    np.testing.assert_allclose(np.load("x.npy")[0], np.moveaxis(last.x_s[0].numpy(), 0, -1), atol=1e-6)
    assert "such as 500:3" in refused(capsys, *words, "--redraw=500", "-o", "y.npy")
    assert "the steps begin at 1000, 900" in refused(capsys, *words, "--redraw=501:8", "-o", "y.npy")


def test_every_setting_of_a_run_has_an_option():
    options = {
        "denoiser": "model",
        "kind": "sampler",
        "num_sampling_steps": "steps",
        "class_index": "class_name",
        "guidance_scale": "guidance",
        "guidance_rescale": "rescale",
        "path_guidance": "to_guidance",
        "path_seed": "to_seed",
        "path_image": "to_image",
        "start_fit": "fit_start",
        "is_inverted": "inverted",
        "num_samples": "number",
        "exact_size": "size",
        "redrawn": "redraw",
        "churn_sigma_min": "churn_range",
        "churn_sigma_max": "churn_range",
    }
    settings = {field.name for kind in (ReverseRequest, SamplerSpec) for field in fields(kind)}
    # A folder has its pictures in it.
    settings -= {"picture_keys"}
    known = set(signature(cli_sample.sample).parameters)
    assert {name for name in settings if options.get(name, name) not in known} == set()


def test_a_sample_is_the_picture_that_the_window_makes(capsys, album):
    run(capsys, "sample", "--model", album, "--size=8", "-n", 2, "--steps=7", "--seed=11", "-o", "x.npy")
    request = ReverseRequest(
        ScheduleSpec(),
        SamplerSpec(SamplerKind.DDPM, 7),
        denoiser=album,
        seed=11,
        num_samples=2,
        exact_size=8,
    )
    *_, last = reverse_steps(request, DenoiserShelf(ImageStore()))
    np.testing.assert_allclose(np.load("x.npy"), np.moveaxis(last.x_s.numpy(), 1, -1), atol=1e-6)


def test_a_class_is_asked_for_by_name_in_any_case_or_by_number(capsys, album):
    for index, name in enumerate(("COLD", "0", "warm")):
        words = ("--model", album, "--size=8", "--steps=10", "-n", 3, "--class", name)
        assert run(capsys, "sample", *words, "-o", f"{index}.npy")[0] == 0
    np.testing.assert_array_equal(np.load("0.npy"), np.load("1.npy"))
    assert (np.load("0.npy")[..., 0] < 0).all()
    assert (np.load("2.npy")[..., 0] > 0).all()


def test_a_start_image_close_to_its_end_comes_back(capsys, album):
    Image.new("RGB", (20, 20), "orange").save("start.png")
    words = ("--model", album, "--size=8", "--start-image", "start.png", "--start-t", 100, "-o", "x.npy")
    assert run(capsys, "sample", *words)[0] == 0
    np.testing.assert_allclose(np.load("x.npy")[0].mean((0, 1)), [1, 165 / 127.5 - 1, -1], atol=0.01)


def test_the_noise_that_a_picture_comes_from_leads_back_to_it(capsys, album):
    words = ("sample", "--model", album, "--size=8", "--steps=100", "--sampler=ddim", "--fit=resize")
    start = ("--start-image=album/warm/orange.png", "--start-t=1000")
    for seed in (1, 2):
        assert run(capsys, *words, *start, "--invert", f"--seed={seed}", "-o", f"{seed}.npy") == (0, "", "")
    np.testing.assert_allclose(np.load("1.npy")[0].mean((0, 1)), [1, 165 / 127.5 - 1, -1], atol=0.02)
    # No chance is left in it.
    np.testing.assert_array_equal(np.load("1.npy"), np.load("2.npy"))
    path = ("--to-image=album/cold/blue.png", "-n", 3, "-o", "path.npy")
    assert run(capsys, *words, *start, "--invert", *path) == (0, "", "")
    ends = np.load("path.npy")[[0, 2]].mean((1, 2))
    np.testing.assert_allclose(ends, [[1, 165 / 127.5 - 1, -1], [-1, -1, 1]], atol=0.02)
    noisy = run(capsys, *words[:4], *start, "--steps=5", "--invert", "-o", "x.npy")
    assert noisy[2].startswith("diffviz: a sampler that draws noise does not lead back")


def test_a_path_of_noises_leads_from_one_sample_to_another_and_moves(capsys, album):
    words = ("sample", "--model", album, "--size=8", "--steps=10", "--sampler=ddim")
    for seed in (3, 4):
        assert run(capsys, *words, f"--seed={seed}", "-o", f"{seed}.npy")[0] == 0
    assert run(capsys, *words, "--seed=3", "--to-seed=4", "-n", 18, "-o", "path.npy") == (0, "", "")
    path = np.load("path.npy")
    np.testing.assert_allclose(path[0], np.load("3.npy")[0], atol=1e-6)
    np.testing.assert_allclose(path[-1], np.load("4.npy")[0], atol=1e-6)
    assert run(capsys, *words, "--seed=3", "--to-seed=4", "-n", 5, "-o", "path.gif", "--scale=2")[0] == 0
    with Image.open("path.gif") as image:
        assert image.n_frames == 5
        assert image.size == (16, 16)


def test_samples_become_a_grid_or_an_animation_of_every_step(capsys, album):
    words = ("sample", "--model", album, "--size=8", "-n", 4, "--steps=6")
    assert run(capsys, *words, "-o", "grid.png")[0] == 0
    assert opened("grid.png").shape == (18, 18, 3)
    assert run(capsys, *words, "-o", "run.gif", "--scale=2", "--hold=1")[0] == 0
    with Image.open("run.gif") as image:
        assert image.n_frames == 7
        assert image.size == (36, 36)
    assert run(capsys, *words, "-o", "guess.webp", "--show=x_0")[0] == 0
    with Image.open("guess.webp") as image:
        assert image.n_frames == 6


@pytest.mark.usefixtures("in_tmp_path")
def test_the_shipped_network_draws_with_every_sampler(capsys):
    for sampler in ("ddpm", "ddim", "dpmpp2m", "euler", "heun"):
        words = ("--model=fashion-unet", "--steps=3", f"--sampler={sampler}", "--class=bag", "--guidance=2")
        assert run(capsys, "sample", *words, "-o", f"{sampler}.npy") == (0, "", "")
        assert np.load(f"{sampler}.npy").shape == (1, 28, 28, 1)
        assert np.isfinite(np.load(f"{sampler}.npy")).all()
    path = paths.checkpoints_dir() / "fashion-unet.safetensors"
    words = ("--steps=3", "--class=bag", "--guidance=2", "-o", "path.npy")
    assert run(capsys, "sample", "--model", path, *words)[0] == 0
    np.testing.assert_array_equal(np.load("path.npy"), np.load("ddpm.npy"))


@pytest.mark.usefixtures("in_tmp_path")
def test_every_dial_of_sampling_changes_what_the_shipped_network_draws(capsys):
    plain = ("--sampler=heun", "--steps=4", "--class=bag", "--guidance=3")
    dials = {
        "plain": (),
        "churn": ("--churn=4",),
        "louder": ("--churn=4", "--churn-noise=1.5"),
        "elsewhere": ("--churn=4", "--churn-range", "1e5", "1e6"),
        "rescale": ("--rescale=0.7",),
        "beta": ("--sampler=ddpm", "--variance=beta"),
        "interpolated": ("--sampler=ddpm", "--variance=interpolated", "--interpolation=1"),
    }
    drawn = {}
    for name, words in dials.items():
        assert run(capsys, "sample", "--model=fashion-unet", *plain, *words, "-o", f"{name}.npy")[0] == 0
        drawn[name] = np.load(f"{name}.npy")
    for name in ("churn", "louder", "rescale", "beta"):
        assert not np.allclose(drawn[name], drawn["plain"], atol=1e-3), name
    assert not np.allclose(drawn["churn"], drawn["louder"], atol=1e-3)
    # No step has so much noise, and β itself is the far end of the interpolation.
    np.testing.assert_array_equal(drawn["elsewhere"], drawn["plain"])
    np.testing.assert_allclose(drawn["interpolated"], drawn["beta"], atol=1e-6)


@pytest.mark.usefixtures("in_tmp_path")
def test_every_slip_draws_something_else_than_the_sane_sampler(capsys):
    words = ("sample", "--model=fashion-unet", "--steps=5", "--clip=static")
    drawn = []
    for slip in ((), *((f"--slip={slip}",) for slip in Slip)):
        assert run(capsys, *words, *slip, "-o", "x.npy") == (0, "", "")
        drawn.append(np.load("x.npy"))
    for index, one in enumerate(drawn):
        for other in drawn[:index]:
            assert not np.allclose(one, other, atol=1e-3)


@pytest.mark.usefixtures("in_tmp_path")
def test_the_shipped_classifier_steers_the_network_towards_a_class_without_telling_it(capsys):
    from diffviz.core.schedules import NoiseLevel
    from diffviz.models.catalog import list_classifiers
    from diffviz.models.classifier import load_classifier

    words = ("sample", "--model=fashion-unet", "--sampler=ddim", "--steps=10", "--class=bag", "--guidance=0")
    sure = {}
    classifier = load_classifier(list_classifiers()[0].key)
    bag = classifier.info.class_names.index("Bag")
    for scale in (0, 4):
        assert run(capsys, *words, "-n", 4, f"--classifier-scale={scale}", "-o", "x.npy") == (0, "", "")
        drawn = torch.from_numpy(np.moveaxis(np.load("x.npy"), -1, 1)).clamp(-1, 1)
        said = classifier.log_probabilities(drawn, NoiseLevel(0.0, 1.0, 0.0)).exp()
        sure[scale] = float(said[:, bag].mean())
    assert sure[4] > sure[0] + 0.3


def test_steps_that_do_not_begin_in_pure_noise_are_drawn_with_a_warning(capsys, album):
    words = ("sample", "--model", album, "--size=8", "--steps=5")
    status, out, err = run(capsys, *words, "--spacing=leading", "-o", "x.png")
    assert (status, out) == (0, "")
    assert err.startswith("diffviz: These steps begin at t = 801, not at T = 1000")
    assert err.count("\n") == 1
    from_picture = ("--spacing=leading", "--start-image=album/warm/red.png", "--start-t=500")
    assert run(capsys, *words, *from_picture, "-o", "y.png") == (0, "", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--model", "exact:album", "--classifier-scale", "2"), "no classifier for the classes of"),
        (
            ("--model", "exact:album", "--rescale", "2"),
            "--rescale 2: input should be less than or equal to 1",
        ),
        (
            ("--model", "exact:album", "--churn", "-1"),
            "--churn -1: input should be greater than or equal to 0",
        ),
        (("--model", "nix"), "There is no network “nix”"),
        (("--model", "photo.png"), "photo.png"),
        (("--model", "exact:nowhere"), "There is no data set “nowhere”"),
        (("--model", "exact:album", "--class", "hot"), "--class hot: choose from"),
        (
            ("--model", "exact:album", "--steps", "2000"),
            "2000 sampling steps are not possible: take 1 to 1000.",
        ),
        (("--model", "exact:album", "--steps", "0"), "--steps 0: input should be greater than or equal to 1"),
        (("--model", "exact:album", "--eta", "2"), "--eta 2: input should be less than or equal to 1"),
        (("--model", "exact:album", "--sampler", "magic"), "--sampler magic: 'magic' is not one of 'ddpm'"),
        (("--model", "exact:album", "--start-t", "5"), "--start-image and --start-t belong together"),
        (("--model", "exact:album", "--invert"), "--invert needs a picture"),
        (("--model", "exact:album", "--slip", "typo"), "--slip typo: 'typo' is not one of 'no-noise'"),
        (("--model", "exact:album", "--to-image", "photo.png"), "--to-image needs --invert"),
        (("--model", "exact:album", "--fit", "squash"), "--fit squash: 'squash' is not one of 'crop'"),
        (
            ("--model", "exact:album", "--start-t", "5", "--start-image", "gone.png"),
            "gone.png could not be read: there is no such file.",
        ),
        (
            ("--model", "exact:album", "--start-t", "1001", "--start-image", "album/warm/red.png"),
            "--start-t 1001: times run from 1 to 1000.",
        ),
        (("--model", "fashion-unet", "--device", "abacus"), "There is no device “abacus”; there are auto"),
        (("--model", "exact:album", "--schedule", "nope"), "There is no schedule 'nope'"),
        ((), "Missing option '--model'"),
    ],
)
@pytest.mark.usefixtures("album", "photo")
def test_a_sample_that_cannot_be_drawn_is_one_line(words, sentence, capsys):
    assert sentence in refused(capsys, "sample", "-o", "x.png", *words)


# the program as a whole


def program(*words, prefix="pass", **options):
    code = f"import sys; {prefix}; from diffviz.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("schedule", "cosine", "-o", "s.csv"),
        ("forward", "photo.png", "-o", "a.gif", "--t", "0,500"),
        ("forward", "photo.png", "-o", "a.mp4", "--t", "0,500"),
        ("sample", "--model=exact:album", "--size=8", "--steps=2", "-o", "x.png"),
        ("sample", "--model=fashion-unet", "--steps=2", "-o", "x.npy"),
        ("train", "--help"),
        ("evaluate", "--help"),
        ("models",),
        ("--help",),
    ],
)
@pytest.mark.usefixtures("album", "photo")
def test_commands_work_where_there_is_no_qt(words):
    process = program(*words, prefix="sys.modules['PySide6'] = sys.modules['pyqtgraph'] = None")
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")


def test_models_are_listed(capsys):
    status, out, _ = run(capsys, "models")
    assert status == 0
    assert "fashion-unet" in out
    assert "Fashion-MNIST" in out


@pytest.mark.usefixtures("in_tmp_path")
def test_what_is_neither_command_nor_picture_is_one_line(capsys):
    assert refused(capsys, "smaple") == (
        "smaple: there is no such file and no such command; "
        "commands are schedule, forward, sample, train, models, evaluate."
    )
    assert "No such option" in refused(capsys, "--smaple")


def test_the_module_is_the_program():
    command = [sys.executable, "-m", "diffviz", "--version"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("diffviz ")


@linux_only
def test_a_reader_that_leaves_early_is_no_error():
    code = "import sys; from diffviz.cli import main; sys.exit(main(sys.argv[1:]))"
    line = f'"{sys.executable}" -c "{code}" schedule linear --timesteps 4000 | head -n 1'
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("t,beta")
    assert result.stderr == ""


@linux_only
@pytest.mark.parametrize("name", ["long.mp4", "long.npy", "long"])
def test_ctrl_c_leaves_no_partial_file(name, in_tmp_path):
    # Tests that run as a shell's background job inherit that Ctrl-C is ignored.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    words = ("forward", "sample:chelsea", "--t", "0:1000", "--mode", "redraw", "-o", name)
    process = program(*words, prefix=heed)
    deadline = time.monotonic() + 60
    while not list(in_tmp_path.glob(".long*.part")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert list(in_tmp_path.iterdir()) == []


@linux_only
def test_a_terminal_gets_a_bar_and_a_pipe_gets_none(photo):
    import pty

    words = ("forward", photo, "--t", "0:1000:50", "-o", "a.gif")
    process = program(*words)
    assert process.communicate(timeout=120) == ("", "")

    try:
        controller, terminal = pty.openpty()
    except OSError:
        pytest.skip("this machine has no terminals to lend")
    code = "import sys; from diffviz.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = dict(os.environ, TERM="xterm", COLUMNS="120")
    with subprocess.Popen([sys.executable, "-c", code, *words], stderr=terminal, env=environment):
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(controller, 4096):
                shown += part
        except OSError:  # how Linux says that the other side has closed
            pass
    os.close(controller)
    assert b"Writing a.gif" in shown
    assert b"21/21" in shown


@linux_only
def test_a_full_disk_is_one_line_and_nothing_is_left(in_tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    for name in ("a.npy", "a.png", "a.gif"):
        process = program("forward", "sample:chelsea", "-o", name, prefix=limit)
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (2, f"diffviz: {name} could not be written: the disk is full.\n")
    assert list(in_tmp_path.iterdir()) == []
