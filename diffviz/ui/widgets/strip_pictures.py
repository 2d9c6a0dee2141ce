"""Thumbnails of the filmstrip: from an array to a picture that suits a cell, and their store by time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage

from diffviz.ui.widgets.pixels import picture_from_array

_LOSS_ALLOWED = 0.38
"""Share of a picture that may be cut away to fill its cell; beyond it the whole picture is shown."""
_ALMOST_ONE = 0.94


def shown_size(width: int, height: int, cell_width: int, cell_height: int) -> tuple[int, int]:
    """
    Size at which a picture is drawn in a cell, never larger than the picture itself.

    It fills the cell where that cuts away at most a third of it, else it is shown whole.
    """
    scale = min(1.0, _scale(width, height, cell_width, cell_height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def fit_thumbnail(picture: NDArray[np.uint8], width: int, height: int) -> QImage:
    """
    Picture of a cell, at most ``width`` × ``height`` device px.

    Small pictures keep square pixels: they grow by a whole factor and are then reduced smoothly. What is a
    few pixels too large is cut, because scaling by a hair would blur the noise.

    Parameters
    ----------
    picture
        uint8 of shape (H, W, C), C in {1, 3}.
    width, height
        Size of the cell in device px.
    """
    image = picture_from_array(picture)
    scale = _scale(image.width(), image.height(), width, height)
    if _ALMOST_ONE <= scale < 1:
        scale = 1.0
    wanted_width, wanted_height = max(1, round(image.width() * scale)), max(1, round(image.height() * scale))
    if scale > 1:
        factor = int(np.ceil(scale))
        image = image.scaled(image.width() * factor, image.height() * factor)
    if (image.width(), image.height()) != (wanted_width, wanted_height):
        image = image.scaled(
            wanted_width,
            wanted_height,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    shown_width, shown_height = min(width, wanted_width), min(height, wanted_height)
    cut = QRect(
        (wanted_width - shown_width) // 2, (wanted_height - shown_height) // 2, shown_width, shown_height
    )
    return image if cut == image.rect() else image.copy(cut)


def _scale(width: int, height: int, cell_width: int, cell_height: int) -> float:
    fills = max(cell_width / width, cell_height / height)
    fits = min(cell_width / width, cell_height / height)
    return fills if 1 - fits / fills <= _LOSS_ALLOWED else fits


class StripPictures:
    """The pictures of one strip by time, and their renderings at the present cell size."""

    def __init__(self) -> None:
        self._by_time: dict[int, NDArray[np.uint8]] = {}
        self._rendered: dict[int, tuple[int, int, QImage]] = {}

    def put(self, t: int, picture: NDArray[np.uint8] | None) -> None:
        """Take the picture of a time, or forget it."""
        self._rendered.pop(t, None)
        if picture is None:
            self._by_time.pop(t, None)
        else:
            self._by_time[t] = picture

    def image(self, t: int, width: int, height: int) -> QImage | None:
        """Rendering of the picture of a time for a cell of device px, None without a picture."""
        picture = self._by_time.get(t)
        if picture is None:
            return None
        ready = self._rendered.get(t)
        if ready is None or ready[:2] != (width, height):
            ready = (width, height, fit_thumbnail(picture, width, height))
            self._rendered[t] = ready
        return ready[2]

    def retime(self, times: Sequence[int], *, borrow: bool) -> None:
        """
        Keep only what the present cells show.

        Parameters
        ----------
        times
            Times of the cells.
        borrow
            Let a cell without a picture show the nearest one until its own arrives: zooming never blinks.
        """
        known = np.array(sorted(self._by_time))
        kept: dict[int, NDArray[np.uint8]] = {}
        for t in times:
            if t in self._by_time:
                kept[t] = self._by_time[t]
            elif borrow and len(known):
                kept[t] = self._by_time[int(known[np.argmin(np.abs(known - t))])]
        self._rendered = {
            t: ready for t, ready in self._rendered.items() if t in kept and kept[t] is self._by_time.get(t)
        }
        self._by_time = kept

    def clear(self) -> None:
        """Forget every picture."""
        self._by_time.clear()
        self._rendered.clear()
