"""Fills the gallery: names at once, small pictures as a thread has them, so that the window shows early."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Slot

from diffviz.data.images import Pixels
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner
from diffviz.engine.session import Session
from diffviz.engine.tasks import GalleryThumbnail, gallery_thumbnails
from diffviz.ui.widgets.gallery import Gallery

_THUMBNAIL_PX = 112
_NOT_YET: Pixels = np.full((1, 1, 1), 128, np.uint8)


class GalleryFiller(QObject):
    """
    Keeps a gallery in step with the pictures at hand.

    Parameters
    ----------
    gallery
        What is filled.
    session, images
        The chosen picture, and all of them.
    """

    def __init__(
        self, gallery: Gallery, session: Session, images: ImageStore, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._session = session
        self._images = images
        self._thumbnails: dict[str, Pixels] = {}
        self._runner = JobRunner(self)
        self._runner.available.connect(self._on_available)
        self._runner.ended.connect(self._on_available)
        images.changed.connect(self._on_images_changed)
        self._on_images_changed()

    def shutdown(self) -> None:
        """Stop reading; the window is closing."""
        self._runner.shutdown()

    @Slot()
    def _on_images_changed(self) -> None:
        # A file may have been read anew; the samples never change.
        self._thumbnails = {k: v for k, v in self._thumbnails.items() if k.startswith("sample:")}
        missing = [entry.key for entry in self._images.entries if entry.key not in self._thumbnails]
        at_once = [key for key in missing if self._images.is_loaded(key)]
        for key in at_once:
            self._thumbnails[key] = self._images.thumbnail(key, _THUMBNAIL_PX)
        self._show()
        rest = [key for key in missing if key not in self._thumbnails]
        if rest:
            make = partial(gallery_thumbnails, self._images, rest, _THUMBNAIL_PX)
            self._runner.start(make, name="Reading the gallery")

    @Slot()
    def _on_available(self) -> None:
        for record in self._runner.drain():
            if isinstance(record, GalleryThumbnail) and record.pixels is not None:
                self._thumbnails[record.key] = record.pixels
        self._show()

    def _show(self) -> None:
        entries = self._images.entries
        self._gallery.set_pictures([(e.key, e.title, self._thumbnails.get(e.key, _NOT_YET)) for e in entries])
        self._gallery.set_current(self._session.state.image)
