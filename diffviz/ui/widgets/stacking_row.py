"""Widgets side by side that stack when there is no room, as in a narrow panel or with large text."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget, QWidgetItem
from typing_extensions import override

from diffviz.ui.widgets.fields import LabelledField


class StackingRow(QWidget):
    """
    A row that becomes a column where its widgets would be cut.

    Parameters
    ----------
    widgets
        From left to right, or from top to bottom.
    shares
        Stretch of each widget; equal without.
    spacing
        Distance in px.
    is_packed
        Keep every widget at its own width and leave the rest free.
    is_centred
        Centre lower widgets beside a higher one; else upper edges are level, or the fields
        below labels.
    """

    def __init__(
        self,
        widgets: Sequence[QWidget],
        shares: Sequence[int] = (),
        *,
        spacing: int = 10,
        is_packed: bool = False,
        is_centred: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        layout = _StackingLayout(tuple(shares) or (1,) * len(widgets), spacing, is_packed, is_centred)
        self.setLayout(layout)
        for widget in widgets:
            layout.addWidget(widget)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)


class _StackingLayout(QLayout):
    """Decides by the width alone, so that its height is known before it is laid out."""

    def __init__(self, shares: Sequence[int], spacing: int, is_packed: bool, is_centred: bool) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        self._shares = shares
        self._is_packed = is_packed
        self._is_centred = is_centred
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    @override
    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    @override
    def count(self) -> int:
        return len(self._items)

    @override
    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    @override
    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    @override
    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation.Horizontal

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            places = self._places(QRect(0, 0, width, 0))
            self._heights[width] = max((place.bottom() + 1 for place in places), default=0)
        return self._heights[width]

    @override
    def invalidate(self) -> None:
        # Called from Qt's own constructor too.
        if hasattr(self, "_heights"):
            self._heights.clear()
        super().invalidate()

    @override
    def sizeHint(self) -> QSize:
        width = sum(item.sizeHint().width() for item in self._shown()) + self._gaps()
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSize(self) -> QSize:
        shown = self._shown()
        return QSize(
            max((item.minimumSize().width() for item in shown), default=0),
            max((item.minimumSize().height() for item in shown), default=0),
        )

    @override
    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        for item, place in zip(self._shown(), self._places(rect)):
            item.setGeometry(place)

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _gaps(self) -> int:
        return self.spacing() * max(0, len(self._shown()) - 1)

    def _places(self, rect: QRect) -> list[QRect]:
        """Rectangle of every widget, beside each other where they fit and else below each other."""
        shown = self._shown()
        needed = sum(item.minimumSize().width() for item in shown) + self._gaps()
        if needed > rect.width():
            return self._stacked(rect)
        widths = self._widths(shown, rect.width())
        places, left = [], rect.left()
        for item, width in zip(shown, widths):
            places.append(QRect(left, rect.top(), width, _height(item, width)))
            left += width + self.spacing()
        if not self._is_centred:
            # A label with mathematics is higher than a plain one; their fields stand level all the same.
            labels = [_label_height(item) for item in shown]
            for place, height in zip(places, labels):
                place.translate(0, max(labels) - height if height else 0)
        else:
            highest = max((place.height() for place in places), default=0)
            for place in places:
                place.translate(0, (highest - place.height()) // 2)
        return places

    def _stacked(self, rect: QRect) -> list[QRect]:
        places, top = [], rect.top()
        for item in self._shown():
            width = min(item.sizeHint().width(), rect.width()) if self._is_packed else rect.width()
            places.append(QRect(rect.left(), top, width, _height(item, width)))
            top += places[-1].height() + self.spacing()
        return places

    def _widths(self, shown: Sequence[QLayoutItem], width: int) -> list[int]:
        if self._is_packed:
            return [min(item.sizeHint().width(), width) for item in shown]
        free = width - self._gaps()
        shares = self._shares[: len(shown)]
        widths = [free * share // sum(shares) for share in shares]
        # Shares bend where a widget would be cut, at the cost of those with room to spare.
        spare = [width - item.minimumSize().width() for width, item in zip(widths, shown)]
        for index in range(len(spare)):
            while spare[index] < 0 < max(spare):
                giver = max(range(len(spare)), key=spare.__getitem__)
                moved = min(-spare[index], spare[giver])
                spare[index] += moved
                spare[giver] -= moved
        return [item.minimumSize().width() + left for item, left in zip(shown, spare)]


def _label_height(item: QLayoutItem) -> int:
    """Height of the label above a field; 0 for other widgets."""
    widget = item.widget()
    return widget.label.sizeHint().height() if isinstance(widget, LabelledField) else 0


def _height(item: QLayoutItem, width: int) -> int:
    if item.hasHeightForWidth():
        return item.heightForWidth(width)
    widget = item.widget() if isinstance(item, QWidgetItem) else None
    return widget.sizeHint().height() if widget is not None else item.sizeHint().height()
