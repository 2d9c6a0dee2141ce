"""Runs and their steps, by t and by number, within a budget."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffviz.core.samplers import ReverseStep, SamplerSpec, StepCoefficients
from diffviz.core.schedules import ScheduleSpec
from diffviz.engine.history import Run, RunHistory
from diffviz.engine.request import ReverseContext, ReverseRequest

REQUEST = ReverseRequest(ScheduleSpec(), SamplerSpec())
SHAPE = (1, 3, 4, 4)
PICTURE_BYTES = 4 * math.prod(SHAPE)


def make_steps(times, value=lambda t: t / 1000.0):
    """Steps whose pictures tell their time, sharing x_s with the next x_t as a sampler does."""
    x_t = torch.full(SHAPE, value(times[0]))
    for index, (t, s) in enumerate(zip(times, (*times[1:], 0), strict=True)):
        x_s = torch.full(SHAPE, value(s))
        prediction, noise = torch.full(SHAPE, value(t) / 2.0), torch.full(SHAPE, -value(t))
        yield ReverseStep(index, len(times), t, s, x_t, prediction, noise, None, x_s, StepCoefficients())
        x_t = x_s


def make_run(times, count=None):
    run = Run("A", REQUEST)
    for step in list(make_steps(times))[:count]:
        run.append(step)
    return run


def context(guide=None):
    return ReverseContext(REQUEST, None, SHAPE[1:], (1000, 500), guide)


def test_a_new_run_has_nothing_to_show():
    run = Run("A", REQUEST)
    assert run.frame_at(500) is None
    assert run.last is None
    assert run.reached_t is None
    assert not run.complete
    assert run.times() == ()


def test_a_step_is_found_by_its_number():
    run = make_run((1000, 600, 200), 2)
    assert run.step_with_index(1).t == 600
    assert run.step_with_index(2) is None


def test_a_frame_is_the_nearest_sampled_time():
    run = make_run((1000, 600, 200))
    assert [run.frame_at(t).t for t in (1000, 801, 800, 799, 600, 250, 101, 100, 99, 0)] == [
        1000,
        1000,
        1000,
        600,
        600,
        200,
        200,
        200,
        0,
        0,
    ]


def test_the_end_of_a_run_shows_what_the_last_step_made():
    run = make_run((1000, 600, 200))
    frame = run.frame_at(0)
    assert frame.is_end
    assert frame.x_t is run.last.x_s
    assert frame.pred_x_0 is run.last.pred_x_0


def test_times_that_a_run_has_not_reached_have_no_frame():
    run = make_run((1000, 600, 200), 1)
    assert run.reached_t == 600
    assert run.frame_at(600).t == 1000
    assert run.frame_at(599) is None


def test_times_before_the_start_of_a_run_have_no_frame():
    run = make_run((600, 200))
    assert run.frame_at(601) is None
    assert run.frame_at(600).t == 600


@given(
    st.sets(st.integers(1, 1000), min_size=1, max_size=40).map(lambda times: sorted(times, reverse=True)),
    st.integers(0, 1000),
    st.integers(1, 40),
)
def test_no_sampled_time_is_nearer_than_the_one_shown(times, t, count):
    run = make_run(times, count)
    frame = run.frame_at(t)
    if frame is None:
        assert t > times[0] or t < run.reached_t
    else:
        assert abs(frame.t - t) == min(abs(time - t) for time in run.times())
        assert frame.x_t[0, 0, 0, 0] == pytest.approx(frame.t / 1000.0)


def test_frames_give_pictures_with_channels_last():
    frame = make_run((1000,)).frame_at(1000)
    assert frame.shown("x_0").shape == (4, 4, 3)
    assert frame.pictures("noise").shape == (1, 4, 4, 3)
    assert frame.shown("x_0")[0, 0, 0] == 0.5
    assert frame.shown("noise").dtype == np.float32


def test_a_step_that_does_not_follow_is_refused():
    run = make_run((1000, 600), 1)
    with pytest.raises(ValueError, match="cannot follow"):
        run.append(next(make_steps((900,))))


def test_psnr_is_measured_against_the_picture_that_the_run_started_from():
    run = make_run((1000, 500))
    assert run.psnr() == ()
    run.context = context(guide=np.zeros((4, 4, 3), np.float32))
    values = dict(run.psnr("x_0"))
    assert list(values) == [1000, 500, 0]
    assert values[1000] == pytest.approx(20 * math.log10(2 / 0.5))
    assert dict(run.psnr("x_t"))[0] == math.inf


def test_runs_are_named_in_order():
    history = RunHistory()
    names = [history.begin(REQUEST).id for _ in range(28)]
    assert [*names[:3], *names[25:]] == ["A", "B", "C", "Z", "AA", "AB"]
    assert history.current.id == "AB"
    assert history.find("B").id == "B"


def test_a_finished_run_can_be_looked_at_again(qtbot):
    history = RunHistory()
    first, _ = history.begin(REQUEST), history.begin(REQUEST)
    with qtbot.waitSignal(history.changed):
        history.select(first)
    assert history.current is first
    history.clear()
    assert history.current is None
    with pytest.raises(ValueError, match="not in the history"):
        history.select(first)


def test_pictures_that_two_steps_share_count_once():
    run = make_run((1000, 600, 200))
    # x_T, and for each step x̂_0, ε̂ and x_s.
    assert run.nbytes == (1 + 3 * 3) * PICTURE_BYTES


def test_views_hear_of_each_step(qtbot):
    history = RunHistory()
    run = history.begin(REQUEST)
    with qtbot.waitSignal(history.appended) as blocker:
        history.append(run, next(make_steps((1000,))))
    assert blocker.args == [run]
    with qtbot.waitSignal(history.changed):
        history.set_context(run, context())


def fill(history, num_steps=40):
    run = history.begin(REQUEST)
    for step in make_steps(tuple(range(1000, 0, -1000 // num_steps))):
        history.append(run, step)
    return run


@pytest.fixture
def notes():
    return []


@pytest.fixture
def small_history(notes):
    history = RunHistory(budget_bytes=200 * PICTURE_BYTES)
    history.noted.connect(notes.append)
    return history


def test_the_budget_is_kept(small_history):
    for _ in range(12):
        fill(small_history)
        assert small_history.nbytes <= small_history.budget_bytes


def test_within_the_budget_nothing_is_let_go(small_history, notes):
    run = fill(small_history)
    assert not run.compact
    assert run.last.pred_x_0.dtype == torch.float32
    assert notes == []


def test_older_runs_lose_precision_of_display_before_they_lose_steps(small_history, notes):
    first, second = fill(small_history), fill(small_history)
    assert first.compact
    assert len(first.steps) == 40
    assert first.last.pred_x_0.dtype == torch.float16
    assert first.last.x_t.dtype == torch.float32
    assert not second.thinned
    assert notes == []


def test_older_runs_lose_steps_before_they_are_dropped_and_the_person_is_told(small_history, notes):
    first, second, third = (fill(small_history) for _ in range(3))
    assert small_history.runs == (first, second, third)
    assert first.thinned
    assert len(first.steps) < 40
    assert len(third.steps) == 40
    assert notes == ["Memory for runs is used up: run A keeps every second step."]


def test_the_oldest_run_is_dropped_in_the_end_and_the_person_is_told(small_history, notes):
    for _ in range(12):
        newest = fill(small_history)
    assert small_history.find("A") is None
    assert small_history.current is newest
    assert "Memory for runs is used up: run A was let go." in notes


def test_a_thinned_run_keeps_its_ends_and_finds_frames():
    run = make_run(tuple(range(1000, 0, -50)))
    assert run.thin()
    assert (run.steps[0].t, run.last.s) == (1000, 0)
    assert [step.t for step in run.steps] == [*range(1000, 0, -100), 50]
    assert run.frame_at(940).t == 900
    assert run.complete


def test_the_current_run_pays_last_and_is_never_dropped(small_history, notes):
    run = fill(small_history, num_steps=500)
    assert small_history.runs == (run,)
    assert run.thinned
    assert run.complete
    assert small_history.nbytes <= small_history.budget_bytes
    assert notes == ["Memory for runs is used up: run A keeps fewer of its older steps."]


def test_a_single_step_that_is_larger_than_the_budget_is_kept():
    history = RunHistory(budget_bytes=10)
    run = history.begin(REQUEST)
    for step in make_steps((1000, 500)):
        history.append(run, step)
    assert len(run.steps) == 2


def test_what_a_run_is_compared_with_is_let_go_after_all_others():
    history = RunHistory()
    other, sane = fill(history), fill(history)
    broken = fill(history)
    broken.beside = sane
    history.set_budget(1)
    assert history.runs == (sane, broken)
    assert history.find(other.id) is None


def test_contenders_of_one_race_are_let_go_after_all_others():
    history = RunHistory()
    runs = [fill(history) for _ in range(4)]
    for run in runs[1:]:
        run.race = 1
    history.set_budget(1)
    assert history.runs == tuple(runs[1:])
