"""A switch for one thing that is on or off."""

from PySide6.QtCore import (
    QEasingCurve,
    QPointF,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    QVariantAnimation,
    Signal,
    Slot,
)
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import DISABLED_OPACITY, current_tokens, duration_ms, metric

_TRACK_PX = (30, 18)
_KNOB_PX = 12


class ToggleField(QAbstractButton):
    """
    A switch with its words to the right; the words are a part of the target.

    Signals
    -------
    state_edited(bool)
        The user switched it. Setters stay silent.
    """

    state_edited = Signal(bool)

    def __init__(
        self, label: str, *, tooltip: str = "", checked: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._markup = label
        self._share = 1.0 if checked else 0.0
        self._slide = QVariantAnimation(self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._on_slide_moved)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setText(plain_text(label))
        self.setAccessibleName(plain_text(label))
        self.setToolTip(tooltip or plain_text(label))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, 6)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.toggled.connect(self._on_toggled)
        self.clicked.connect(self.state_edited)

    def set_label(self, label: str) -> None:
        """Show other words."""
        if label != self._markup:
            self._markup = label
            self.setText(plain_text(label))
            self.setAccessibleName(plain_text(label))
            self.updateGeometry()
            self.update()

    def set_on(self, on: bool) -> None:
        """Show it as on or off, silently."""
        if on != self.isChecked():
            blocker = QSignalBlocker(self)
            self.setChecked(on)
            blocker.unblock()
            self._on_toggled(on)

    @override
    def sizeHint(self) -> QSize:
        width = metric(_TRACK_PX[0])
        if self._markup:
            width += metric(9) + round(RichLine(self._markup).width() + 1)
        return QSize(width, metric(26))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(DISABLED_OPACITY)
        width, height = metric(_TRACK_PX[0]), metric(_TRACK_PX[1])
        middle = self.height() / 2
        track = QRectF(0.5, middle - height / 2 + 0.5, width - 1, height - 1)
        painter.setPen(QPen(tokens.blend("edge", "accent", self._share), 1.0))
        painter.setBrush(tokens.blend("field", "accent", self._share))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        inset = height / 2
        knob = QPointF(inset + self._share * (width - 2 * inset), middle)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.blend("edge", "onacc", self._share))
        painter.drawEllipse(knob, metric(_KNOB_PX) / 2, metric(_KNOB_PX) / 2)
        line = RichLine(self._markup)
        baseline = round(middle - line.height() / 2 + line.ascent())
        line.paint(painter, width + metric(9), baseline, tokens.color("text"), tokens)

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        target = 1.0 if on else 0.0
        self._slide.stop()
        if duration_ms("hover") == 0 or not self.isVisible():
            self._on_slide_moved(target)
            return
        self._slide.setDuration(duration_ms("hover"))
        self._slide.setStartValue(self._share)
        self._slide.setEndValue(target)
        self._slide.start()

    @Slot(object)
    def _on_slide_moved(self, share: float) -> None:
        self._share = share
        self.update()
