"""Fields for numbers: the wheel acts only when focused, typing counts when finished, minus is true."""

from PySide6.QtCore import QEvent, QLocale, QPointF, QSignalBlocker, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.theme import control_height, font_for, metric
from diffviz.ui.widgets.field_frame import (
    ARROW_STRIP_PX,
    FIELD_RADIUS_PX,
    paint_field_frame,
    paint_triangle,
    paint_unit,
    text_inset,
)

_MINUS = "\u2212"
_WIDEST_SAMPLE = 999_999.0


class _SpinField(QDoubleSpinBox):
    """Drawing, wheel, true minus and invalid state that both number fields share."""

    def __init__(
        self, decimals: int, unit: str, accessible_name: str, tooltip: str, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._unit = unit
        self._problem = ""
        self.setLocale(QLocale.c())
        self.setDecimals(decimals)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(accessible_name)
        self.setToolTip(tooltip or accessible_name)
        self.setProperty(RING_PROPERTY, FIELD_RADIUS_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.lineEdit().setFrame(False)
        self.lineEdit().setStyleSheet("background: transparent; border: none; padding: 0;")

    @property
    def problem(self) -> str:
        """Sentence that says why the value is not accepted; empty when it is."""
        return self._problem

    def set_problem(self, sentence: str) -> None:
        """Show the value as not accepted and say why; an empty sentence ends it."""
        self._problem = sentence
        self.setAccessibleDescription(sentence)
        self.update()

    def set_value(self, value: float) -> None:
        """Show a value, silently."""
        blocker = QSignalBlocker(self)
        self.setValue(value)
        blocker.unblock()

    def set_limits(self, minimum: float, maximum: float, decimals: int | None = None) -> None:
        """Allow another range, silently."""
        blocker = QSignalBlocker(self)
        if decimals is not None:
            self.setDecimals(decimals)
        self.setRange(minimum, maximum)
        blocker.unblock()
        self.updateGeometry()

    @override
    def textFromValue(self, value: float) -> str:
        return super().textFromValue(value).replace("-", _MINUS)

    @override
    def valueFromText(self, text: str) -> float:
        return super().valueFromText(_typed(text))

    @override
    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        state = super().validate(_typed(text), position)[0]
        return state, text, position

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(font_for("body", tabular=True))
        ends = (max(self.minimum(), -_WIDEST_SAMPLE), min(self.maximum(), _WIDEST_SAMPLE))
        widest = max(metrics.horizontalAdvance(self.textFromValue(end)) for end in ends)
        width = text_inset() + widest + self._unit_width() + metric(ARROW_STRIP_PX) + 8
        return QSize(round(width), control_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Qt puts the line edit back to its own place when the type changes.
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            QTimer.singleShot(0, self, self._place_edit)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_edit()

    @Slot()
    def _place_edit(self) -> None:
        left = text_inset() - 2
        right = metric(ARROW_STRIP_PX) + self._unit_width()
        self.lineEdit().setFont(font_for("body", tabular=True))
        self.lineEdit().setGeometry(left, 1, max(10, self.width() - left - right), self.height() - 2)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_field_frame(painter, self, is_invalid=bool(self._problem))
        strip = metric(ARROW_STRIP_PX)
        middle = self.width() - strip / 2 - 1
        opacity = painter.opacity()
        for points_up, flag in (
            (True, QAbstractSpinBox.StepEnabledFlag.StepUpEnabled),
            (False, QAbstractSpinBox.StepEnabledFlag.StepDownEnabled),
        ):
            shift = -metric(4) if points_up else metric(4)
            painter.setOpacity(opacity if self.stepEnabled() & flag else 0.35 * opacity)
            center = QPointF(middle, self.height() / 2 + shift)
            paint_triangle(painter, center, metric(3), points_up=points_up)
        painter.setOpacity(opacity)
        if self._unit:
            paint_unit(painter, self, self._unit, self.width() - strip)

    def _unit_width(self) -> int:
        if not self._unit:
            return 0
        return round(QFontMetricsF(font_for("label")).horizontalAdvance(self._unit)) + metric(6)


class NumberField(_SpinField):
    """
    A field for a real number.

    Signals
    -------
    value_edited(float)
        The user finished an edit, a step or a turn of the wheel. Setters stay silent.
    """

    value_edited = Signal(float)

    def __init__(
        self,
        minimum: float = 0.0,
        maximum: float = 1.0,
        *,
        decimals: int = 4,
        step: float | None = None,
        value: float | None = None,
        unit: str = "",
        accessible_name: str = "",
        tooltip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(decimals, unit, accessible_name, tooltip, parent)
        self.setRange(minimum, maximum)
        if step is None:
            self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        else:
            self.setSingleStep(step)
        self.setValue(minimum if value is None else value)
        self.valueChanged.connect(self._on_value_changed)

    @Slot(float)
    def _on_value_changed(self, value: float) -> None:
        self.value_edited.emit(value)


class IntegerField(_SpinField):
    """
    A field for a whole number.

    Signals
    -------
    value_edited(int)
        The user finished an edit, a step or a turn of the wheel. Setters stay silent.
    """

    value_edited = Signal(int)

    def __init__(
        self,
        minimum: int = 0,
        maximum: int = 100,
        *,
        step: int = 1,
        value: int | None = None,
        unit: str = "",
        accessible_name: str = "",
        tooltip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(0, unit, accessible_name, tooltip, parent)
        self.setRange(minimum, maximum)
        self.setSingleStep(step)
        self.setValue(minimum if value is None else value)
        self.valueChanged.connect(self._on_value_changed)

    @override
    def value(self) -> int:
        return round(super().value())

    @Slot(float)
    def _on_value_changed(self, value: float) -> None:
        self.value_edited.emit(round(value))


def _typed(text: str) -> str:
    """Text as Qt's C locale reads it: plain minus, point for a decimal comma."""
    return text.replace(_MINUS, "-").replace(",", ".")
