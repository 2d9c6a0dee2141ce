"""A slider with its name at the left and its value at the right, above the track."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.theme import DISABLED_OPACITY, current_tokens, font_for, metric
from diffviz.ui.widgets.math_label import MathLabel

_TRACK_PX = 4
_KNOB_PX = 14


class TrackSlider(QSlider):
    """A horizontal slider: track 4, knob 14, a press anywhere takes the knob there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, 8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def knob_center(self) -> QPointF:
        """Middle of the knob in the slider's own coordinates."""
        span = max(1, self.maximum() - self.minimum())
        share = (self.value() - self.minimum()) / span
        left, right = self._ends()
        return QPointF(left + share * (right - left), self.height() / 2)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(160), metric(24))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(60), metric(24))

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._take(event.position().toPoint())
            event.accept()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._take(event.position().toPoint())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(DISABLED_OPACITY)
        left, right = self._ends()
        knob = self.knob_center()
        half = metric(_TRACK_PX) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color("edge"))
        painter.drawRoundedRect(QRectF(left, knob.y() - half, right - left, 2 * half), half, half)
        painter.setBrush(tokens.color("accent"))
        painter.drawRoundedRect(QRectF(left, knob.y() - half, knob.x() - left, 2 * half), half, half)
        radius = metric(_KNOB_PX) / 2
        is_held = self.isSliderDown() or self.underMouse()
        painter.setBrush(tokens.color("text") if tokens.is_dark else tokens.color("panel"))
        painter.setPen(QPen(tokens.color("accent" if is_held or not tokens.is_dark else "text"), 1.5))
        painter.drawEllipse(knob, radius - 0.75, radius - 0.75)

    def _ends(self) -> tuple[float, float]:
        inset = metric(_KNOB_PX) / 2
        return inset, max(inset + 1, self.width() - inset)

    def _take(self, spot: QPoint) -> None:
        left, right = self._ends()
        share = min(1.0, max(0.0, (spot.x() - left) / (right - left)))
        self.setSliderPosition(round(self.minimum() + share * (self.maximum() - self.minimum())))


class SliderField(QWidget):
    """
    A named slider over real numbers.

    Signals
    -------
    value_edited(float)
        The user moved the slider. Setters stay silent.
    gesture_finished()
        The user let go after a drag.
    """

    value_edited = Signal(float)
    gesture_finished = Signal()

    def __init__(
        self,
        label: str,
        minimum: float,
        maximum: float,
        *,
        step: float = 0.1,
        value: float | None = None,
        text_of: Callable[[float], str] = "{:.1f}".format,
        tooltip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum = minimum
        self._step = step
        self._text_of = text_of
        name = MathLabel(label, "label", "text2")
        self._value_label = QLabel()
        self._value_label.setFont(font_for("body", tabular=True))
        self._value_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.slider = TrackSlider()
        self.slider.setRange(0, round((maximum - minimum) / step))
        self.slider.setAccessibleName(name.plain)
        self.slider.setToolTip(tooltip or name.plain)
        name.setBuddy(self.slider)
        top = QHBoxLayout()
        top.addWidget(name)
        top.addWidget(self._value_label, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(self.slider)
        self.set_value(minimum if value is None else value)
        self.slider.valueChanged.connect(self._on_slider_value_changed)
        self.slider.sliderReleased.connect(self.gesture_finished)

    @property
    def value(self) -> float:
        """Value shown."""
        return self._minimum + self.slider.value() * self._step

    def set_value(self, value: float) -> None:
        """Show a value, silently."""
        blocker = QSignalBlocker(self.slider)
        self.slider.setValue(round((value - self._minimum) / self._step))
        blocker.unblock()
        self.slider.update()
        self._show_text()

    def set_limits(self, minimum: float, maximum: float) -> None:
        """Allow another range, silently; the value stays where it still fits."""
        kept = self.value
        self._minimum = minimum
        blocker = QSignalBlocker(self.slider)
        self.slider.setRange(0, round((maximum - minimum) / self._step))
        blocker.unblock()
        self.set_value(min(max(kept, minimum), maximum))

    @Slot(int)
    def _on_slider_value_changed(self, position: int) -> None:  # noqa: ARG002
        self._show_text()
        self.value_edited.emit(self.value)

    def _show_text(self) -> None:
        words = self._text_of(self.value).replace("-", "\u2212")
        self._value_label.setText(words)
        self.slider.setAccessibleDescription(words)
