"""How often a run is shown while it goes on, so that watching it costs the run little."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal, Slot

__all__ = ["PreviewPace"]

_FRAME_MS = 16
_MOST_MS = 500
# Python runs one thread at a time: while the window draws, the sampler waits between its operations. With
# this rest previews cost one part in 21 at most; one of over 25 ms costs more, so that a run stays seen.
_REST_PER_DRAWING = 20.0


class PreviewPace(QObject):
    """Turns news of steps into times to draw: at once after a rest, then as seldom as drawing is dear.

    Signals
    -------
    due()
        Draw now.
    """

    due = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._begun_s = self._rest_until_s = 0.0
        self._waiting, self._drawn = QTimer(self), QTimer(self)
        for timer in (self._waiting, self._drawn):
            timer.setSingleShot(True)
        self._waiting.timeout.connect(self._on_waiting_timeout)
        self._drawn.timeout.connect(self._on_drawn_timeout)

    @Slot()
    def want(self) -> None:
        """There is something new to draw; it is, no more often than the screen is refreshed."""
        if not self._waiting.isActive():
            rest_ms = 1000 * (self._rest_until_s - time.perf_counter())
            self._waiting.start(max(_FRAME_MS, min(round(rest_ms), _MOST_MS)))

    @Slot()
    def hurry(self) -> None:
        """Draw what waits at the next refresh: nothing goes on that drawing could hold up."""
        self._rest_until_s = 0.0
        if self._waiting.isActive():
            self._waiting.start(_FRAME_MS)

    @Slot()
    def _on_waiting_timeout(self) -> None:
        self._begun_s = time.perf_counter()
        self.due.emit()
        # Fires when the widgets that were updated have been painted.
        self._drawn.start(0)

    @Slot()
    def _on_drawn_timeout(self) -> None:
        now_s = time.perf_counter()
        self._rest_until_s = now_s + _REST_PER_DRAWING * (now_s - self._begun_s)
