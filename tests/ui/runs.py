"""Reverse runs as a person starts them and waits for them."""

from pytestqt.qtbot import QtBot

from diffviz.engine.history import Run
from diffviz.engine.job import JobState
from diffviz.ui.main_window import MainWindow
from tests.ui.person import Person


def current(window: MainWindow) -> Run:
    run = window.reverse.history.current
    assert run is not None
    return run


def run_to_the_end(window: MainWindow, person: Person) -> Run:
    person.click(window.reverse.panel.run_block.run_button)
    return wait_for_the_end(window, person.qtbot)


def wait_for_the_end(window: MainWindow, qtbot: QtBot) -> Run:
    qtbot.waitUntil(
        lambda: current(window).complete and window.reverse.runner.state is JobState.IDLE, timeout=60_000
    )
    return current(window)


def wait_until_still(window: MainWindow, qtbot: QtBot) -> int:
    """Wait until a paused run has delivered the step that was under way; returns how many steps it has."""
    qtbot.waitUntil(lambda: window.reverse.runner.is_at_rest, timeout=20_000)
    return len(current(window).steps)
