"""The time machine by hand: leave a run at any step, go from run to run, and see two of them on one time."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.engine.history import Run
from diffviz.engine.job import JobState
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import current_tokens
from diffviz.ui.workspaces.run_pictures import batch_pixels
from tests.ui.person import Person, pixels
from tests.ui.runs import current, run_to_the_end, wait_for_the_end, wait_until_still

STEPS = 10


@pytest.fixture(autouse=True)
def _reverse(window: MainWindow) -> None:
    sampler = SamplerSpec(num_sampling_steps=STEPS)
    window.session.update(workspace="reverse", exact_size=16, sampler=sampler)


def fork_at(window: MainWindow, person: Person, t: int, key: str = "f") -> Run:
    window.session.update(t=t)
    person.hold_no_control()
    person.key(key)
    return wait_for_the_end(window, person.qtbot)


def near(picture: QImage, spot: QPointF, role: str) -> bool:
    """Whether a colour of the theme is seen within two px of a place."""
    wanted = current_tokens().color(role).rgb()  # type: ignore[arg-type]
    x, y = round(spot.x()), round(spot.y())
    return any(picture.pixel(x + dx, y + dy) == wanted for dx in range(-2, 3) for dy in range(-2, 3))


def test_f_draws_other_noise_in_the_step_under_the_playhead_and_shares_all_before(
    window: MainWindow, person: Person
) -> None:
    first = run_to_the_end(window, person)
    fork = fork_at(window, person, 700)
    assert (fork.id, fork.parent, fork.fork_t) == ("B", first, 700)
    assert fork.steps[:3] == first.steps[:3]
    assert torch.equal(fork.own_steps[0].x_t, first.steps[3].x_t)
    assert not torch.equal(fork.own_steps[0].noise, first.steps[3].noise)
    assert torch.equal(fork.own_steps[1].noise, first.steps[4].noise)
    assert "forked from run A at t = 700" in window.reverse.bar.title.accessibleName()
    # The tree: a ring on A's line at 700, B's line in pink left of it, A's dotted.
    strip = window.reverse.timeline.filmstrip
    lane = strip._painter().branch_lane()
    picture = person.sees(strip)
    assert near(picture, QPointF(strip.axis.x(700) + 4, lane.y_of(0)), "model")
    assert near(picture, QPointF(strip.axis.x(300), lane.y_of(1)), "model")
    assert near(picture, QPointF(strip.axis.x(850), lane.y_of(0)), "model")
    assert not near(picture, QPointF(strip.axis.x(300), lane.y_of(0)), "model")
    # A fork above the fork leaves the run that made that step.
    other = fork_at(window, person, 900)
    assert (other.parent, other.fork_t) == (first, 900)


def test_a_fork_is_refused_in_words_where_nothing_would_differ(window: MainWindow, person: Person) -> None:
    person.key("f")
    assert window.status.message == "There is no run to fork yet."
    assert not window.reverse.forks.button.isEnabled()
    window.session.update(sampler=SamplerSpec(SamplerKind.DDIM, STEPS))
    run_to_the_end(window, person)
    person.hold_no_control()
    person.key("f")
    assert window.status.message.startswith("A run ends at t = 0")
    window.session.update(t=500)
    person.key("f")
    assert window.status.message.startswith("This step draws no noise")
    assert len(window.reverse.history.runs) == 1


def test_changed_settings_offer_a_fork_and_choosing_a_run_brings_its_own_back(
    window: MainWindow, person: Person
) -> None:
    first = run_to_the_end(window, person)
    window.session.update(t=500)
    block = window.reverse.panel.run_block
    assert not block.fork_button.isVisible()
    person.choose(window.reverse.panel.sampler, "DDIM")
    assert block.fork_button.isVisible()
    assert block.fork_button.text() == "Fork at t = 500"
    person.click(block.fork_button)
    second = wait_for_the_end(window, person.qtbot)
    assert second.parent is first
    assert second.request.sampler.kind is SamplerKind.DDIM
    assert second.own_steps[0].noise is None
    assert not block.fork_button.isVisible()
    field = window.reverse.tree.field
    assert field.isVisible()
    person.choose(field, "Run A")
    assert current(window) is first
    assert window.session.state.sampler == first.request.sampler
    assert block._note.isHidden()
    person.hold_no_control()
    person.key(Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert current(window) is second
    # On the line of A in the lane.
    strip = window.reverse.timeline.filmstrip
    lane = strip._painter().branch_lane()
    person.click(strip, strip.axis.x(200), lane.y_of(0))
    assert current(window) is first
    assert window.session.state.t != 200


def test_rerunning_a_branch_gives_the_same_pixels(window: MainWindow, person: Person) -> None:
    run_to_the_end(window, person)
    fork = fork_at(window, person, 400)
    person.click(window.reverse.panel.run_block.restart_button)
    person.qtbot.waitUntil(lambda: current(window) is not fork)
    again = wait_for_the_end(window, person.qtbot)
    assert again.request == fork.request
    assert again.parent is fork.parent
    for one, other in zip(fork.steps, again.steps, strict=True):
        assert torch.equal(one.x_s, other.x_s)


def test_a_run_left_half_way_goes_on_after_its_fork(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    for count in (1, 2, 3, 4):
        person.key(".")
        qtbot.waitUntil(lambda count=count: len(current(window).steps) >= count)
    first = current(window)
    assert wait_until_still(window, qtbot) == 4
    window.session.update(t=900)
    person.key("f")
    # Who goes by single steps does so in the fork, too.
    qtbot.waitUntil(lambda: current(window) is not first and len(current(window).own_steps) == 1)
    fork = current(window)
    assert wait_until_still(window, qtbot) == 2
    assert window.reverse.runner.state is JobState.PAUSED
    strip = window.reverse.timeline.filmstrip.strips[1]
    assert strip.unsampled_label == "not sampled yet, run A shown faintly"
    person.key(Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert current(window) is first
    assert window.reverse.panel.run_block.run_button.text() == "Resume"
    assert run_to_the_end(window, person) is first
    whole = first.steps
    assert len(whole) == STEPS
    # As if it had never been left.
    window.reverse.restart()
    qtbot.waitUntil(lambda: current(window) is not first)
    for one, other in zip(whole, wait_for_the_end(window, qtbot).steps, strict=True):
        assert torch.equal(one.x_s, other.x_s)
    assert not fork.complete


def test_the_menu_of_the_strip_says_what_is_possible_and_how_much_memory_runs_may_take(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    run_to_the_end(window, person)
    strip, menu = window.reverse.timeline.filmstrip, window.reverse.forks.menu
    spot = QPoint(round(strip.axis.x(600)), 60)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, strip.mapToGlobal(spot))
    QApplication.sendEvent(strip, event)
    assert window.session.state.t == 600
    qtbot.waitUntil(menu.isVisible)
    assert not menu.action_for("settings").isEnabled()
    assert menu.action_for("settings").toolTip() == "No setting has been changed yet."
    menu.action_for("noise").trigger()
    menu.close()
    fork = wait_for_the_end(window, qtbot)
    assert fork.fork_t == 600
    assert window.session.state.reverse_seed == fork.request.seed != 211
    assert not torch.equal(fork.own_steps[1].noise, fork.parent.steps[5].noise)
    budget = next(action for action in menu._budgets.actions() if action.text() == "128 MB")
    budget.trigger()
    assert window.reverse.history.budget_bytes == 128 * 2**20
    # Less than the runs take: the window says what it lets go.
    window.reverse.history.set_budget(60_000)
    assert window.status.message.startswith("Memory for runs is used up: run")


def test_two_runs_are_seen_side_by_side_over_each_other_and_as_their_difference(
    window: MainWindow, person: Person
) -> None:
    person.click(window.reverse.bar.modes.button("compare"))
    stage = window.reverse.columns
    assert stage.isVisible()
    assert "Make a second run" in stage.sentence.plain
    first = run_to_the_end(window, person)
    second = fork_at(window, person, 900)
    for t in (1000, 800, 0):
        window.session.update(t=t)
        frames = first.frame_at(t), second.frame_at(t)
        for view, frame in zip(stage.views, frames, strict=False):
            np.testing.assert_array_equal(pixels(view.picture), batch_pixels(frame).x_0)
        gap = np.abs(frames[0].pictures("x_0") - frames[1].pictures("x_0")).mean(-1)[0]
        bright = pixels(stage.views[2].picture).astype(int).sum(-1)
        assert (bright.argmax() == gap.argmax()) or not gap.any()
        assert (bright == bright.min()).all() == (not gap.any())
    assert stage.views[0].title_width() > 0
    window.session.update(t=1000)
    assert stage.sentence.plain == "Runs A and B are equal here, bit for bit."
    assert "Exact denoiser" in stage.captions[0].plain
    window.session.update(t=0)
    person.click(window.reverse._shows.button("x_t"))
    np.testing.assert_array_equal(pixels(stage.views[1].picture), batch_pixels(second.frame_at(0)).x_t)
    person.click(window.reverse.comparison.ways.button("over"))
    assert stage.overlay.isVisible()
    assert not stage.views[0].isVisible()
    window.session.update(sampler=replace(window.session.state.sampler, kind=SamplerKind.HEUN))
    third = run_to_the_end(window, person)
    person.choose(window.reverse.comparison.field, "Run B")
    assert window.reverse.comparison.other is second
    assert current(window) is third
    person.click(window.reverse.bar.modes.button("triptych"))
    assert window.reverse.stage.isVisible()
