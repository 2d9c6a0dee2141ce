"""Many small pictures in a grid that fills its room: what a network is to learn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.theme import metric
from diffviz.ui.widgets.picture_painting import paint_picture
from diffviz.ui.widgets.strip_pictures import fit_thumbnail

_GAP_PX = 6


class PictureWall(QWidget):
    """
    As many of the pictures as fit, all of one size.

    Parameters
    ----------
    cell_px
        Side of a picture at 100 % text.
    rows
        At most so many rows; None: as many as there is room for.
    """

    def __init__(self, cell_px: int, rows: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cell_px = cell_px
        self._rows = rows
        self._pictures: NDArray[np.uint8] | None = None
        self._scaled: dict[tuple[int, int], QImage] = {}
        vertical = QSizePolicy.Policy.Expanding if rows is None else QSizePolicy.Policy.Fixed
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)
        self.set_pictures(None)

    def set_pictures(self, pictures: NDArray[np.uint8] | None) -> None:
        """Show these pictures, uint8 (n, H, W, C); None: none."""
        self._pictures = pictures
        self._scaled.clear()
        count = 0 if pictures is None else len(pictures)
        self.setAccessibleName(f"{count} pictures of the data set")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        step = metric(self._cell_px) + _GAP_PX
        return QSize(8 * step, (self._rows or 4) * step - _GAP_PX)

    @override
    def minimumSizeHint(self) -> QSize:
        rows = self._rows or 1
        return QSize(2 * metric(self._cell_px), rows * (metric(self._cell_px) + _GAP_PX) - _GAP_PX)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._pictures is None or not len(self._pictures):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = metric(self._cell_px)
        columns = max(1, (self.width() + _GAP_PX) // (side + _GAP_PX))
        rows = self._rows or max(1, (self.height() + _GAP_PX) // (side + _GAP_PX))
        shown = min(len(self._pictures), columns * rows)
        columns = min(columns, shown)
        # What is left beside the last column is shared out among the gaps.
        gap = (self.width() - columns * side) / max(1, columns - 1) if columns > 1 else 0.0
        gap = min(gap, 3.0 * _GAP_PX)
        used = math.ceil(shown / columns)
        top = 0.0 if self._rows else (self.height() - used * side - (used - 1) * gap) / 2
        top = max(0.0, top)
        ratio = self.devicePixelRatioF()
        left = 0.0 if self._rows else (self.width() - columns * side - (columns - 1) * gap) / 2
        for index in range(shown):
            row, column = divmod(index, columns)
            y = top + row * (side + gap)
            if y + side > self.height() + 0.5:
                break
            image = self._image(index, round(side * ratio))
            place = QPointF(round(left + column * (side + gap)), round(y))
            paint_picture(painter, place, image, ratio)

    def _image(self, index: int, side: int) -> QImage:
        key = (index, side)
        if key not in self._scaled:
            assert self._pictures is not None
            self._scaled[key] = fit_thumbnail(self._pictures[index], side, side)
        return self._scaled[key]
