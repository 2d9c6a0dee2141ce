"""A small view of one quantity of the schedule: its name, its value now, its curve; a click enlarges it."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, TextRole, current_tokens, metric
from diffviz.ui.typography import font_generation
from diffviz.ui.widgets.curve_quantity import QUANTITIES, figure

_RADIUS_PX = 6
_INSET_PX = 5
_LINE_ROLES: dict[str, Role] = {"alpha_cumprod": "signal", "sigma": "noise"}


class SparkView(QAbstractButton):
    """Sparkline of a quantity over t with the present time; a button that asks for the large view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quantity = QUANTITIES["beta"]
        self._values: NDArray[np.float64] = np.zeros(2)
        self._t = 0
        self._still: tuple[tuple[object, ...], QPixmap] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, _RADIUS_PX)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def quantity(self) -> str:
        """Key of the quantity shown."""
        return self._quantity.key

    def set_curve(self, quantity: str, values: NDArray[np.float64]) -> None:
        """Show a quantity: values of t = 0 … T, ±∞ allowed."""
        self._quantity = QUANTITIES[quantity]
        self._values = values
        self._still = None
        self._t = min(self._t, len(values) - 1)
        self.setToolTip(f"{self._quantity.tooltip}. Click to see it large.")
        self._describe()
        self.update()

    def set_t(self, t: int) -> None:
        """Move the line of the present time."""
        t = min(max(t, 0), len(self._values) - 1)
        if t != self._t:
            self._t = t
            self._describe()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(89), metric(65))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(metric(60), metric(65))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._fresh_still())
        inset = metric(_INSET_PX)
        name, value = self._words()
        baseline = round(metric(4) + name.ascent())
        name.paint(painter, inset, baseline, tokens.color("text2"), tokens)
        value.paint(painter, self.width() - inset - value.width(), baseline, tokens.color("text"), tokens)
        area = self._curve_area()
        x = round(area.left() + self._t / (len(self._values) - 1) * area.width())
        painter.fillRect(QRectF(x - 1, area.top() - 2, 2, area.height() + 4), tokens.color("accent"))

    def _curve_area(self) -> QRectF:
        inset = metric(_INSET_PX)
        return QRectF(inset, metric(27), self.width() - 2 * inset, self.height() - metric(33))

    def _fresh_still(self) -> QPixmap:
        """Well and curve; kept, because only the present time moves while a person scrubs."""
        tokens, ratio = current_tokens(), self.devicePixelRatioF()
        is_bright = self.underMouse() or self.isDown()
        fits = (self.size(), ratio, font_generation(), tokens, is_bright)
        if self._still is None or self._still[0] != fits:
            still = QPixmap(self.size() * ratio)
            still.setDevicePixelRatio(ratio)
            still.fill(tokens.color("panel"))
            with QPainter(still) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(QPen(tokens.color("edge" if is_bright else "line"), 1.0))
                painter.setBrush(tokens.color("field"))
                well = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
                painter.drawRoundedRect(well, _RADIUS_PX, _RADIUS_PX)
                role = _LINE_ROLES.get(self.quantity, "text2")
                painter.setPen(QPen(tokens.color(role), 1.5 if role == "noise" else 1.75))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawPolyline(self._polyline(self._curve_area()))
            self._still = fits, still
        return self._still[1]

    def _words(self) -> tuple[RichLine, RichLine]:
        """Name and value, smaller and rounder where the view is narrow."""
        value = figure(self.quantity, float(self._values[self._t]))
        short = f"{float(value.replace('−', '-')):.1f}".replace("-", "−") if "." in value[1:] else value
        choices: tuple[tuple[TextRole, str], ...] = (("label", value), ("tick", value), ("tick", short))
        for role, text in choices:
            words = RichLine(self._quantity.markup, role), RichLine(text, role, QFont.Weight.Medium, True)
            if words[0].width() + words[1].width() + metric(3) <= self.width() - 2 * metric(_INSET_PX):
                break
        return words

    def _polyline(self, area: QRectF) -> QPolygonF:
        values = self._values
        if self.quantity == "beta":
            # There is no step 0.
            values = np.concatenate((values[1:2], values[1:]))
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)
        if self.quantity in ("alpha_cumprod", "sigma"):
            low, high = 0.0, 1.0
        if high <= low:
            low, high = low - 1.0, high + 1.0
        columns = np.linspace(0, len(values) - 1, max(2, round(area.width())))
        picked = np.clip(values, low, high)
        heights = np.interp(columns, np.arange(len(values)), picked)
        xs = np.linspace(area.left(), area.right(), len(columns))
        ys = area.bottom() - (heights - low) / (high - low) * area.height()
        return QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist())])

    def _describe(self) -> None:
        value = figure(self.quantity, float(self._values[self._t]))
        self.setAccessibleName(f"Show {self._quantity.spoken}, {value} at t {self._t}")
