"""Ways in for pictures: the dialog, files dropped or named, the clipboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QObject, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from diffviz.data.images import PICTURE_SUFFIXES, ImageReadError
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner
from diffviz.engine.outcome import JobOutcome
from diffviz.engine.session import Session
from diffviz.engine.tasks import OpenedImage, open_images
from diffviz.ui.drops import dropped_files, is_schedule_file
from diffviz.ui.widgets.pixels import array_from_picture


class PictureOpener(QObject):
    """
    Reads pictures in a thread; the first good one is shown, all good ones are kept at hand.

    Signals
    -------
    noted(str)
        What was opened.
    unreadable(str, str)
        Headline and reason of a file that could not be read; the old picture stays.
    schedule_dropped(object)
        A schedule file (Path) was dropped.
    """

    noted = Signal(str)
    unreadable = Signal(str, str)
    schedule_dropped = Signal(object)

    def __init__(self, session: Session, images: ImageStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._opened: list[str] = []
        self._runner = JobRunner(self)
        self._runner.available.connect(self._on_available)
        self._runner.ended.connect(self._on_ended)

    def shutdown(self) -> None:
        """Stop reading; the window is closing."""
        self._runner.shutdown()

    def choose(self, parent: QWidget) -> None:
        """Ask for pictures and open them."""
        endings = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        kinds = f"Pictures ({endings});;All files (*)"
        files, _ = QFileDialog.getOpenFileNames(parent, "Open pictures", "", kinds)
        self.open([Path(file) for file in files])

    def open(self, files: list[Path]) -> None:
        """Read these files."""
        if files:
            self._opened = []
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
            self.noted.emit("There is no picture in the clipboard")
            return
        picture = _laid_over(QGuiApplication.clipboard().image(), self._images.background)
        try:
            key = self._images.add_paste(np.ascontiguousarray(array_from_picture(picture)))
        except ImageReadError as error:
            self.unreadable.emit("The pasted picture could not be used", str(error))
            return
        self._session.update(image=key)
        self.noted.emit("Pasted a picture")

    @Slot()
    def _on_available(self) -> None:
        for record in self._runner.drain():
            if not isinstance(record, OpenedImage):
                continue
            if record.loaded is None:
                reason = record.error or f"{record.path.name} could not be read: the reason is unknown."
                headline, _, detail = reason.partition(": ")
                self.unreadable.emit(headline, detail)
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
        titles = [self._images.entry(key).title for key in self._opened]
        if titles:
            self.noted.emit(f"Opened {titles[0]}" if len(titles) == 1 else f"Opened {len(titles)} pictures")


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
