"""Reverse runs by hand: run, pause, step, scrub, restart; what is shown is what was computed."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerSpec
from diffviz.core.schedules import ScheduleSpec
from diffviz.data.images import to_uint8
from diffviz.engine.history import Run
from diffviz.engine.job import JobState
from diffviz.ui.main_window import MainWindow
from diffviz.ui.workspaces.run_pictures import batch_pixels
from tests.ui.person import Person, pixels, write_picture
from tests.ui.runs import current, run_to_the_end, wait_for_the_end, wait_until_still

STEPS = 8


@pytest.fixture(autouse=True)
def _reverse(window: MainWindow) -> None:
    """Few steps of an exact denoiser of small pictures: a run takes a moment."""
    sampler = SamplerSpec(num_sampling_steps=STEPS)
    window.session.update(workspace="reverse", exact_size=16, sampler=sampler)


def finals(run: Run) -> np.ndarray:
    return run.steps[-1].x_s.numpy()


def test_a_run_goes_from_noise_to_a_picture_and_says_so(window: MainWindow, person: Person) -> None:
    run = run_to_the_end(window, person)
    assert window.session.state.t == 0
    assert len(run.steps) == STEPS
    assert window.status.message == f"Run A reached the image in {STEPS} steps"
    stage = window.reverse.stage
    final = to_uint8(np.moveaxis(run.steps[-1].x_s[0].float().numpy(), 0, -1))
    np.testing.assert_array_equal(pixels(stage.x_t.picture), final)
    at_hand = to_uint8(window.images.picture_set(16).images)
    nearest = np.abs(at_hand.astype(int) - final.astype(int)).max(axis=(1, 2, 3)).min()
    assert nearest <= 1, "the exact denoiser ends on one of its pictures"
    assert not window.message_bar.messages


def test_every_finished_step_can_be_scrubbed_and_shows_its_own_three_pictures(
    window: MainWindow, person: Person
) -> None:
    run = run_to_the_end(window, person)
    stage = window.reverse.stage
    for t in (*run.times(), run.times()[2]):
        strip = window.reverse.timeline.filmstrip
        person.click(strip, strip.axis.x(t), 60)
        frame = run.frame_at(window.session.state.t)
        assert frame is not None
        assert frame.t == t
        expected = batch_pixels(frame)
        np.testing.assert_array_equal(pixels(stage.x_t.picture), expected.x_t)
        np.testing.assert_array_equal(pixels(stage.x_0.picture), expected.x_0)
        np.testing.assert_array_equal(pixels(stage.noise.picture), expected.noise)
        assert f"t = {t}" in stage.x_t.accessibleName()


def test_the_coefficients_shown_are_those_that_made_the_next_step(window: MainWindow, person: Person) -> None:
    run = run_to_the_end(window, person)
    step = run.steps[3]
    window.session.update(t=step.t)
    c = step.coefficients
    made = c.pred_x_0 * step.pred_x_0 + c.x_t * step.x_t + c.pred_noise * step.pred_noise
    torch.testing.assert_close(made + c.noise * step.noise, step.x_s, atol=1e-5, rtol=1e-5)
    words = window.reverse.formula.line.plain
    assert f"{c.pred_x_0:.3f}" in words
    assert f"{c.noise:.3f}" in words
    assert not run.steps[-1].coefficients.noise
    window.session.update(t=0)
    assert window.reverse.formula.line.plain.endswith("x0 = 1.000 x̂0"), "the last step gives x̂_0 itself"


def test_every_frame_says_which_denoiser_made_it(window: MainWindow, person: Person) -> None:
    run_to_the_end(window, person)
    badge = window.reverse.stage.badge
    assert badge.isVisible()
    assert badge.plain == "Exact denoiser · 8 pictures"
    assert "Run A" in window.reverse.bar.title.accessibleName()


def test_single_steps_forward_and_back_keep_what_was_computed(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    for count in (1, 2, 3):
        person.key(".")
        qtbot.waitUntil(lambda count=count: bool(window.reverse.history.current.steps[count - 1 : count]))
        assert len(current(window).steps) == count
    run = current(window)
    assert window.reverse.runner.state is JobState.PAUSED
    assert window.session.state.t == run.steps[2].t
    person.key(",")
    assert window.session.state.t == run.steps[1].t
    person.click(window.reverse.panel.run_block.back_button)
    assert window.session.state.t == run.steps[0].t == 1000
    np.testing.assert_array_equal(
        pixels(window.reverse.stage.x_t.picture), batch_pixels(run.frame_at(1000)).x_t
    )
    assert len(run.steps) == 3
    person.click(window.reverse.panel.run_block.step_button)
    qtbot.waitUntil(lambda: len(run.steps) == 4)
    qtbot.waitUntil(lambda: window.session.state.t == run.steps[3].t)


def test_space_runs_pauses_and_resumes_the_same_run(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    window.session.update(sampler=SamplerSpec(num_sampling_steps=1000), exact_size=64)
    block = window.reverse.panel.run_block
    assert block.run_button.text() == "Run"
    person.key(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(current(window).steps) > 3, timeout=20_000)
    assert block.run_button.text() == "Pause"
    person.key(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.reverse.runner.state is JobState.PAUSED)
    assert block.run_button.text() == "Resume"
    run = current(window)
    # A step that is asked for once nothing is under way comes alone.
    reached = wait_until_still(window, qtbot)
    person.key(".")
    qtbot.waitUntil(lambda: len(run.steps) > reached)
    assert wait_until_still(window, qtbot) == reached + 1
    assert not run.complete
    person.key(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(run.steps) > reached + 5)
    assert current(window) is run


def test_restarting_gives_the_same_pixels_at_every_step(window: MainWindow, person: Person) -> None:
    first = run_to_the_end(window, person)
    person.click(window.reverse.panel.run_block.restart_button)
    person.qtbot.waitUntil(lambda: current(window) is not first)
    second = wait_for_the_end(window, person.qtbot)
    assert second.id == "B"
    for one, other in zip(first.steps, second.steps, strict=True):
        assert torch.equal(one.x_t, other.x_t)
        assert torch.equal(one.x_s, other.x_s)


def test_another_seed_takes_another_way(window: MainWindow, person: Person) -> None:
    first = run_to_the_end(window, person)
    person.set_number(window.reverse.panel.seed, "212")
    person.hold_no_control()
    second = run_to_the_end(window, person)
    assert not torch.equal(first.steps[0].x_t, second.steps[0].x_t)


def test_several_samples_come_as_one_grid_and_each_is_what_it_would_be_alone(
    window: MainWindow, person: Person
) -> None:
    alone = run_to_the_end(window, person)
    person.set_number(window.reverse.panel.samples, "4")
    together = run_to_the_end(window, person)
    assert together.steps[0].x_t.shape == (4, 3, 16, 16)
    np.testing.assert_allclose(finals(together)[0], finals(alone)[0], atol=1e-6)
    width, height = window.reverse.stage.x_0.picture_size
    assert width >= 32
    assert height >= 32


def test_cancelling_keeps_the_steps_that_were_made_and_a_new_run_can_begin(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    window.session.update(sampler=SamplerSpec(num_sampling_steps=1000), exact_size=64)
    person.key("r")
    qtbot.waitUntil(lambda: len(current(window).steps) > 2, timeout=20_000)
    run_command(window, person, "Stop the run")
    qtbot.waitUntil(lambda: window.reverse.runner.state is JobState.IDLE)
    run = current(window)
    made = len(run.steps)
    assert made > 2
    assert not run.complete
    window.session.update(t=run.steps[1].t)
    assert window.reverse.stage.x_0.picture is not None
    # It can be gone on with; other settings make another run.
    assert window.reverse.panel.run_block.run_button.text() == "Resume"
    window.session.update(sampler=SamplerSpec(num_sampling_steps=4))
    assert run_to_the_end(window, person) is not run
    assert len(run.steps) == made


def test_cancelling_a_paused_run_ends_it(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    person.key(".")
    qtbot.waitUntil(lambda: len(current(window).steps) == 1)
    run_command(window, person, "Stop the run")
    qtbot.waitUntil(lambda: window.reverse.runner.state is JobState.IDLE)
    assert len(current(window).steps) == 1


def run_command(window: MainWindow, person: Person, title: str) -> None:
    """Find a command in the palette and run it."""
    person.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    person.type(title)
    assert window.palette_popup.titles()[0] == title
    person.key(Qt.Key.Key_Return)


def test_a_run_goes_on_behind_another_workspace_and_leaves_its_playhead_alone(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    person.click(window.reverse.panel.run_block.run_button)
    person.click(window.header.workspaces.button("forward"))
    window.session.update(t=420)
    wait_for_the_end(window, qtbot)
    assert window.session.state.t == 420
    person.click(window.header.workspaces.button("reverse"))
    assert len(current(window).steps) == STEPS
    window.session.update(t=0)
    assert window.reverse.stage.x_t.picture is not None


def test_scrubbing_while_it_runs_looks_back_and_the_run_goes_on(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    window.session.update(sampler=SamplerSpec(num_sampling_steps=60), exact_size=64)
    person.key(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(current(window).steps) > 3, timeout=20_000)
    strip = window.reverse.timeline.filmstrip
    person.click(strip, strip.axis.x(1000), 60)
    run = wait_for_the_end(window, qtbot)
    assert window.session.state.t == 1000
    frame = run.frame_at(1000)
    np.testing.assert_array_equal(pixels(window.reverse.stage.x_t.picture), batch_pixels(frame).x_t)


def test_a_finished_run_is_played_by_space(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    run_to_the_end(window, person)
    person.hold_no_control()
    person.key(Qt.Key.Key_Space)
    assert window.reverse.timeline.is_playing
    qtbot.waitUntil(lambda: 0 < window.session.state.t < 1000)
    person.key(Qt.Key.Key_Space)
    assert not window.reverse.timeline.is_playing


def test_the_reverse_strip_shows_what_is_chosen(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    run_to_the_end(window, person)
    seen = []
    strip = window.reverse.timeline.filmstrip
    rows = strip.layout_heights.strip_rect(1, strip.width()).toRect()
    for shows in ("x_t", "x_0", "noise"):
        person.click(window.reverse._shows.button(shows))
        assert window.session.state.reverse_shows == shows
        qtbot.waitUntil(lambda: not window.reverse.strips._filling.isActive())
        seen.append(pixels(person.sees(strip))[rows.top() : rows.bottom()])
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])


def test_restarting_in_the_middle_ends_the_old_run_and_begins_a_new_one(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    window.session.update(sampler=SamplerSpec(num_sampling_steps=300), exact_size=32)
    person.key("r")
    qtbot.waitUntil(lambda: len(current(window).steps) > 3, timeout=20_000)
    first = current(window)
    for _ in range(3):
        person.click(window.reverse.panel.run_block.restart_button)
    last = wait_for_the_end(window, qtbot)
    assert not first.complete
    assert len(last.steps) == 300
    assert torch.equal(last.steps[0].x_t, first.steps[0].x_t)
    assert not window.message_bar.messages


def test_another_schedule_during_a_run_breaks_nothing_and_counts_for_the_next(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    for _ in range(2):
        person.key(".")
    qtbot.waitUntil(lambda: len(current(window).steps) >= 1)
    long = current(window)
    window.session.update(schedule=ScheduleSpec("cosine", 20))
    assert window.session.state.t == 20
    assert window.reverse.timeline.filmstrip.axis.num_timesteps == 20
    window.session.update(t=7)
    person.sees(window.reverse.timeline)
    short = run_to_the_end(window, person)
    assert short is not long
    assert short.steps[0].t == 20
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.num_timesteps == 1000
    window.session.update(t=0)
    assert window.reverse.stage.x_t.picture is not None


def test_opening_a_picture_during_a_run_lets_it_end_and_is_known_to_the_next(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path
) -> None:
    window.session.update(sampler=SamplerSpec(num_sampling_steps=60), exact_size=32)
    person.key("r")
    qtbot.waitUntil(lambda: len(current(window).steps) > 2, timeout=20_000)
    path = write_picture(tmp_path / "waves.png")
    person.drop([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    first = wait_for_the_end(window, qtbot)
    assert first.context.info.detail == "Exact denoiser · 8 pictures"
    second = run_to_the_end(window, person)
    assert second.context.info.detail == "Exact denoiser · 9 pictures"


def test_a_playhead_that_is_moved_at_the_end_of_a_run_stays_where_it_was_put(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    run = run_to_the_end(window, person)
    driver = window.reverse.driver
    # The last news may still wait to be drawn, and draws nothing new.
    with qtbot.waitSignal(driver.progressed, timeout=5_000):
        window.session.update(t=run.steps[1].t)
        driver._pace.want()
    assert window.session.state.t == run.steps[1].t
