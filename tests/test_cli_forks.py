"""Forks from the command line: the pictures that the window makes, and one sentence for what cannot be."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from diffviz.cli_fork import FORK_KEYS, forked_legs
from diffviz.cli_walk import Aim, Leg
from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.slips import Slip
from diffviz.core.timesteps import Spacing
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.models.simple_denoisers import BlurDenoiser
from tests.test_cli import refused, run

SIZE = 6
DDIM = SamplerSpec(SamplerKind.DDIM, 10, eta=0.3)
WORDS = ("sample", "--size", SIZE, "--sampler=ddim", "--eta=0.3", "--steps=10", "--seed=3", "-n", 3)


@pytest.fixture
def albums(in_tmp_path):
    """Two folders of pictures of one size: one of two classes, one of none."""
    colours = {"album/warm": ("red", "orange"), "album/cold": ("blue", "teal"), "grey": ("gray", "white")}
    for folder, names in colours.items():
        (in_tmp_path / folder).mkdir(parents=True)
        for name in names:
            picture = Image.linear_gradient("L").resize((SIZE, SIZE))
            Image.merge("RGB", [picture] * 3).save(in_tmp_path / folder / f"{name}-gradient.png")
            Image.new("RGB", (SIZE, SIZE), name).save(in_tmp_path / folder / f"{name}.png")


def of_window(request):
    """The pictures that the window ends with, float32 (B, H, W, C)."""
    steps = [
        step for step in reverse_steps(request, DenoiserShelf(ImageStore())) if isinstance(step, ReverseStep)
    ]
    return np.moveaxis(steps[-1].x_s.float().numpy(), 1, -1)


def root(**changes):
    request = ReverseRequest(
        ScheduleSpec(), DDIM, denoiser="exact:album", seed=3, num_samples=3, exact_size=SIZE
    )
    return replace(request, **changes)


@pytest.mark.parametrize(
    ("setting", "changes"),
    [
        ("sampler=dpmpp2m", {"sampler": replace(DDIM, kind=SamplerKind.DPMPP2M)}),
        (
            "sampler=heun,churn=9,churn-min=0.1,churn-max=50,churn-noise=1.1,steps=7",
            {
                "sampler": SamplerSpec(
                    SamplerKind.HEUN,
                    7,
                    eta=0.3,
                    churn=9.0,
                    churn_sigma_min=0.1,
                    churn_sigma_max=50.0,
                    churn_noise=1.1,
                )
            },
        ),
        (
            "steps=4,spacing=linspace,clip=static",
            {"sampler": replace(DDIM, num_sampling_steps=4, spacing=Spacing.LINSPACE, clip="static")},
        ),
        ("eta=1", {"sampler": replace(DDIM, eta=1.0)}),
        ("seed=8", {"seed": 8}),
        ("class=warm", {"class_index": 1}),
        (
            "class=cold,guidance=2.5,rescale=0.4",
            {"class_index": 0, "guidance_scale": 2.5, "guidance_rescale": 0.4},
        ),
        ("model=gaussian:grey", {"denoiser": "gaussian:grey"}),
        ("schedule=cosine", {"schedule": ScheduleSpec("cosine")}),
        (
            "schedule=cosine,timesteps=300,zero-terminal-snr=yes",
            {"schedule": ScheduleSpec("cosine", 300, zero_terminal_snr=True)},
        ),
        ("param=beta_max=0.01", {"schedule": ScheduleSpec().with_value("beta_max", 0.01)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.usefixtures("albums")
def test_a_fork_with_other_settings_is_the_one_that_the_window_makes(capsys, setting, changes):
    words = (*WORDS, "--model=exact:album", f"--fork=500:{setting}", "-o", "x.npy")
    assert run(capsys, *words) == (0, "", "")
    parent = root()
    np.testing.assert_array_equal(np.load("x.npy"), of_window(parent.forked(500, replace(parent, **changes))))


@pytest.mark.usefixtures("albums")
def test_a_fork_of_a_fork_from_a_picture_with_a_redrawn_step_is_the_one_that_the_window_makes(capsys):
    start = ("--start-image=grey/gray-gradient.png", "--start-t=900")
    words = (*WORDS, "--model=exact:album", *start, "--redraw=700:5")
    forks = ("--fork=700:eta=1", "--fork=500:sampler=dpmpp2m", "--fork=500:steps=20,slip=upwards")
    assert run(capsys, *words, *forks, "-o", "x.npy") == (0, "", "")
    images = ImageStore()
    key = images.add_file("grey/gray-gradient.png")
    begun = root(start_image=key, start_t=900)
    noisy = begun.forked(700, replace(begun, sampler=replace(DDIM, eta=1.0)))
    noisy = noisy.redrawn_at(700, 5)
    smooth = noisy.forked(
        500, replace(noisy.settings, sampler=replace(DDIM, eta=1.0, kind=SamplerKind.DPMPP2M))
    )
    longer = smooth.forked(
        500, replace(smooth.settings, sampler=replace(smooth.sampler, num_sampling_steps=20))
    )
    longer = replace(longer, slip=Slip.UPWARDS)
    steps = [s for s in reverse_steps(longer, DenoiserShelf(images)) if isinstance(s, ReverseStep)]
    np.testing.assert_array_equal(np.load("x.npy"), np.moveaxis(steps[-1].x_s.float().numpy(), 1, -1))


@pytest.mark.usefixtures("albums")
def test_a_fork_that_changes_nothing_changes_nothing_in_any_batch(capsys):
    words = (*WORDS[:-1], 18, "--model=exact:album", "--sampler=dpmpp2m")
    assert run(capsys, *words, "-o", "plain.npy")[0] == 0
    assert run(capsys, *words, "--fork=600:seed=3", "--fork=200:guidance=1", "-o", "forked.npy")[0] == 0
    np.testing.assert_array_equal(np.load("plain.npy"), np.load("forked.npy"))


@pytest.mark.usefixtures("albums")
def test_an_animation_of_a_fork_shows_both_legs_and_says_in_its_file_where_it_left(capsys):
    words = (*WORDS[:-1], 1, "--model=exact:album", "--fork=500:steps=4,schedule=cosine", "--captions")
    assert run(capsys, *words, "-o", "x.png")[0] == 0
    with Image.open("x.png") as picture:
        assert '"fork": ["500:steps=4,schedule=cosine"]' in picture.text["Description"]
    assert run(capsys, *words, "-o", "x.gif", "--scale=8")[0] == 0
    with Image.open("x.gif") as animation:
        # 1000 to 600, then from cosine's time of the same noise its 750, 500 and 250, then the end.
        levels = build_schedule(ScheduleSpec("cosine")).alphas_cumprod
        assert levels[750] > build_schedule(ScheduleSpec()).alphas_cumprod[500] > levels[1000]
        assert animation.n_frames == 5 + (1 + 3) + 1


def test_every_setting_that_counts_after_the_beginning_can_be_changed_at_a_fork():
    leg = Leg(
        BlurDenoiser((1, 4, 4)), ScheduleSpec(), SamplerSpec(), Aim(None, 1.0, 0.0, 0.0), 3, Slip.UPWARDS
    )
    values = {
        "sampler": "heun",
        "steps": "7",
        "eta": "0.5",
        "variance": "beta",
        "interpolation": "1",
        "spacing": "quad",
        "clip": "dynamic",
        "churn": "1",
        "churn-min": "1",
        "churn-max": "9",
        "churn-noise": "2",
        "guidance": "-1",
        "rescale": "1",
        "classifier-scale": "3",
        "schedule": "cosine",
        "timesteps": "99",
        "param": "s=0.01",
        "zero-terminal-snr": "yes",
        "seed": "4",
        "slip": "none",
        "model": "other",
        "class": "none",
    }
    assert values.keys() == set(FORK_KEYS)
    word = "500:" + ",".join(f"{key}={value}" for key, value in values.items())
    other = BlurDenoiser((1, 4, 4))
    ((t, after),) = forked_legs([word], leg, lambda _: other)
    assert t == 500
    assert after.denoiser is other
    for before, now in ((leg, after), (leg.sampler, after.sampler)):
        for name in vars(now):
            if name != "aim":
                assert getattr(before, name) != getattr(now, name), name
    assert (after.aim.guidance_scale, after.aim.guidance_rescale, after.aim.classifier_scale) == (
        -1.0,
        1.0,
        3.0,
    )
    assert (after.spec.kind, after.spec.num_timesteps, after.spec.zero_terminal_snr) == ("cosine", 99, True)
    assert after.spec.value("s") == 0.01


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("500", "500: write the time and what changes there, such as 500:sampler=ddim,eta=0.5."),
        ("500:", "500:: write the time and what changes there"),
        ("half:eta=1", "half:eta=1: write the time"),
        ("500:sampelr=ddim", "500:sampelr=ddim: there is no sampelr; choose from sampler, steps, eta,"),
        ("500:sampler=magic", "500:sampler=magic: choose from ddpm, ddim, dpmpp2m, euler, heun."),
        ("500:eta=2", "500:eta=2: take a number from 0 to 1."),
        ("500:eta=lots", "500:eta=lots: take a number from 0 to 1."),
        ("500:churn=-1", "500:churn=-1: take a number from 0 on."),
        ("500:guidance=much", "500:guidance=much: take a number."),
        ("500:steps=0", "500:steps=0: take a whole number from 1 on."),
        ("500:slip=typo", "500:slip=typo: choose from no-noise,"),
        ("500:zero-terminal-snr=maybe", "500:zero-terminal-snr=maybe: choose from yes, no."),
        ("500:class=hot", "500:class=hot: Gaussian blur, 4×4 grey has no classes."),
    ],
)
def test_a_fork_that_cannot_be_read_is_refused_with_what_is_allowed(word, sentence):
    denoiser = BlurDenoiser((1, 4, 4))
    leg = Leg(denoiser, ScheduleSpec(), SamplerSpec(), Aim(None, 1.0, 0.0, 0.0), 3)
    with pytest.raises(ValueError, match=f"^--fork {re.escape(sentence)}"):
        forked_legs([word], leg, lambda _: denoiser)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("500:eta=2", "--fork 500:eta=2: take a number from 0 to 1."),
        ("500:steps=2000", "2000 sampling steps are not possible: take 1 to 1000."),
        ("500:class=hot", "--fork 500:class=hot: choose from cold, warm."),
        ("500:schedule=nope", "There is no schedule 'nope'"),
        ("500:param=beta_max", "--param beta_max: write it as name=value"),
        ("500:model=nix", "There is no network “nix”"),
        (
            "500:model=exact:grey",
            "exact:grey: Exact denoiser, grey has no class “warm”; add class=none, or one that it has.",
        ),
        (
            "500:model=fashion-unet,class=none",
            "--fork 500: the pictures keep their size, 3 × 6 × 6, but Fashion",
        ),
        ("501:eta=1", "--fork 501: the steps begin at 1000, 900, 800, 700, 600, 500, 400, 300 …"),
        ("500:classifier-scale=2", "no classifier for the classes of"),
    ],
)
@pytest.mark.usefixtures("albums")
def test_a_fork_that_cannot_be_is_one_line(capsys, word, sentence):
    words = (*WORDS, "--model=exact:album", "--class=warm", f"--fork={word}", "-o", "x.png")
    assert sentence in refused(capsys, *words)


@pytest.mark.usefixtures("albums")
def test_forks_are_taken_in_the_order_in_which_they_are_named(capsys):
    words = (*WORDS, "--model=exact:album", "--fork=300:eta=1", "--fork=700:eta=0", "-o", "x.png")
    assert "--fork 700: the steps begin at 300, 200, 100." in refused(capsys, *words)
