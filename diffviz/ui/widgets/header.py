"""The header of the window: name, workspaces, commands, files, theme."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui import theme
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import application_icon, color, current_tokens, metric
from diffviz.ui.widgets.buttons import Button, make_button, native_keys
from diffviz.ui.widgets.field_frame import paint_field_frame
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch

_SWITCH_LEFT_PX = 320
_COMPACT_BELOW_PX = 1340
_LEFT_PX, _RIGHT_PX, _SPACING_PX = 16, 12, 8


class Brand(QWidget):
    """The logo and the name; compact: the logo alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = application_icon()
        self._is_compact = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("diffviz")

    def set_compact(self, compact: bool) -> None:
        """Show the logo alone."""
        if compact != self._is_compact:
            self._is_compact = compact
            self.updateGeometry()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(28 if self._is_compact else 130), metric(32))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = metric(28)
        self._icon.paint(painter, 0, (self.height() - side) // 2, side, side)
        if self._is_compact:
            return
        line = RichLine("diffviz", "title", QFont.Weight.Bold)
        baseline = self.height() / 2 - line.height() / 2 + line.ascent()
        line.paint(painter, side + metric(9), baseline, color("text"), current_tokens())


class CommandBox(Button):
    """A button that looks like a search field and opens the command palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("flat", "Find a command", "search", parent)
        self.setAccessibleName("Find a command")
        self.setToolTip(f"Find any command by its name  ({native_keys('Ctrl+K')})")

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(212) if self._shows_text() else metric(34), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_field_frame(painter, self)
        side = metric(16)
        place = QRectF(metric(9), (self.height() - side) / 2, side, side)
        theme.paint_icon(painter, "search", place, color("text2"))
        if not self._shows_text():
            return
        words = RichLine("Find a command", "body")
        keys = RichLine(native_keys("Ctrl+K"), "label")
        baseline = self.height() / 2 - words.height() / 2 + words.ascent()
        words.paint(painter, place.right() + metric(8), baseline, color("text2"), current_tokens())
        end = self.width() - keys.width() - metric(10)
        keys.paint(painter, end, baseline - 1, color("text3"), current_tokens())


class Header(QWidget):
    """
    The bar at the top.

    Signals
    -------
    workspace_selected(str)
        The user chose a workspace.
    open_requested(), export_requested(), palette_requested(), lessons_requested()
        The user pressed that button.
    theme_requested(), undo_requested(), redo_requested()
        The user pressed that button.
    """

    workspace_selected = Signal(str)
    open_requested = Signal()
    export_requested = Signal()
    palette_requested = Signal()
    lessons_requested = Signal()
    theme_requested = Signal()
    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, workspaces: Sequence[Segment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(metric(48))
        self.workspaces = SegmentedSwitch(workspaces, "Workspace", height_px=34)
        self.workspaces.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.commands = CommandBox()
        self.undo = make_button("tool", icon="undo-2", tooltip="Undo", shortcut="Ctrl+Z")
        self.redo = make_button("tool", icon="redo-2", tooltip="Redo", shortcut="Ctrl+Shift+Z")
        self.lessons = make_button("tool", icon="lesson", tooltip="Lessons, guided tours", shortcut="Ctrl+L")
        self.open = make_button("flat", "Open image", "folder-open", "Open pictures", "Ctrl+O")
        self.export = make_button("plain", "Export", "upload", "Export an animation or pictures", "Ctrl+E")
        self.theme = make_button("tool", icon="sun", tooltip="Change to light colours")
        self._brand = Brand()
        row = QHBoxLayout(self)
        row.setContentsMargins(_LEFT_PX, 0, _RIGHT_PX, 0)
        row.setSpacing(_SPACING_PX)
        row.addWidget(self._brand)
        self._gap = QWidget()
        row.addWidget(self._gap)
        row.addWidget(self.workspaces)
        row.addStretch(1)
        self._buttons = (
            *(self.undo, self.redo, self.lessons, self.commands),
            *(self.open, self.export, self.theme),
        )
        for button in self._buttons:
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.workspaces.selected.connect(self.workspace_selected)
        self.commands.clicked.connect(self.palette_requested)
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.lessons.clicked.connect(self.lessons_requested)
        self.open.clicked.connect(self.open_requested)
        self.export.clicked.connect(self.export_requested)
        self.theme.clicked.connect(self.theme_requested)
        theme.notifier.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        is_dark = current_tokens().is_dark
        self.theme.set_icon_name("sun" if is_dark else "moon")
        words = "Change to light colours" if is_dark else "Change to dark colours"
        self.theme.setToolTip(words)
        self.theme.setAccessibleName(words)
        self.setFixedHeight(metric(48))
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give way where there is little room: first words of buttons, then the name, then the workspaces."""
        is_compact = self.width() < metric(_COMPACT_BELOW_PX)
        for button in (self.commands, self.open, self.export):
            button.set_compact(is_compact)
        for part in (self._brand, self.workspaces):
            part.set_compact(False)
        for part in (self._brand, self.workspaces):
            part.set_compact(self._least_width() > self.width())
        taken = _LEFT_PX + self._brand.sizeHint().width() + 2 * _SPACING_PX
        left = 288 if is_compact else _SWITCH_LEFT_PX
        room = self.width() - self._least_width() + _SPACING_PX
        self._gap.setFixedWidth(max(_SPACING_PX, min(left - taken, room)))

    def _least_width(self) -> int:
        """Width that all parts need, with the least gap between name and workspaces."""
        parts = [self._brand, self.workspaces, *self._buttons]
        widths = sum(part.sizeHint().width() for part in parts)
        # A spacing after each part and after the gap, whose least width is one spacing more.
        return _LEFT_PX + widths + (len(parts) + 1) * _SPACING_PX + _RIGHT_PX

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), color("panel"))
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
