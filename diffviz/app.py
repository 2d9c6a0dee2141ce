"""Composition root of the window: builds the parts, shows them, and loads torch behind the first picture."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import cast

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from diffviz.engine.courtesy import multiply_in_one_thread
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.session import Session
from diffviz.paths import user_config_dir
from diffviz.ui.commands import KeyGuard
from diffviz.ui.failures import FailureReporter
from diffviz.ui.main_window import MainWindow
from diffviz.ui.open_requests import OpenRequests
from diffviz.ui.theme import Scheme, application_icon, apply_theme

_SWITCH_INTERVAL_S = 0.0005
_SCHEMES = ("dark", "light", "system")


def make_application() -> QApplication:
    """Return the application object with its name, settings, icon and look."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    # A sampler's thread would hold the interpreter for 5 ms at a time, a third of a frame.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    multiply_in_one_thread()
    app.setApplicationName("diffviz")
    app.setOrganizationName("diffviz")
    app.setDesktopFileName("diffviz")
    try:
        app.setApplicationVersion(version("diffviz"))
    except PackageNotFoundError:
        app.setApplicationVersion("0")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(user_config_dir()))
    settings = QSettings()
    stored = str(settings.value("theme", "system"))
    scheme = cast("Scheme", stored if stored in _SCHEMES else "system")
    apply_theme(app, scheme, settings.value("reduce_motion", False, type=bool) is True)
    app.setWindowIcon(application_icon())
    return app


def make_window() -> MainWindow:
    """Return the window with a session of its own, not shown yet."""
    images = ImageStore()
    shelf = DenoiserShelf(images)
    session = Session(num_classes=shelf.num_classes)
    window = MainWindow(session, images, shelf)
    images.setParent(window)
    session.setParent(window)
    return window


def main(files: Sequence[str | Path] = ()) -> int:
    """
    Open the window, with pictures, and run until it is closed.

    Parameters
    ----------
    files
        Picture files to open.

    Returns
    -------
    int
        Exit status.
    """
    app = make_application()
    reporter = FailureReporter(app)
    reporter.install()
    window = make_window()
    if files:
        window.open_files([Path(file) for file in files])
    window.show()
    KeyGuard(app)
    # Elsewhere files come on the command line, and a filter costs every event of the program a little.
    if sys.platform == "darwin":
        OpenRequests(app, window.open_files)
    # No control has the keyboard at first: its ring would be the brightest thing in the window.
    window.setFocus()
    settings = QSettings()
    if not settings.contains("hint_shown"):
        settings.setValue("hint_shown", True)
        QTimer.singleShot(0, window, window.show_hint)
    # Behind the first picture: importing torch takes about two seconds.
    QTimer.singleShot(120, window, window.preload_torch)
    try:
        return app.exec()
    finally:
        reporter.uninstall()
