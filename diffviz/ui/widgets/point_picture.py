"""Points in the plane as pictures: a scatter for the eye, a density for thumbnails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric
from diffviz.ui.typography import font_generation
from diffviz.ui.widgets.density_ramp import density_colors
from diffviz.ui.widgets.plot_frame import paint_well

REACH = 3.0
_BINS = 64
_FEW = 500

Points = NDArray[np.floating]


def density_picture(points: Points) -> NDArray[np.uint8]:
    """Where points lie in [−3, 3]², from dark to bright; uint8 (64, 64, 3)."""
    edges = np.linspace(-REACH, REACH, _BINS + 1)
    finite = points[np.isfinite(points).all(axis=1)]
    counts, _, _ = np.histogram2d(finite[:, 1], finite[:, 0], bins=[edges, edges])
    bright = np.sqrt(counts[::-1] / max(float(np.quantile(counts, 0.995)), 1.0)).clip(0.0, 1.0)
    return density_colors()[np.round(255 * bright).astype(np.uint8)]


class PointCloud(QWidget):
    """Data as faint points and samples over them, in a square from −3 to 3, as the lab shows it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: Points | None = None
        self._samples: Points | None = None
        self._kept: tuple[tuple[object, ...], QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._tell_readers()

    @property
    def samples(self) -> Points | None:
        """The samples that are shown."""
        return self._samples

    def set_data(self, points: Points | None) -> None:
        """Show these data, (n, 2), in the background."""
        self._data = points
        self._refresh()

    def set_samples(self, points: Points | None) -> None:
        """Show these samples, (n, 2), before the data; None: the data alone."""
        self._samples = points
        self._refresh()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(320), metric(320))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, 120)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._fresh())

    def _refresh(self) -> None:
        self._kept = None
        self._tell_readers()
        self.update()

    def _fresh(self) -> QPixmap:
        tokens, ratio = current_tokens(), self.devicePixelRatioF()
        fits = (self.size(), ratio, tokens, font_generation())
        if self._kept is None or self._kept[0] != fits:
            picture = QPixmap(self.size() * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(tokens.color("stage"))
            with QPainter(picture) as painter:
                self._paint(painter)
            self._kept = fits, picture
        return self._kept[1]

    def _paint(self, painter: QPainter) -> None:
        paint_well(painter, QRectF(self.rect()))
        painter.setClipRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        has_samples = self._samples is not None
        if self._data is not None:
            # A few points would vanish behind thousands of samples.
            is_few = len(self._data) <= _FEW
            opacity = 0.75 if is_few or not has_samples else 0.30
            self._paint_points(painter, self._data, "signal", opacity, width_px=6 if is_few else 2)
        if self._samples is not None:
            self._paint_points(painter, self._samples, "model", 0.85, width_px=2)
        left = float(metric(12))
        names: list[tuple[str, Role]] = [("data", "signal")]
        names += [("samples", "model")] if has_samples else []
        for words, role in names:
            line = RichLine(words, "label", QFont.Weight.DemiBold)
            left = line.paint(
                painter, left, metric(8) + line.ascent(), current_tokens().color(role), current_tokens()
            )
            left += metric(12)

    def _paint_points(
        self, painter: QPainter, points: Points, role: Role, opacity: float, *, width_px: int
    ) -> None:
        scale = min(self.width(), self.height()) / (2 * REACH)
        finite = points[np.isfinite(points).all(axis=1)]
        xs = self.width() / 2 + finite[:, 0] * scale
        ys = self.height() / 2 - finite[:, 1] * scale
        pen = QPen(current_tokens().color(role, opacity), metric(width_px))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist())]))

    def _tell_readers(self) -> None:
        words = "no data yet" if self._data is None else f"{len(self._data):,} data points"
        if self._samples is not None:
            words += f", {len(self._samples):,} samples"
        self.setAccessibleName(f"Scatter of points, {words}")
