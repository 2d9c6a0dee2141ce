"""Lessons in the real window: each one is played through, and what it claims is checked on the numbers."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QRect, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diffviz.engine.lesson_facts import session_facts
from diffviz.engine.session import Workspace
from diffviz.paths import assets_dir
from diffviz.ui.lesson_controls import lesson_controls
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person
from tests.ui.program import PROGRAM
from tests.ui.runs import wait_for_the_end
from tests.ui.test_looks import lines_cut

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


def test_leaving_brings_back_the_own_state_and_all_that_could_be_undone(
    window: MainWindow, person: Person
) -> None:
    window.session.update(seed=1)
    window.session.update(seed=2)
    window.forward.set_mode("single")
    own = window.session.state
    window.lessons.begin("extremes")
    assert window.session.state.schedule.kind == "constant"
    assert not window.session.can_undo
    window.session.update(seed=3)
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.seed != 3
    person.key(Qt.Key.Key_Escape)
    assert not window.lessons.is_on
    assert window.session.state == own
    assert window.forward.bar.modes.current == "single"
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.seed == 1


def test_what_is_asked_for_is_recognised_while_the_playhead_moves(window: MainWindow, person: Person) -> None:
    window.lessons.begin("forward")
    person.key(Qt.Key.Key_PageDown)
    card, strip = window.lessons.card, window.forward.timeline.filmstrip
    person.click(strip, strip.axis.x(256), 60)
    assert window.session.state.t < 260
    assert card.view is not None
    while window.session.state.t < 260:
        assert card.view.is_open
        person.key(Qt.Key.Key_Right)
    assert window.session.state.t == 260
    assert card.view is not None
    assert card.view.is_found
    assert card.plain.count("Found.") == 1


def test_lessons_are_listed_chosen_answered_and_left_by_keyboard_alone(
    window: MainWindow, person: Person
) -> None:
    person.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    guide = window.lessons
    assert guide.list.isVisible()
    assert len(guide.list.rows) == len(LESSONS)
    person.key(Qt.Key.Key_Down)
    person.key(Qt.Key.Key_Return)
    assert not guide.list.isVisible()
    assert guide.lesson is not None
    assert guide.lesson.key == "cosine"
    person.hold_no_control()
    person.key(Qt.Key.Key_PageDown)
    person.key("1")
    assert "Not quite." in guide.card.plain
    person.key(Qt.Key.Key_PageUp)
    assert guide.card.view is not None
    assert guide.card.view.place == 0
    person.key(Qt.Key.Key_Escape)
    assert not guide.is_on


def test_the_card_covers_nothing_that_it_speaks_of_in_the_smallest_window(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(1100, 700)
    guide = window.lessons
    for key in ("forward", "samplers", "posterior"):
        guide.begin(key)
        assert guide.lesson is not None
        for _ in guide.lesson.steps:
            settled(window, qtbot)
            assert window.rect().contains(card_place(window))
            guide.answer()
            settled(window, qtbot)
            guide.go_on()


def test_a_lesson_file_that_is_dropped_begins(window: MainWindow, person: Person, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(FAULTY.replace('  "half == 261",\n', ""), encoding="utf-8")
    person.drop([file])
    assert window.lessons.is_on
    assert "It is 260." in window.lessons.card.plain
    assert [lesson.key for lesson in window.lessons.lessons()][-1] == "mine"


def test_a_faulty_lesson_is_refused_with_its_line_and_nothing_changes(
    window: MainWindow, person: Person, tmp_path: Path
) -> None:
    before = window.session.state
    file = tmp_path / "wrong.toml"
    file.write_text(FAULTY, encoding="utf-8")
    window.open_files([file])
    message = window.message_bar.messages[0]
    assert "line 10: `half == 261` is not true with these settings." in f"{message}"
    assert not window.lessons.is_on
    assert window.session.state == before
    assert person.sees(window) is not None


def test_teachers_find_every_control_in_the_documentation(window: MainWindow) -> None:
    words = (Path(__file__).parents[2] / "docs" / "lessons.md").read_text(encoding="utf-8")
    assert not [name for name in lesson_controls(window) if f"`{name}`" not in words]


def test_a_lesson_named_on_the_command_line_begins_and_the_first_card_stays_away(
    run_program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(FAULTY.replace('  "half == 261",\n', ""), encoding="utf-8")
    look = """
def look(window, notes):
    card = window.lessons.card
    notes.update(words=card.plain, seen=card.isVisible(), hint=window.hint.isVisible())
    return notes["seen"] and card.width() > 100

run(look, sys.argv[1:])
"""
    ended = run_program(PROGRAM + look, file)
    assert ended.returncode == 0, ended.stderr
    notes = json.loads(ended.stdout)
    assert notes["seen"]
    assert not notes["hint"]
    assert "It is 260." in notes["words"]


def test_with_large_text_in_a_small_window_a_card_keeps_its_title_and_its_buttons(
    window: MainWindow, application: QApplication, qtbot: QtBot
) -> None:
    font = application.font()
    font.setPointSizeF(2 * font.pointSizeF())
    application.setFont(font)
    window.toggle_theme()
    window.resize(1100, 700)
    window.lessons.begin("mistakes")
    card = window.lessons.card

    def is_whole() -> bool:
        buttons = [button for button in (card.next_button, card.command_button) if button.isVisible()]
        has_room = all(button.height() >= button.minimumSizeHint().height() for button in buttons)
        return len(buttons) == 2 and has_room and not lines_cut(card.title) and card.text_height > 60

    qtbot.waitUntil(is_whole)
    assert window.rect().contains(card.geometry())
