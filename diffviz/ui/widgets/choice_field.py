"""A field that offers a list: like a combo box, in the program's own drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QComboBox, QListView, QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.theme import (
    Role,
    control_height,
    current_tokens,
    font_for,
    icon,
    metric,
    notifier,
    paint_icon,
)
from diffviz.ui.widgets.field_frame import (
    ARROW_STRIP_PX,
    FIELD_RADIUS_PX,
    paint_chevron,
    paint_field_frame,
    text_inset,
)

_TOOLTIP_ROLE = Qt.ItemDataRole.ToolTipRole


@dataclass(frozen=True)
class Choice:
    """One entry: key, label, what it means, icon and its colour, and why it cannot be taken ("" : it can)."""

    key: str
    label: str
    tooltip: str = ""
    icon: str = ""
    icon_role: Role = "text2"
    unavailable: str = ""


class ChoiceField(QComboBox):
    """
    A list to choose one entry from.

    Signals
    -------
    choice_edited(str)
        The user took the entry of that key, another than before. Setters stay silent.
    """

    choice_edited = Signal(str)

    def __init__(
        self,
        options: Sequence[Choice | tuple[str, str] | tuple[str, str, str]] = (),
        *,
        accessible_name: str = "",
        tooltip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._choices: tuple[Choice, ...] = ()
        self._shown_key = ""
        self._problem = ""
        self.setView(QListView(self))
        self.setAccessibleName(accessible_name)
        self.setToolTip(tooltip or accessible_name)
        self.setProperty(RING_PROPERTY, FIELD_RADIUS_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMaxVisibleItems(16)
        self.set_options(options)
        self.currentIndexChanged.connect(self._on_current_index_changed)
        notifier.changed.connect(self._on_theme_changed)

    @property
    def current(self) -> str:
        """Key of the entry shown; empty when there is none."""
        index = self.currentIndex()
        return self._choices[index].key if 0 <= index < len(self._choices) else ""

    def keys(self) -> tuple[str, ...]:
        """Keys of all entries in their order."""
        return tuple(choice.key for choice in self._choices)

    def set_options(self, options: Sequence[Choice | tuple[str, str] | tuple[str, str, str]]) -> None:
        """Offer other entries, silently; the entry shown stays where its key is still there."""
        kept = self.current
        blocker = QSignalBlocker(self)
        self._choices = tuple(o if isinstance(o, Choice) else Choice(*o) for o in options)
        self.clear()
        for choice in self._choices:
            self.addItem(choice.label)
        self._dress_items()
        keys = self.keys()
        if kept in keys:
            self.setCurrentIndex(keys.index(kept))
        self._shown_key = self.current
        blocker.unblock()
        self.updateGeometry()

    def set_current(self, key: str) -> None:
        """
        Show an entry, silently.

        Raises
        ------
        KeyError
            There is no entry of that key.
        """
        if key not in self.keys():
            raise KeyError(key)
        blocker = QSignalBlocker(self)
        self.setCurrentIndex(self.keys().index(key))
        self._shown_key = key
        blocker.unblock()

    @property
    def problem(self) -> str:
        """Sentence that says why the choice is not accepted; empty when it is."""
        return self._problem

    def set_problem(self, sentence: str) -> None:
        """Show the choice as not accepted and say why; an empty sentence ends it."""
        self._problem = sentence
        self.setAccessibleDescription(sentence)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(font_for("body"))
        widest = max((metrics.horizontalAdvance(choice.label) for choice in self._choices), default=40.0)
        return QSize(round(widest) + self._chrome_width(), control_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._chrome_width() + metric(36), control_height())

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    @override
    def showPopup(self) -> None:
        widest = self.sizeHint().width() + metric(28)
        self.view().setMinimumWidth(max(self.width(), widest))
        super().showPopup()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        paint_field_frame(painter, self, is_invalid=bool(self._problem))
        left = float(text_inset())
        strip = metric(ARROW_STRIP_PX) + 2
        index = self.currentIndex()
        if 0 <= index < len(self._choices):
            choice = self._choices[index]
            if choice.icon:
                side = metric(15)
                spot = QRectF(left, (self.height() - side) / 2, side, side)
                paint_icon(painter, choice.icon, spot, tokens.color(choice.icon_role))
                left += side + metric(7)
            painter.setFont(font_for("body"))
            painter.setPen(tokens.color("text"))
            room = self.width() - left - strip
            label = QFontMetricsF(painter.font()).elidedText(choice.label, Qt.TextElideMode.ElideRight, room)
            rect = QRectF(left, 0, room, self.height())
            painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
        center = QPointF(self.width() - strip / 2 - 2, self.height() / 2)
        paint_chevron(painter, center, metric(4), points_up=False)

    def _chrome_width(self) -> int:
        has_icon = any(choice.icon for choice in self._choices)
        return text_inset() + metric(ARROW_STRIP_PX) + 6 + (metric(22) if has_icon else 0)

    def _dress_items(self) -> None:
        model = self.model()
        for row, choice in enumerate(self._choices):
            if choice.icon:
                self.setItemIcon(row, icon(choice.icon, choice.icon_role))
            self.setItemData(row, choice.unavailable or choice.tooltip or None, _TOOLTIP_ROLE)
            if isinstance(model, QStandardItemModel):
                model.item(row).setEnabled(not choice.unavailable)

    @Slot(int)
    def _on_current_index_changed(self, index: int) -> None:
        key = self.current
        if index >= 0 and key != self._shown_key:
            self._shown_key = key
            self.choice_edited.emit(key)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._dress_items()
