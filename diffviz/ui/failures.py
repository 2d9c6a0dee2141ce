"""Errors that nobody caught: logged, and shown to the person once, without taking the window down."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QMessageBox

from diffviz.paths import user_log_dir

_LOG = logging.getLogger("diffviz")
_LOG_BYTES = 500_000


class FailureReporter(QObject):
    """
    Takes exceptions from every thread, logs them and shows one dialog at a time.

    Signals
    -------
    reported(str, str)
        A sentence and the traceback of a failure; delivered on the thread of the window.
    """

    reported = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_showing = False
        self._fault_file: TextIO | None = None
        # Queued even from the window's own thread: a dialog must not open in the middle of a paint event.
        self.reported.connect(self._on_reported, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Hook the interpreter, its threads and the fault handler; the log goes to the user's folder."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        folder = user_log_dir()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(folder / "diffviz.log", maxBytes=_LOG_BYTES, backupCount=2)
            self._fault_file = (folder / "fault.log").open("a", encoding="utf-8")
        except OSError:
            # A home folder that cannot be written must not keep the window from opening.
            return
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        _LOG.addHandler(handler)
        faulthandler.enable(self._fault_file)

    def uninstall(self) -> None:
        """Give the hooks back and close the log files."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        for handler in list(_LOG.handlers):
            _LOG.removeHandler(handler)
            handler.close()
        if self._fault_file is not None:
            faulthandler.disable()
            self._fault_file.close()
            self._fault_file = None

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        _LOG.error("%s", details)
        self.reported.emit(f"{kind.__name__}: {error}" if str(error) else kind.__name__, details)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    @Slot(str, str)
    def _on_reported(self, sentence: str, details: str) -> None:
        if self._is_showing:
            return
        self._is_showing = True
        try:
            box = QMessageBox(QApplication.activeWindow())
            box.setIcon(QMessageBox.Icon.Warning)
            box.setWindowTitle("Something went wrong")
            box.setText("Something went wrong inside diffviz. Your picture and settings are still there.")
            box.setInformativeText(f"{sentence}\n\nThe details are in {user_log_dir() / 'diffviz.log'}.")
            box.setDetailedText(details)
            box.exec()
        finally:
            self._is_showing = False
