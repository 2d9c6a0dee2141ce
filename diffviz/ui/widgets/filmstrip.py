"""The filmstrip: thumbnails along t, the lane of signal and noise, and the playhead that a person drags."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleValueChangeEvent,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.widgets.branch_lane import Branch
from diffviz.ui.widgets.playhead import paint_hover, paint_playhead, paint_ring, playhead_rect
from diffviz.ui.widgets.strip_layout import MARGIN_PX, StripLayout, strip_left
from diffviz.ui.widgets.strip_painter import Strip, StripPainter
from diffviz.ui.widgets.strip_still import StripStill
from diffviz.ui.widgets.time_axis import Evenly, TimeAxis, positions_of, step_positions

_NOTCH = 120
_ZOOM_PER_NOTCH = 1.25


class Filmstrip(QAbstractSlider):
    """
    Draws the strips once and moves only the playhead; a slider to screen readers.

    Signals
    -------
    timestep_requested(int)
        The user wants another time.
    scrubbing_changed(bool)
        A drag of the playhead began or ended.
    cells_changed
        Other times are shown, after a change of size, zoom, length or spacing.
    branch_chosen(str)
        The user pressed on the line of that run.
    menu_requested(QPoint)
        The user asked for what can be done at the playhead; global position.
    """

    timestep_requested = Signal(int)
    scrubbing_changed = Signal(bool)
    cells_changed = Signal()
    branch_chosen = Signal(str)
    menu_requested = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strips: list[Strip] = [Strip("")]
        self._branches: tuple[Branch, ...] = ()
        self._is_compact = False
        self._evenly = Evenly.STEP
        self.clean_word = "image"
        self._alphas_cumprod = np.linspace(1.0, 0.0, 1001)
        self._t = 0
        self._hover_t: int | None = None
        self._is_scrubbing = False
        self._pan_from: float | None = None
        self._wheel_rest = 0
        self._still = StripStill()
        self._axis = TimeAxis(step_positions(1000), strip_left(), 1000.0)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Its ring lies around the strips alone and is drawn here.
        self.setProperty(RING_PROPERTY, -1)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.notifier.changed.connect(self._on_theme_changed)
        self._fit_height()
        self._report()

    @property
    def axis(self) -> TimeAxis:
        """The horizontal geometry in force."""
        return self._axis

    @property
    def layout_heights(self) -> StripLayout:
        """The vertical geometry in force."""
        return StripLayout(len(self._strips), self._is_compact, len(self._branches) > 1)

    @property
    def strips(self) -> Sequence[Strip]:
        """Rows from top to bottom."""
        return tuple(self._strips)

    @property
    def t(self) -> int:
        """Time under the playhead."""
        return self._t

    def set_strips(self, strips: Sequence[Strip]) -> None:
        """Show one strip or two; their pictures come with them."""
        self._strips = list(strips)
        self._fit_height()
        self.redraw()

    def set_branches(self, branches: Sequence[Branch]) -> None:
        """Show runs that share a beginning as a tree; with fewer than two there is none."""
        if tuple(branches) == self._branches:
            return
        before = self.layout_heights
        self._branches = tuple(branches)
        if self.layout_heights == before:
            self.redraw_paths()
        else:
            self.redraw()

    def set_compact(self, compact: bool) -> None:
        """Make the strips low, for windows below 820 px."""
        if compact != self._is_compact:
            self._is_compact = compact
            self._fit_height()
            self.redraw()

    def set_alphas_cumprod(self, alphas_cumprod: NDArray[np.float64]) -> None:
        """Take ᾱ of t = 0 … T; a chain of another length shows all of itself."""
        same_length = len(alphas_cumprod) == len(self._alphas_cumprod)
        self._alphas_cumprod = np.array(alphas_cumprod, dtype=np.float64)
        self._t = min(self._t, len(alphas_cumprod) - 1)
        self._place(keep_zoom=same_length)
        self._report()

    @property
    def evenly(self) -> Evenly:
        """What grows by equal amounts from cell to cell."""
        return self._evenly

    def set_evenly(self, evenly: Evenly) -> None:
        """Space the cells evenly in t or in log-SNR."""
        if evenly != self._evenly:
            self._evenly = evenly
            self._place(keep_zoom=False)

    def set_t(self, t: int) -> None:
        """Move the playhead, panning a zoomed strip so that it stays in sight."""
        t = min(max(t, 0), self._axis.num_timesteps)
        if t == self._t:
            return
        self.update(self._playhead_rect(self._t))
        self._t = t
        self._report()
        if not self._axis.shows(t):
            self.take_axis(self._axis.revealing(t))
        self.update(self._playhead_rect(t))

    def take_axis(self, axis: TimeAxis) -> None:
        """Show another part of the chain, or the same at another width."""
        before = self._axis.cell_times
        self._axis = axis
        if axis.cell_times != before:
            for strip in self._strips:
                strip.pictures.retime(axis.cell_times, borrow=strip.sampled is None)
            self.cells_changed.emit()
        self.redraw()

    def reset_zoom(self) -> None:
        """Show the whole chain again."""
        self._place(keep_zoom=False)

    def redraw(self, strip: int | None = None) -> None:
        """Draw the still part anew, or one strip of it, before the next frame."""
        if strip is None:
            self._still.spoil()
            self.update()
        else:
            self._still.spoil_strip(strip)
            # With its label, which says how far a run is.
            rect = self.layout_heights.strip_rect(strip, self.width())
            self.update(rect.adjusted(-rect.left(), 0, 0, 0).toAlignedRect())

    def redraw_paths(self) -> None:
        """Draw the path of the run anew, or the tree of runs, before the next frame."""
        if self.layout_heights.num_strips > 1:
            self._still.spoil_paths()
            self.update(self.layout_heights.paths_band(self.width()).toAlignedRect())

    @override
    def sizeHint(self) -> QSize:
        return QSize(1440, self.layout_heights.height)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(560, self.layout_heights.height)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(keep_zoom=True)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        still = self._still.fresh(self.size(), ratio, self._painter())
        painter = QPainter(self)
        exposed = QRectF(event.rect())
        painter.drawPixmap(exposed, still, QRectF(exposed.topLeft() * ratio, exposed.size() * ratio))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        heights, width = self.layout_heights, self.width()
        if self.hasFocus():
            paint_ring(painter, heights, width)
        if self._hover_t is not None and not self._is_scrubbing and self._hover_t != self._t:
            paint_hover(painter, self._axis.x(self._hover_t), self._hover_t, heights, width)
        if self._axis.shows(self._t):
            paint_playhead(painter, self._axis.x(self._t), self._t, heights, width)

    @override
    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        """Do nothing: Qt would repaint the whole strip for every value."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if event.button() == Qt.MouseButton.MiddleButton and self._axis.is_zoomed:
            self._pan_from = x
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == Qt.MouseButton.LeftButton and (branch := self._branch_at(event.position())):
            self.branch_chosen.emit(branch)
        elif event.button() == Qt.MouseButton.LeftButton and x >= strip_left() - 8:
            self._is_scrubbing = True
            self.scrubbing_changed.emit(True)
            self._ask(self._axis.time_at(x))
        else:
            event.ignore()

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        is_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        if is_mouse and event.pos().x() >= strip_left() - 8:
            self._ask(self._axis.time_at(event.pos().x()))
        self.menu_requested.emit(event.globalPos())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._pan_from is not None:
            self.take_axis(self._axis.panned(self._pan_from - x))
            self._pan_from = x
        elif self._is_scrubbing:
            beyond = min(0.0, x - self._axis.left) + max(0.0, x - self._axis.left - self._axis.width)
            if beyond and self._axis.is_zoomed:
                self.take_axis(self._axis.panned(beyond / 4))
            self._ask(self._axis.time_at(x))
        else:
            branch = self._branch_at(event.position())
            self.setToolTip(f"Show run {branch}" if branch else "")
            self._hover(self._axis.time_at(x) if x >= strip_left() and not branch else None)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self.unsetCursor()
        if self._is_scrubbing and event.button() == Qt.MouseButton.LeftButton:
            self._is_scrubbing = False
            self.scrubbing_changed.emit(False)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        sideways, turn = delta.x(), delta.y()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            # Some platforms turn the wheel sideways while Shift is held.
            notches = (turn or sideways) / _NOTCH
            self.take_axis(self._axis.zoomed(_ZOOM_PER_NOTCH**notches, event.position().x()))
        elif sideways and abs(sideways) > abs(turn) and self._axis.is_zoomed:
            self.take_axis(self._axis.panned(-sideways / 2))
        else:
            self._wheel_rest += turn or sideways
            steps = int(self._wheel_rest / _NOTCH)
            self._wheel_rest -= steps * _NOTCH
            if steps:
                self.step_by(steps)
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers()
        directions = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Up: 1}
        key = Qt.Key(event.key())
        if key in directions:
            if modifiers & Qt.KeyboardModifier.ControlModifier:
                self.step_cell(directions[key])
            else:
                by = 10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
                self.step_by(by * directions[key])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.step_cell(1 if key == Qt.Key.Key_PageUp else -1)
        elif key == Qt.Key.Key_Home:
            self._ask(0)
        elif key == Qt.Key.Key_End:
            self._ask(self._axis.num_timesteps)
        else:
            event.ignore()

    @Slot(int)
    def step_by(self, steps: int) -> None:
        """Ask for the time some steps on; negative: back."""
        self._ask(self._t + steps)

    def step_cell(self, direction: int) -> None:
        """Ask for the time of the next cell to the right (+1) or to the left (−1)."""
        times = self._axis.cell_times
        ahead = [t for t in times if (t > self._t if direction > 0 else t < self._t)]
        if ahead:
            self._ask(ahead[0] if direction > 0 else ahead[-1])
        elif self._axis.is_zoomed:
            self._ask(self._t + direction * max(1, times[-1] - times[-2]))

    def _ask(self, t: int) -> None:
        """Move the playhead at once and tell of the wish."""
        t = min(max(t, 0), self._axis.num_timesteps)
        if t != self._t:
            self.set_t(t)
            self.timestep_requested.emit(t)

    def _hover(self, t: int | None) -> None:
        if t != self._hover_t:
            for shown in (self._hover_t, t):
                if shown is not None:
                    self.update(self._playhead_rect(shown))
            self._hover_t = t

    def _painter(self) -> StripPainter:
        return StripPainter(
            self.layout_heights,
            self._axis,
            self._strips,
            self._alphas_cumprod,
            self.width(),
            self._branches,
            self.clean_word,
        )

    def _branch_at(self, spot: QPointF) -> str:
        """Name of the run whose line is at a place; "" where there is none."""
        row = self._painter().branch_lane().row_at(spot) if self.layout_heights.has_branches else None
        return "" if row is None else self._branches[row].name

    def _place(self, *, keep_zoom: bool) -> None:
        """Work out the axis anew for the present width, chain and spacing."""
        positions = positions_of(self._evenly, self._alphas_cumprod)
        low, high = (self._axis.low, self._axis.high) if keep_zoom else (0.0, 1.0)
        width = max(2.0, float(self.width() - strip_left() - MARGIN_PX))
        self.take_axis(TimeAxis(positions, float(strip_left()), width, low, high))

    def _fit_height(self) -> None:
        self.setFixedHeight(self.layout_heights.height)

    def _report(self) -> None:
        """Tell screen readers where the playhead is."""
        num_timesteps = len(self._alphas_cumprod) - 1
        signal = float(self._alphas_cumprod[self._t])
        with QSignalBlocker(self):
            self.setRange(0, num_timesteps)
            self.setValue(self._t)
        self.setAccessibleName(f"Timeline, step {self._t} of {num_timesteps}, signal {signal:.2f}")
        QAccessible.updateAccessibility(QAccessibleValueChangeEvent(self, self._t))

    def _playhead_rect(self, t: int) -> QRect:
        return playhead_rect(self._axis.x(t), self.layout_heights, self.width()).toAlignedRect()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._fit_height()
        self.redraw()
