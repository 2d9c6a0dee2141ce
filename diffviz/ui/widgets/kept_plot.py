"""A pyqtgraph plot in a well, drawn once and kept, so that what moves above it is nearly free."""

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.theme import current_tokens

_WELL_RADIUS_PX = 8.0


class KeptPlot(pg.PlotWidget):  # type: ignore[misc]
    """
    Base of the plots: no axes, menus or mouse of pyqtgraph's own, colours of the theme.

    Subclasses add items, call ``place_view`` when the plot area or its ranges change and ``redraw`` when
    anything else does, and draw around the items in ``paint_below``, ``paint_over`` and ``paint_moving``.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self._picture: QPixmap | None = None
        self._ratio = 1.0
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setMouseEnabled(False, False)
        item.hideAxis("left")
        item.hideAxis("bottom")
        item.getViewBox().disableAutoRange()
        item.layout.setSpacing(0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self._is_ready = False
        theme.notifier.changed.connect(self._lay_out_if_ready)

    def finish(self) -> None:
        """Lay out for the first time; to be called last in a subclass's constructor."""
        self._is_ready = True
        self.lay_out()

    def lay_out(self) -> None:
        """Fit items to the size and the theme; for subclasses."""

    def paint_below(self, painter: QPainter) -> None:
        """Draw what is kept below the items; for subclasses."""

    def paint_over(self, painter: QPainter) -> None:
        """Draw what is kept above the items; for subclasses."""

    def paint_moving(self, painter: QPainter) -> None:
        """Draw what moves; for subclasses."""

    def pen_width(self, width: float) -> float:
        """Width for a pen of pyqtgraph, which counts device px, from logical px."""
        return width * self._ratio

    def redraw(self) -> None:
        """Draw the kept picture anew before the next frame."""
        self._picture = None
        self.viewport().update()

    def place_view(self, view: QRectF, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        """Lay the items' view over a rectangle in px of the viewport."""
        item = self.getPlotItem()
        right, bottom = self.width() - view.right(), self.height() - view.bottom()
        item.layout.setContentsMargins(view.left(), view.top(), right, bottom)
        # Qt lays out in an event of its own, which a repaint of anything else in the window overtakes.
        item.layout.activate()
        item.setRange(xRange=x_range, yRange=y_range, padding=0)
        self.redraw()

    @override
    def close(self) -> bool:
        # pyqtgraph's own takes scene and viewport away while Qt still sends them events: a crash.
        return QWidget.close(self)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # pyqtgraph resizes once from inside its own constructor.
        if getattr(self, "_is_ready", False):
            self.lay_out()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        # The panel scrolls; pyqtgraph would zoom.
        event.ignore()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if ratio != self._ratio:
            self._ratio = ratio
            self.lay_out()
        if self._picture is None:
            self._picture = QPixmap(self.viewport().size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            with QPainter(self._picture) as painter:
                self._paint_picture(painter)
        exposed = QRectF(event.rect())
        source = QRectF(exposed.topLeft() * ratio, exposed.size() * ratio)
        with QPainter(self.viewport()) as painter:
            painter.drawPixmap(exposed, self._picture, source)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint_moving(painter)

    def _paint_picture(self, painter: QPainter) -> None:
        tokens = current_tokens()
        well = QRectF(self.viewport().rect())
        painter.fillRect(well, tokens.color("panel"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.setBrush(tokens.color("field"))
        painter.drawRoundedRect(well.adjusted(0.5, 0.5, -0.5, -0.5), _WELL_RADIUS_PX, _WELL_RADIUS_PX)
        self.paint_below(painter)
        # pyqtgraph strokes its lines with the brush that it finds, which would fill them.
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self.render(painter, well, self.viewport().rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_over(painter)

    def _lay_out_if_ready(self) -> None:
        if self._is_ready:
            self.lay_out()
