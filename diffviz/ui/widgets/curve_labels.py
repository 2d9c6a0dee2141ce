"""Where the name of a curve goes: on the picture, close to its curve, clear of everything else."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF

FloatArray = NDArray[np.float64]

_PLACES = (0.14, 0.22, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.88)
_GAPS_PX = (5.0, 12.0, 22.0, 30.0)
_CLEARANCE_PX = 4.0
_COLLISION = 1000.0


def place_label(
    size: QSizeF,
    own: FloatArray,
    others: Sequence[FloatArray],
    plot: QRectF,
    taken: Sequence[QRectF],
    preferred: float,
) -> QRectF | None:
    """
    Rectangle for the name of a curve, None where there is no clear one.

    Parameters
    ----------
    size
        Size of the text in px.
    own, others
        Height in px of this curve and of the others at every whole px across the plot.
    plot
        The plot area.
    taken
        Rectangles that must stay clear.
    preferred
        Share of the width where the name would best be, 0 to 1.
    """
    best: tuple[float, QRectF] | None = None
    for place in _PLACES:
        x = plot.left() + place * plot.width() - size.width() / 2
        if x < plot.left() + 3 or x + size.width() > plot.right() - 3:
            continue
        spans = _spans(own, x - plot.left(), size.width())
        for gap in _GAPS_PX:
            for y in (spans[1] + gap, spans[0] - gap - size.height()):
                rect = QRectF(QPointF(x, y), size)
                if rect.top() < plot.top() + 2 or rect.bottom() > plot.bottom() - 2:
                    continue
                cost = gap + 40 * abs(place - preferred)
                if best is not None and cost >= best[0]:
                    continue
                cost += _collisions(rect, [own, *others], plot, taken)
                if best is None or cost < best[0]:
                    best = (cost, rect)
    return best[1] if best is not None and best[0] < _COLLISION else None


def _spans(heights: FloatArray, left: float, width: float) -> tuple[float, float]:
    """Highest and lowest place of a curve over a stretch of the plot."""
    stretch = heights[max(0, int(left)) : int(left + width) + 2]
    return float(stretch.min()), float(stretch.max())


def _collisions(rect: QRectF, curves: Sequence[FloatArray], plot: QRectF, taken: Sequence[QRectF]) -> float:
    wide = rect.adjusted(-_CLEARANCE_PX, -_CLEARANCE_PX, _CLEARANCE_PX, _CLEARANCE_PX)
    cost = sum(_COLLISION for other in taken if wide.intersects(other))
    for heights in curves:
        stretch = heights[max(0, int(wide.left() - plot.left())) : int(wide.right() - plot.left()) + 1]
        # Between two columns a steep curve covers everything in between.
        low = np.minimum(stretch[:-1], stretch[1:])
        high = np.maximum(stretch[:-1], stretch[1:])
        if bool(((low < wide.bottom()) & (high > wide.top())).any()):
            cost += _COLLISION
    return cost
