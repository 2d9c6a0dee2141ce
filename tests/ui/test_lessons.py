"""Lessons in the real window: each one is played through, and what it claims is checked on the numbers."""

import pytest
from PySide6.QtCore import QCoreApplication, QRect, QSettings
from pytestqt.qtbot import QtBot

from diffviz.engine.lesson_facts import session_facts
from diffviz.engine.session import Workspace
from diffviz.paths import assets_dir
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person
from tests.ui.runs import wait_for_the_end

LESSONS = sorted(path.stem for path in (assets_dir() / "lessons").glob("*.toml"))
FAULTY = """\
format = 1
title = "Half"
summary = "A wrong claim."

[[steps]]
title = "Half of it"
text = "It is {half}."
claims = [
  "half == 260",
  "half == 261",
]
[steps.numbers]
half = "first(alphas_cumprod <= 0.5)"
"""


def card_place(window: MainWindow) -> QRect:
    return window.lessons.card.geometry()


def settled(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the rings are where their controls are, and the card where they leave room."""
    guide = window.lessons
    names = guide.step.controls
    qtbot.waitUntil(lambda: len(guide.spotlight.places()) == len(names))
    qtbot.waitUntil(lambda: not any(card_place(window).intersects(p) for p in guide.spotlight.places()))
    QCoreApplication.processEvents()


def claims_hold(window: MainWindow) -> None:
    """Whether everything claimed is true of what the window shows now."""
    guide = window.lessons
    facts = {**session_facts(window.session.state), **guide.run_numbers()}
    broken = guide.step.broken_claim(facts)
    assert broken is None, f"{guide.lesson and guide.lesson.key}: {broken}"


def make_run(window: MainWindow, person: Person, qtbot: QtBot) -> None:
    """Press the button of the card and wait for what it began."""
    before = window.reverse.history.current
    person.click(window.lessons.card.command_button)
    if window.session.state.workspace is Workspace.TRAIN:
        qtbot.waitUntil(lambda: window.train.trainer.log is not None and len(window.train.trainer.log) > 2)
        window.train.stop()
        qtbot.waitUntil(lambda: not window.train.trainer.state.is_active)
        return
    qtbot.waitUntil(lambda: window.reverse.history.current is not before)
    slip = window.lessons.step.command.removeprefix("run.")
    if slip != window.lessons.step.command:
        qtbot.waitUntil(lambda: window.reverse.history.runs[-1].request.slip == slip)
    wait_for_the_end(window, qtbot)
    assert window.lessons.run_numbers()
    claims_hold(window)


@pytest.mark.parametrize("key", LESSONS)
def test_a_lesson_is_played_through_and_every_claim_is_true_of_the_numbers(
    window: MainWindow, person: Person, qtbot: QtBot, key: str
) -> None:
    window.session.update(t=123, seed=99)
    own, could_undo = window.session.state, window.session.can_undo
    guide, card = window.lessons, window.lessons.card
    guide.begin(key)
    assert not window.message_bar.messages
    assert guide.lesson is not None
    for place, step in enumerate(guide.lesson.steps):
        settled(window, qtbot)
        claims_hold(window)
        assert card.view is not None
        assert card.view.place == place
        if step.command.startswith("run"):
            make_run(window, person, qtbot)
        if step.question is not None:
            assert card.view.is_open
            if step.goal is not None:
                assert not step.goal.holds(step.evaluated(session_facts(window.session.state)))
                person.click(card.next_button)
                assert step.goal.holds(step.evaluated(session_facts(window.session.state)))
            elif step.choices:
                assert step.correct is not None
                person.click(card.body.choices[step.correct - 1])
                assert "Right." in card.plain
            assert not card.view.is_open
        assert "…" not in card.plain.replace("1 … T", ""), card.plain
        assert "{" not in card.plain
        person.click(card.next_button)
    assert not guide.is_on
    assert card.isHidden()
    assert window.session.state == own
    assert window.session.can_undo is could_undo
    assert key in str(QSettings().value("lessons_done"))
