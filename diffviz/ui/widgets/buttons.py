"""Push buttons in the program's own drawing: plain, primary, outline, flat, tool and round."""

from typing import Literal

from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRectF, QSize, Qt, QVariantAnimation, Slot
from PySide6.QtGui import QColor, QEnterEvent, QFont, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine, plain_text
from diffviz.ui.theme import (
    DISABLED_OPACITY,
    Role,
    control_height,
    current_tokens,
    duration_ms,
    metric,
    paint_icon,
)

ButtonKind = Literal["plain", "primary", "outline", "flat", "tool", "round"]
_RADIUS_PX = 6
_HOVER_SHARE = 0.06
_PRESSED_SHARE = 0.12


class Button(QPushButton):
    """
    A button that paints itself from the theme's tokens.

    "plain" is raised, "primary" filled with the accent, "outline" a border alone, "flat" bare until the mouse
    is over it, "tool" a flat square for an icon that may be checked, "round" the transport's play button.
    """

    def __init__(
        self, kind: ButtonKind = "plain", text: str = "", icon_name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._kind = kind
        self._markup = text
        self._icon_name = icon_name
        self._icon_role: Role | None = None
        self._shortcut_hint = ""
        self._hover_share = 0.0
        self._is_compact = False
        self._hover = QVariantAnimation(self)
        self._hover.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._hover.valueChanged.connect(self._on_hover_moved)
        self.setText(plain_text(text))
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setProperty(RING_PROPERTY, 99 if kind == "round" else _RADIUS_PX)

    @property
    def icon_name(self) -> str:
        """Name of the icon shown."""
        return self._icon_name

    def set_icon_name(self, name: str) -> None:
        """Show another icon."""
        if name != self._icon_name:
            self._icon_name = name
            self.updateGeometry()
            self.update()

    def set_icon_role(self, role: Role | None) -> None:
        """Draw the icon in the colour of a role; None: in the colour of the text."""
        self._icon_role = role
        self.update()

    def set_label(self, markup: str) -> None:
        """Show another text."""
        if markup != self._markup:
            self._markup = markup
            self.setText(plain_text(markup))
            self.updateGeometry()
            self.update()

    def set_shortcut_hint(self, keys: str) -> None:
        """Show a shortcut after the text, as on the first-run card."""
        self._shortcut_hint = keys
        self.updateGeometry()
        self.update()

    def set_compact(self, compact: bool) -> None:
        """Show the icon alone, where there is one, and keep the text as accessible name."""
        if compact != self._is_compact:
            self._is_compact = compact and bool(self._icon_name)
            self.updateGeometry()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        height = metric(36) if self._kind == "round" else control_height()
        if not self._shows_text():
            return QSize(height, height)
        width = self._line().width() + 2 * metric(12)
        if self._icon_name:
            width += metric(16) + metric(8)
        if self._shortcut_hint:
            width += self._hint_line().width() + metric(10)
        return QSize(round(width + 0.5), height)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._run_hover(1.0)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._run_hover(0.0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(DISABLED_OPACITY)
        self._paint_ground(painter)
        self._paint_content(painter)

    def _shows_text(self) -> bool:
        return bool(self._markup) and self._kind not in ("tool", "round") and not self._is_compact

    def _line(self) -> RichLine:
        weight = QFont.Weight.DemiBold if self._kind == "primary" else QFont.Weight.Medium
        return RichLine(self._markup, "body", weight)

    def _hint_line(self) -> RichLine:
        return RichLine(self._shortcut_hint, "tick")

    def _lift(self) -> float:
        if not self.isEnabled():
            return 0.0
        return _PRESSED_SHARE if self.isDown() else _HOVER_SHARE * self._hover_share

    def _paint_ground(self, painter: QPainter) -> None:
        tokens = current_tokens()
        rect = QRectF(self.rect())
        radius = rect.height() / 2 if self._kind == "round" else float(_RADIUS_PX)
        ground: QColor | None
        if self._kind in ("primary", "round"):
            # Mint towards the light text would fade to grey; a step towards white keeps its hue.
            ground = _lightened(tokens.color("accent"), 2.5 * self._lift())
        elif self._kind == "tool" and self.isChecked():
            ground = tokens.blend("accsoft", "text", self._lift())
        elif self._kind == "plain":
            ground = tokens.blend("raised", "text", self._lift())
        else:
            ground = tokens.color("raised", self._hover_share) if self.isEnabled() else None
            if self.isDown():
                ground = tokens.blend("raised", "text", _HOVER_SHARE)
        if ground is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(rect, radius, radius)
        if self._kind == "outline":
            painter.setPen(QPen(tokens.color("edge"), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _content_color(self) -> QColor:
        tokens = current_tokens()
        if self._kind in ("primary", "round"):
            return tokens.color("onacc")
        if self._kind == "tool":
            return tokens.color("accent" if self.isChecked() else "text2")
        return tokens.color("text")

    def _paint_content(self, painter: QPainter) -> None:
        tokens = current_tokens()
        ink = self._content_color()
        icon_ink = tokens.color(self._icon_role) if self._icon_role else ink
        side = metric(16)
        if not self._shows_text():
            if self._icon_name:
                center = QRectF(self.rect()).center()
                if self._kind == "round" and self._icon_name == "play":
                    # A triangle's weight lies left of its middle.
                    center += QPointF(1.0, 0.0)
                paint_icon(painter, self._icon_name, _square(center, side), icon_ink)
            return
        line, hint = self._line(), self._hint_line()
        gap = metric(8)
        total = line.width()
        if self._icon_name:
            total += side + gap
        if self._shortcut_hint:
            total += hint.width() + metric(10)
        left = (self.width() - total) / 2
        middle = self.height() / 2
        if self._icon_name:
            paint_icon(painter, self._icon_name, _square(QPointF(left + side / 2, middle), side), icon_ink)
            left += side + gap
        baseline = round(middle - line.height() / 2 + line.ascent())
        left = line.paint(painter, left, baseline, ink, tokens)
        if self._shortcut_hint:
            faint = tokens.color("onacc", 0.8) if self._kind == "primary" else tokens.color("text3")
            hint.paint(painter, left + metric(10), baseline, faint, tokens)

    def _run_hover(self, target: float) -> None:
        self._hover.stop()
        if duration_ms("hover") == 0:
            self._on_hover_moved(target)
            return
        self._hover.setDuration(duration_ms("hover"))
        self._hover.setStartValue(self._hover_share)
        self._hover.setEndValue(target)
        self._hover.start()

    @Slot(object)
    def _on_hover_moved(self, share: float) -> None:
        self._hover_share = share
        self.update()


def make_button(
    kind: ButtonKind = "plain",
    text: str = "",
    icon: str = "",
    tooltip: str = "",
    shortcut: str = "",
    accessible_name: str = "",
    *,
    checkable: bool = False,
) -> Button:
    """
    Make a button that is complete: with tooltip, shortcut in words, and a name for screen readers.

    Parameters
    ----------
    kind
        How it looks.
    text
        Its words, with the markup of ``rich_line``; empty for an icon alone.
    icon
        Name of an icon; empty for none.
    tooltip
        What it does.
    shortcut
        Keys such as "Ctrl+O", shown in the tooltip in the platform's spelling. Words only: actions bind keys.
    accessible_name
        Name for screen readers; the text or the tooltip where empty.
    checkable
        Whether it stays down.
    """
    button = Button(kind, text, icon)
    button.setCheckable(checkable)
    words = tooltip or plain_text(text)
    if shortcut:
        button.setToolTip(f"{words}  ({native_keys(shortcut)})")
    else:
        button.setToolTip(words)
    button.setAccessibleName(accessible_name or plain_text(text) or tooltip)
    if shortcut:
        button.setAccessibleDescription(native_keys(shortcut))
    return button


def native_keys(shortcut: str) -> str:
    """Shortcut in the spelling of the platform, or as given where it names no key."""
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText) or shortcut


def _square(center: QPointF, side: float) -> QRectF:
    return QRectF(center.x() - side / 2, center.y() - side / 2, side, side)


def _lightened(base: QColor, share: float) -> QColor:
    return QColor.fromRgbF(*(v + (1.0 - v) * min(share, 1.0) for v in base.getRgbF()[:3]))  # type: ignore[index]
