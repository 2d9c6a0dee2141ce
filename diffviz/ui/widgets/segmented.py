"""A row of exclusive choices in one well; the chosen one is raised and underlined in the accent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import DISABLED_OPACITY, control_height, current_tokens, metric, paint_icon
from diffviz.ui.widgets.availability import set_unavailable

_WELL_RADIUS_PX = 8
_SEGMENT_RADIUS_PX = 6
_PADDING_PX = 2


@dataclass(frozen=True)
class Segment:
    """One choice: its key, its label (markup of ``rich_line``), what it does, and an icon or none.

    ``narrow_icon`` stands for the label in a compact switch, unless the choice is the chosen one.
    """

    key: str
    label: str
    tooltip: str = ""
    icon: str = ""
    narrow_icon: str = ""


class SegmentedSwitch(QWidget):
    """
    Exclusive choices side by side.

    Signals
    -------
    selected(str)
        The user chose the option of that key. Setters stay silent.
    """

    selected = Signal(str)

    def __init__(
        self,
        options: Sequence[Segment | tuple[str, str] | tuple[str, str, str] | tuple[str, str, str, str]],
        accessible_name: str = "",
        parent: QWidget | None = None,
        *,
        height_px: int = 0,
    ) -> None:
        super().__init__(parent)
        self._buttons: dict[str, _SegmentButton] = {}
        self._height_px = height_px
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(_PADDING_PX, _PADDING_PX, _PADDING_PX, _PADDING_PX)
        row.setSpacing(0)
        for option in options:
            segment = option if isinstance(option, Segment) else Segment(*option)
            button = _SegmentButton(segment, self)
            row.addWidget(button)
            self._buttons[segment.key] = button
        self._mark(next(iter(self._buttons), ""))

    @property
    def current(self) -> str:
        """Key of the chosen option."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def keys(self) -> tuple[str, ...]:
        """Keys of all options in their order."""
        return tuple(self._buttons)

    def set_current(self, key: str) -> None:
        """
        Show an option as chosen, silently.

        Raises
        ------
        KeyError
            There is no option of that key.
        """
        if key not in self._buttons:
            raise KeyError(key)
        self._mark(key)

    def set_unavailable(self, key: str, reason: str | None) -> None:
        """Disable one option and say why in its tooltip; None enables it again."""
        set_unavailable(self._buttons[key], reason)

    def set_label(self, key: str, label: str) -> None:
        """Give an option another label."""
        self._buttons[key].set_label(label)

    def set_compact(self, compact: bool) -> None:
        """Show icons instead of the labels of choices that have one for that; names and tooltips stay."""
        for button in self._buttons.values():
            button.set_compact(compact)
        self.updateGeometry()

    def button(self, key: str) -> QAbstractButton:
        """Return the button of an option."""
        return self._buttons[key]

    @override
    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._height())

    @override
    def minimumSizeHint(self) -> QSize:
        width = sum(button.minimumSizeHint().width() for button in self._buttons.values())
        return QSize(width + 2 * _PADDING_PX, self._height())

    @override
    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.EnabledChange:
            self.update()
        super().changeEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.color("line"), 1.0))
        painter.setBrush(tokens.color("field"))
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, _WELL_RADIUS_PX, _WELL_RADIUS_PX)

    def choose_by_user(self, key: str, *, take_focus: bool = False) -> None:
        """Choose as a click does: mark, and tell of it if it is another option."""
        if take_focus:
            self._buttons[key].setFocus(Qt.FocusReason.TabFocusReason)
        changes = key != self.current
        self._mark(key)
        if changes:
            self.selected.emit(key)

    def step(self, key: str, direction: int) -> None:
        """Choose the next available option before (−1) or after (+1) ``key``."""
        keys = [k for k, button in self._buttons.items() if button.isEnabled()]
        if key in keys:
            self.choose_by_user(keys[(keys.index(key) + direction) % len(keys)], take_focus=True)

    def choose_end(self, last: bool) -> None:
        """Choose the first or the last available option."""
        keys = [k for k, button in self._buttons.items() if button.isEnabled()]
        if keys:
            self.choose_by_user(keys[-1 if last else 0], take_focus=True)

    def _height(self) -> int:
        return metric(self._height_px) if self._height_px else control_height()

    def _mark(self, chosen: str) -> None:
        for key, button in self._buttons.items():
            button.setChecked(key == chosen)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if key == chosen else Qt.FocusPolicy.ClickFocus)


class _SegmentButton(QAbstractButton):
    """One option; arrows move the choice, Tab leaves the switch."""

    def __init__(self, segment: Segment, switch: SegmentedSwitch) -> None:
        super().__init__(switch)
        self._segment = segment
        self._switch = switch
        self._is_compact = False
        self.setCheckable(True)
        self.toggled.connect(self._on_toggled)
        self.setText(plain_text(segment.label))
        self.setToolTip(segment.tooltip or plain_text(segment.label))
        self.setAccessibleName(plain_text(segment.label) or segment.tooltip)
        self.setAccessibleDescription(segment.tooltip)
        self.setProperty(RING_PROPERTY, _SEGMENT_RADIUS_PX)
        # Squeezed, each keeps the room that its own words need.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_compact(self, compact: bool) -> None:
        if compact != self._is_compact:
            self._is_compact = compact
            self.updateGeometry()
            self.update()

    def set_label(self, label: str) -> None:
        self._segment = replace(self._segment, label=label)
        self.setText(plain_text(label))
        self.updateGeometry()
        self.update()

    @Slot(bool)
    def _on_toggled(self, checked: bool) -> None:
        del checked
        if self._is_compact:
            self.updateGeometry()

    @override
    def nextCheckState(self) -> None:
        self._switch.choose_by_user(self._segment.key)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if key in moves:
            mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
            self._switch.step(self._segment.key, -moves[key] if mirrored else moves[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._switch.choose_end(key == Qt.Key.Key_End)
        else:
            super().keyPressEvent(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(round(self._content_width(strong=True) + 2 * metric(11)), metric(26))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(round(self._content_width(strong=True) + 2 * metric(4)), metric(24))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(DISABLED_OPACITY)
        rect = QRectF(self.rect())
        if self.isChecked():
            shape = QPainterPath()
            shape.addRoundedRect(rect, _SEGMENT_RADIUS_PX, _SEGMENT_RADIUS_PX)
            painter.fillPath(shape, tokens.color("raised"))
            painter.setClipPath(shape)
            painter.fillRect(QRectF(0, rect.height() - 2, rect.width(), 2), tokens.color("accent"))
            painter.setClipping(False)
        is_bright = self.isChecked() or (self.underMouse() and self.isEnabled())
        ink = tokens.color("text" if is_bright else "text2")
        line = self._line(self.isChecked())
        left = (rect.width() - self._content_width(self.isChecked())) / 2
        icon = self._icon()
        if icon:
            side = metric(16)
            paint_icon(painter, icon, QRectF(left, (rect.height() - side) / 2, side, side), ink)
            left += side + metric(6)
        if not self._label():
            return
        baseline = round(rect.height() / 2 - line.height() / 2 + line.ascent())
        line.paint(painter, left, baseline, ink, tokens)

    def _icon(self) -> str:
        return self._segment.icon or ("" if self._label() else self._segment.narrow_icon)

    def _label(self) -> str:
        is_hidden = self._is_compact and self._segment.narrow_icon and not self.isChecked()
        return "" if is_hidden else self._segment.label

    def _line(self, strong: bool) -> RichLine:
        return RichLine(self._label(), "body", QFont.Weight.DemiBold if strong else QFont.Weight.Normal)

    def _content_width(self, strong: bool) -> float:
        label = self._line(strong).width() if self._label() else 0.0
        icon = float(metric(16)) if self._icon() else 0.0
        return label + icon + (metric(6) if label and icon else 0)
