"""A pyqtgraph plot in a well, drawn once and kept, so that what moves above it is nearly free."""

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.theme import colours_for_print, current_tokens
from diffviz.ui.widgets.plot_frame import paint_well


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

    def print_on(self, painter: QPainter) -> None:
        """Draw on something else in colours for paper."""
        with colours_for_print():
            # The pens of the items are of the theme in force.
            self.lay_out()
            self._paint_well(painter)
            self.paint_below(painter)
            for item in self.getPlotItem().items:
                self._print_curve(painter, item)
            self.paint_over(painter)
            self.paint_moving(painter)
        self.lay_out()

    def _print_curve(self, painter: QPainter, item: pg.PlotCurveItem) -> None:
        """Draw a curve in px: pyqtgraph's own pens have a width only where Qt paints pixels."""
        to_px = item.deviceTransform(self.viewportTransform())
        line = to_px.map(item.getPath())
        pen = QPen(item.opts["pen"])
        pen.setCosmetic(False)
        pen.setWidthF(pen.widthF() / self._ratio)
        if item.opts["fillLevel"] is not None and not line.isEmpty():
            base = to_px.map(QPointF(0.0, item.opts["fillLevel"])).y()
            area = QPainterPath(line)
            area.lineTo(line.currentPosition().x(), base)
            area.lineTo(line.elementAt(0).x, base)
            painter.fillPath(area, item.opts["brush"])
        painter.strokePath(line, pen)

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
        self._paint_well(painter)
        self.paint_below(painter)
        # pyqtgraph strokes its lines with the brush that it finds, which would fill them.
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self.render(painter, QRectF(self.viewport().rect()), self.viewport().rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_over(painter)

    def _paint_well(self, painter: QPainter) -> None:
        well = QRectF(self.viewport().rect())
        painter.fillRect(well, current_tokens().color("panel"))
        paint_well(painter, well)

    def _lay_out_if_ready(self) -> None:
        if self._is_ready:
            self.lay_out()
