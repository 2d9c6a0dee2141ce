"""The real window, one for each test, in folders of its own, gone without a trace afterwards."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QThread
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from diffviz.app import make_application, make_window
from diffviz.ui.commands import KeyGuard
from diffviz.ui.main_window import MainWindow
from diffviz.ui.theme import apply_theme
from tests.ui.person import Person

WIDTH, HEIGHT = 1440, 900


@pytest.fixture
def application(qapp: QApplication) -> Iterator[QApplication]:
    """The application as it starts, in dark colours and without movement."""
    font = qapp.font()
    made = make_application()
    apply_theme(made, "dark", reduce_motion=True)
    yield made
    made.setFont(font)


@pytest.fixture
def window(application: QApplication, qtbot: QtBot) -> Iterator[MainWindow]:
    """The window on the screen with the keyboard, as at the first start."""
    others = set(application.topLevelWidgets())
    window = make_window()
    window.resize(WIDTH, HEIGHT)
    with qtbot.waitActive(window, timeout=20_000):
        window.show()
        window.activateWindow()
    window.setFocus()
    guard = KeyGuard(application)
    yield window
    application.removeEventFilter(guard)
    guard.deleteLater()
    threads = window.findChildren(QThread)
    window.close()
    running = [thread for thread in threads if thread.isRunning()]
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    # pyqtgraph's menus have no parent and wait for the garbage collector.
    left = [w for w in application.topLevelWidgets() if w not in others and not isinstance(w, QMenu)]
    assert not running, f"threads outlived the window: {running}"
    assert not left, f"widgets outlived the window: {left}"


@pytest.fixture
def person(window: MainWindow, qtbot: QtBot) -> Person:
    """Somebody who uses the window."""
    return Person(window, qtbot)


@pytest.fixture
def run_program(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python code as a program of its own, with user folders of its own, and return how it ended."""

    def run(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"DIFFVIZ_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
        root = Path(__file__).parents[2]
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run
