"""Ways in for pictures and other files that can be opened: the dialog, drops, names, the clipboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QObject, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from diffviz.data.images import PICTURE_SUFFIXES, ImageReadError
from diffviz.data.lesson_reader import SUFFIX
from diffviz.data.point_files import POINT_SUFFIXES, has_points
from diffviz.engine import session_file
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner
from diffviz.engine.outcome import JobOutcome
from diffviz.engine.session import Session
from diffviz.engine.tasks import OpenedImage, open_images
from diffviz.ui.drops import dropped_files, is_lesson_file, is_schedule_file, is_session_file
from diffviz.ui.points_opener import PointsOpener
from diffviz.ui.widgets.pixels import array_from_picture

_MOST_NAMED = 3


class PictureOpener(QObject):
    """
    Reads pictures in a thread; the first good one is shown, all good ones are kept at hand.

    Signals
    -------
    noted(str, str)
        What was opened, and the icon that says how it went.
    unreadable(str, str)
        Headline and reason of what could not be read; the old picture stays.
    schedule_dropped(object)
        A schedule file (Path) was dropped.
    lesson_opened(object)
        A lesson file (Path) was dropped, chosen or named.
    session_opened(object)
        The same of a session file.
    failed(str, str)
        Headline and reason of points that could not be read.
    """

    noted = Signal(str, str)
    unreadable = Signal(str, str)
    schedule_dropped = Signal(object)
    lesson_opened = Signal(object)
    session_opened = Signal(object)
    failed = Signal(str, str)

    def __init__(self, session: Session, images: ImageStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._opened: list[str] = []
        self._num_asked = 0
        self._problems: list[str] = []
        self._points = PointsOpener(session, self)
        self._points.noted.connect(self.noted)
        self._points.failed.connect(self.failed)
        self._runner = JobRunner(self)
        self._runner.available.connect(self._on_available)
        self._runner.ended.connect(self._on_ended)

    def shutdown(self) -> None:
        """Stop reading; the window is closing."""
        self._runner.shutdown()
        self._points.shutdown()

    def choose(self, parent: QWidget) -> None:
        """Ask for pictures and open them."""
        endings = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        of_points = " ".join(f"*{suffix}" for suffix in POINT_SUFFIXES)
        kinds = (
            f"Pictures ({endings});;Sessions (*{session_file.SUFFIX});;Lessons (*{SUFFIX});;"
            f"Points ({of_points});;All files (*)"
        )
        files, _ = QFileDialog.getOpenFileNames(parent, "Open pictures", "", kinds)
        self.open([Path(file) for file in files])

    def open(self, files: list[Path]) -> None:
        """Read these files; of several lessons, sessions or sets of points the first one counts."""
        lessons = [path for path in files if is_lesson_file(path)]
        if lessons:
            self.lesson_opened.emit(lessons[0])
        sessions = [path for path in files if is_session_file(path)]
        if sessions:
            self.session_opened.emit(sessions[0])
        points = [path for path in files if has_points(path)]
        if points:
            self._points.open(points[0])
        files = [path for path in files if path not in (*lessons, *sessions, *points)]
        if files:
            self._opened, self._problems, self._num_asked = [], [], len(files)
            self._runner.start(partial(open_images, files, self._images.background), name="Opening")

    @Slot(object)
    def take_drop(self, mime: QMimeData) -> None:
        """Open what was dropped; the first of several schedules counts."""
        files = dropped_files(mime)
        schedules = [path for path in files if is_schedule_file(path)]
        if schedules:
            self.schedule_dropped.emit(schedules[0])
        self.open([path for path in files if path not in schedules])

    @Slot()
    def paste(self) -> None:
        """Open the picture, or the picture files, in the clipboard."""
        mime = QGuiApplication.clipboard().mimeData()
        files = dropped_files(mime)
        if files:
            self.open(files)
            return
        if not mime.hasImage():
            self.noted.emit("There is no picture in the clipboard", "info")
            return
        picture = _laid_over(QGuiApplication.clipboard().image(), self._images.background)
        try:
            key = self._images.add_paste(np.ascontiguousarray(array_from_picture(picture)))
        except ImageReadError as error:
            self.unreadable.emit("The pasted picture could not be used", str(error))
            return
        self._session.update(image=key)
        self.noted.emit("Pasted a picture", "check")

    @Slot()
    def _on_available(self) -> None:
        for record in self._runner.drain():
            if not isinstance(record, OpenedImage):
                continue
            if record.loaded is None:
                unknown = f"{record.path.name} could not be read: the reason is unknown."
                self._problems.append(record.error or unknown)
                continue
            key = self._images.add_loaded(record.path, record.loaded)
            self._opened.append(key)
            if len(self._opened) == 1:
                self._session.update(image=key)

    @Slot(object)
    def _on_ended(self, outcome: JobOutcome) -> None:
        self._on_available()
        if outcome.error is not None:
            self.unreadable.emit(outcome.headline, outcome.reason)
        if self._problems:
            self.unreadable.emit(*_said_at_once(self._problems, self._num_asked))
        titles = [self._images.entry(key).title for key in self._opened]
        if titles:
            words = titles[0] if len(titles) == 1 else f"{len(titles)} pictures"
            self.noted.emit(f"Opened {words}", "check")


def _said_at_once(problems: list[str], num_files: int) -> tuple[str, str]:
    """Headline and reasons of all files that could not be read, so that no message pushes another away."""
    parts = [problem.partition(": ") for problem in problems]
    if len(parts) == 1:
        return parts[0][0], parts[0][2]
    named = [f"{headline.split(' could not')[0]} ({reason.rstrip('.')})" for headline, _, reason in parts]
    words = ", ".join(named[:_MOST_NAMED])
    if len(named) > _MOST_NAMED:
        words += f" and {len(named) - _MOST_NAMED} more"
    return f"{len(parts)} of {num_files} files could not be read", f"{words}."


def _laid_over(picture: QImage, background: tuple[int, int, int]) -> QImage:
    """A picture without transparent parts."""
    if not picture.hasAlphaChannel():
        return picture
    ground = QImage(picture.size(), QImage.Format.Format_RGB32)
    ground.fill(QColor(*background))
    painter = QPainter(ground)
    painter.drawImage(0, 0, picture)
    painter.end()
    return ground
