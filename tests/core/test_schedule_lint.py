"""Remarks on schedules: when they are made, how they are said, and that their fixes fix."""

import pytest

from diffviz.core.schedule_lint import Finding, lint
from diffviz.core.schedules import SCHEDULE_KINDS, ScheduleError, ScheduleSpec, build_schedule


def remarks(spec: ScheduleSpec) -> tuple[Finding, ...]:
    return lint(spec, build_schedule(spec))


def titles(spec: ScheduleSpec) -> list[str]:
    return [finding.title for finding in remarks(spec)]


def test_a_good_schedule_gets_a_good_word():
    (finding,) = remarks(ScheduleSpec())
    assert (finding.level, finding.title) == ("good", "Terminal SNR 4.0e−5 — good")
    assert finding.fixes == ()


def test_a_short_chain_with_unscaled_beta_is_told_what_is_left():
    finding = remarks(ScheduleSpec(num_timesteps=100, params=(("rescale", 0.0),)))[0]
    assert finding.level == "warn"
    assert finding.title == "Signal left at T"
    assert finding.sentence == (
        "The last frame still holds 36% of the signal power, so sampling from pure noise would not match."
    )
    assert [fix.label for fix in finding.fixes] == ["Rescale to zero SNR", "Use T = 1000"]


def test_a_chain_that_keeps_most_of_the_picture_is_bad():
    assert remarks(ScheduleSpec(num_timesteps=10, params=(("rescale", 0.0),)))[0].level == "bad"


@pytest.mark.parametrize("num_timesteps", [100, 4000])
def test_changing_the_length_without_rescaling_is_named(num_timesteps: int):
    found = remarks(ScheduleSpec(num_timesteps=num_timesteps, params=(("rescale", 0.0),)))
    finding = next(finding for finding in found if finding.title == "T changed without rescaling")
    assert finding.fixes[0].label == "Scale β with T"
    assert titles(finding.fixes[0].spec)[0].endswith("good")


@pytest.mark.parametrize(
    ("spec", "title"),
    [
        (ScheduleSpec("constant"), "Dead steps"),
        (ScheduleSpec("linear_ct", 20), "Large steps too early"),
        (ScheduleSpec("jsd", 10), "Rough first step"),
        (ScheduleSpec("constant", 10, (("beta", 0.0),)), "No noise"),
        (ScheduleSpec("constant", 10, (("beta", 1.0),)), "Noise at once"),
        (ScheduleSpec("custom", points=((0.001, 9.0), (1.0, -5.0))), "Signal left at T"),
        (ScheduleSpec("custom", points=((0.001, 3.0), (1.0, -9.0))), "Rough first step"),
    ],
)
def test_each_flaw_is_named(spec: ScheduleSpec, title: str):
    assert title in titles(spec)


@pytest.mark.parametrize("num_timesteps", [1, 5, 20, 50, 100, 1000, 4000])
@pytest.mark.parametrize("kind", [kind for kind in SCHEDULE_KINDS if kind != "custom"])
def test_every_schedule_gets_a_remark_and_every_fix_takes_it_away(kind: str, num_timesteps: int):
    spec = ScheduleSpec(kind, num_timesteps)
    try:
        found = remarks(spec)
    except ScheduleError:
        assert (kind, num_timesteps < 20) == ("linear", True)
        return
    assert found
    for finding in found:
        assert finding.sentence.endswith(".")
        assert "-" not in finding.title
        assert len(finding.fixes) <= 2
        for fix in finding.fixes:
            assert finding.title not in titles(fix.spec)


def test_the_gravest_remark_comes_first():
    levels = [finding.level for finding in remarks(ScheduleSpec("constant", 5))]
    assert levels == ["bad", "warn"]


def test_zero_terminal_snr_says_what_the_network_must_predict():
    (finding,) = remarks(ScheduleSpec(zero_terminal_snr=True))
    assert finding.level == "good"
    assert "x₀ or v" in finding.sentence
