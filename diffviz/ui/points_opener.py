"""A file of points brought to the 2-D lab, in the place of what is painted there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from diffviz.data.point_files import PointSet, read_points
from diffviz.engine.lab_spec import DRAWN, MAX_DRAWN
from diffviz.engine.latest import LatestWorker
from diffviz.engine.session import Session, Workspace


class PointsOpener(QObject):
    """
    Reads points in a thread and shows them in the lab; undo brings back what was there.

    Signals
    -------
    noted(str, str)
        What was opened, and the icon that says how it went.
    failed(str, str)
        Headline and reason; the lab stays as it was.
    """

    noted = Signal(str, str)
    failed = Signal(str, str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._worker = LatestWorker(self)
        self._worker.answered.connect(self._on_points_read)
        self._worker.failed.connect(self._on_reading_failed)

    def shutdown(self) -> None:
        """Stop reading; the window is closing."""
        self._worker.shutdown()

    def open(self, path: Path) -> None:
        """Read a file of points and go to the lab with them."""
        self._worker.ask(path, partial(read_points, path))

    @Slot(object, object)
    def _on_points_read(self, tag: object, answer: object) -> None:
        if not isinstance(answer, PointSet) or not isinstance(tag, Path):
            return
        points, count = answer.points, len(answer.points)
        if count > MAX_DRAWN:
            points = points[np.linspace(0, count - 1, MAX_DRAWN).astype(np.int64)]
        drawn = tuple((float(x), float(y)) for x, y in points)
        lab = replace(self._session.state.lab, data=DRAWN, drawn=drawn)
        self._session.update(workspace=Workspace.LAB, lab=lab)
        taken = f"{len(drawn):,} of its {count:,} points" if len(drawn) < count else f"{count:,} points"
        self.noted.emit(" ".join((f"Opened {tag.name}, {taken}.", *answer.notes)).rstrip("."), "check")

    @Slot(object, object)
    def _on_reading_failed(self, tag: object, error: object) -> None:
        name = tag.name if isinstance(tag, Path) else str(tag)
        self.failed.emit(f"{name} could not be opened", str(error))
