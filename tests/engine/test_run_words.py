"""What is said of a run, and of a fork only what it does otherwise."""

from dataclasses import replace

import pytest

from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, Variance
from diffviz.core.schedules import ScheduleSpec
from diffviz.core.timesteps import Spacing
from diffviz.engine.request import ReverseRequest
from diffviz.engine.run import Run
from diffviz.engine.run_words import change_words, run_words, sampler_words

PARENT = ReverseRequest(ScheduleSpec(), SamplerSpec(), class_index=2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "no change"),
        ({"seed": 5}, "seed 5"),
        ({"denoiser": "fashion-unet"}, "another denoiser"),
        ({"schedule": ScheduleSpec("cosine")}, "cosine schedule"),
        ({"schedule": ScheduleSpec(zero_terminal_snr=True)}, "another schedule"),
        ({"class_index": None}, "no class"),
        ({"class_index": 4}, "another class"),
        ({"guidance_scale": 2.5}, "guidance 2.5"),
        ({"guidance_rescale": 0.7}, "contrast 0.7"),
        ({"classifier_scale": 3.0}, "classifier 3"),
        ({"sampler": SamplerSpec(SamplerKind.DDIM, eta=0.5)}, "DDIM η 0.5"),
        ({"sampler": SamplerSpec(SamplerKind.HEUN, 20, churn=10)}, "Heun churn 10, 20 steps"),
        ({"sampler": SamplerSpec(variance=Variance.BETA)}, "beta variance"),
        ({"sampler": SamplerSpec(spacing=Spacing.KARRAS)}, "karras spacing"),
        ({"sampler": SamplerSpec(clip=Clip.STATIC), "seed": 1}, "clip static, seed 1"),
    ],
)
def test_a_fork_is_told_by_what_it_changes(changes, words):
    assert change_words(PARENT, PARENT.forked(700, replace(PARENT, **changes))) == words


def test_other_noise_in_one_step_is_told_without_its_seed():
    assert change_words(PARENT, PARENT.redrawn_at(700, 99)) == "other noise in one step"


def test_a_run_is_told_by_its_beginning_and_a_fork_by_its_parent():
    root = Run("A", PARENT)
    assert run_words(root) == "DDPM · 50 steps · from pure noise · seed 211"
    from_picture = Run("B", replace(PARENT, start_image="sample:chelsea", start_t=600))
    assert run_words(from_picture) == "DDPM · 50 steps · from your picture at t = 600 · seed 211"
    fork = Run("C", PARENT.forked(700, replace(PARENT, seed=8)), root)
    assert run_words(fork) == "forked from run A at t = 700 · seed 8"
    assert [sampler_words(SamplerSpec(kind)) for kind in SamplerKind] == [
        "DDPM",
        "DDIM",
        "DPM++ 2M",
        "Euler",
        "Heun",
    ]
