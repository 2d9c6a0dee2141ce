"""A worker that always works on the newest question and forgets those it did not get to.

Scrubbing asks for more pictures than can be drawn of a slow kind; only the last one matters.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject, QThread, Signal, Slot
from typing_extensions import override

__all__ = ["LatestWorker"]


class LatestWorker(QThread):
    """Answers the newest question in a thread of its own.

    Signals
    -------
    answered(tag, answer)
        The answer to the question of that tag; late answers to older questions arrive too, so compare tags.
    failed(tag, error)
        The question raised an exception.
    """

    answered = Signal(object, object)
    failed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._condition = threading.Condition()
        self._question: tuple[object, Callable[[], object]] | None = None
        self._is_closed = False
        application = QCoreApplication.instance()
        if application is not None:
            # A QThread that is destroyed while it runs aborts the process.
            application.aboutToQuit.connect(self.shutdown)

    def ask(self, tag: object, work: Callable[[], object]) -> None:
        """Have ``work`` done next, in the worker's thread, in place of a question still waiting.

        Parameters
        ----------
        tag
            What the question is called in the answer.
        work
            Called in the worker's thread; must not touch what the caller goes on using.
        """
        with self._condition:
            if self._is_closed:
                return
            self._question = (tag, work)
            self._condition.notify()
        if not self.isRunning():
            self.start()

    @Slot()
    def shutdown(self) -> None:
        """Forget what waits and return when the thread is gone."""
        with self._condition:
            self._is_closed = True
            self._question = None
            self._condition.notify()
        self.wait()

    @override
    def run(self) -> None:
        # Coverage does not follow Qt's threads by itself.
        sys.settrace(threading.gettrace())
        while True:
            with self._condition:
                while self._question is None and not self._is_closed:
                    self._condition.wait()
                if self._question is None:
                    return
                tag, work = self._question
                self._question = None
            try:
                answer = work()
            # Whatever went wrong has to reach the person: a thread has nobody else to tell.
            except Exception as error:
                self.failed.emit(tag, error)
            else:
                self.answered.emit(tag, answer)
