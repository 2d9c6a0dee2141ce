"""Files that the desktop asks a running program to open, as macOS does for double clicks and the Dock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication
from typing_extensions import override


class OpenRequests(QObject):
    """
    Hands each file that the desktop asks for to the window.

    Parameters
    ----------
    app
        The application, to which such requests come and which owns this object.
    open_files
        What opens pictures.
    """

    def __init__(self, app: QApplication, open_files: Callable[[list[Path]], None]) -> None:
        super().__init__(app)
        self._open_files = open_files
        app.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self._open_files([Path(event.file())])
            return True
        return False
