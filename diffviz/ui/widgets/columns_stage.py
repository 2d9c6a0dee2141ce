"""Pictures side by side on one time, each with a title and a figure, or two of them over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import plain_text
from diffviz.ui.theme import Role, color, metric
from diffviz.ui.widgets.buttons import Button, make_button
from diffviz.ui.widgets.compare_view import CompareView
from diffviz.ui.widgets.image_view import ImageView
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.picture_fit import fit_picture
from diffviz.ui.widgets.picture_painting import MARGIN_PX, title_height

MAX_COLUMNS = 4
# At the sides and between the pictures; less where the stage is narrow, so that the pictures are larger.
_SIDE_PX, _NARROW_SIDE_PX = 24, 10
_GAP_PX, _NARROW_GAP_PX = 16, 6
_NARROW_PX = 640
_LEAST_PX = 64
_MOST_CAPTION_PX = 340
_LEAST_BESIDE_WORDS_PX = 90
_LEAST_BELOW_PX, _MOST_BELOW_PX = 84, 190
_LOW_PX = 440


@dataclass(frozen=True, eq=False)
class Column:
    """One picture: symbol and name above it, the picture uint8 (H, W, C) or None, and words below.

    ``action`` is what a button below it does; "" for none. ``brief`` stands for the words in a low stage.
    """

    symbol: str
    name: str
    picture: NDArray[np.uint8] | None
    caption: str = ""
    outline: Role | None = "model"
    placeholder: str = "Not sampled yet"
    short_name: str = ""
    action: str = ""
    brief: str = ""


class ColumnsStage(QWidget):
    """
    Up to four pictures in a row; the first two may lie over each other with a divider.

    Signals
    -------
    picture_saved(str), save_failed(str)
        The user saved one of the pictures, or it failed.
    action_requested(int)
        The user pressed the button below the column of that number.
    """

    picture_saved = Signal(str)
    save_failed = Signal(str)
    action_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[Column, ...] = ()
        self._is_overlaid = False
        self.head = QHBoxLayout()
        self.head.setSpacing(10)
        self.views = tuple(ImageView() for _ in range(MAX_COLUMNS))
        self.captions = tuple(MathLabel("", "label", "text2", wraps=True) for _ in range(MAX_COLUMNS))
        self.action_buttons = tuple(
            make_button("plain", "Run", "play", "Run the reverse process with this one from the same noise")
            for _ in range(MAX_COLUMNS)
        )
        self._below: QWidget | None = None
        self._put_away: set[QWidget] = set()
        self.overlay = CompareView()
        self.overlay.hide()
        self.sentence = MathLabel("", "body", "text", wraps=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        row = self._row = QHBoxLayout()
        row.addStretch(1)
        for index, (view, caption) in enumerate(zip(self.views, self.captions, strict=True)):
            view.picture_saved.connect(self.picture_saved)
            view.save_failed.connect(self.save_failed)
            caption.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(view, 0, Qt.AlignmentFlag.AlignHCenter)
            cell.addWidget(caption, 0, Qt.AlignmentFlag.AlignHCenter)
            action = self.action_buttons[index]
            action.clicked.connect(partial(self.action_requested.emit, index))
            cell.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
            cell.addStretch(1)
            row.addLayout(cell)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setSpacing(8)
        self._outer = outer
        outer.addLayout(self.head)
        outer.addStretch(2)
        outer.addLayout(row)
        outer.addWidget(self.overlay, 100)
        self._beneath = QVBoxLayout()
        outer.addLayout(self._beneath)
        outer.addWidget(self.sentence)
        outer.addStretch(3)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show these pictures from left to right, at most four."""
        self._columns = tuple(columns[:MAX_COLUMNS])
        for index, (view, caption) in enumerate(zip(self.views, self.captions, strict=True)):
            is_used = index < len(self._columns)
            if is_used:
                column = self._columns[index]
                view.set_title(column.symbol, column.name, short_name=column.short_name)
                view.set_outline(column.outline)
                view.set_placeholder(column.placeholder)
                view.set_image(column.picture)
                self.action_buttons[index].setAccessibleName(column.action)
            view.setVisible(is_used and not self._is_overlaid)
            caption.setVisible(is_used and not self._is_overlaid)
            if not is_used:
                self.action_buttons[index].hide()
        if len(self._columns) >= 2:
            left, right = self._columns[:2]
            self.overlay.set_labels(left.name, right.name)
            self.overlay.set_pictures(left.picture, right.picture)
        self._fit()

    def set_overlaid(self, is_overlaid: bool) -> None:
        """Lay the first two over each other, with a divider, or show all side by side."""
        self._is_overlaid = is_overlaid
        self.overlay.setVisible(is_overlaid)
        self.set_columns(self._columns)

    def put_away(self, widget: QWidget, *, is_away: bool) -> None:
        """Leave a widget of the head out, where it means nothing, or bring it back."""
        if is_away != (widget in self._put_away):
            self._put_away ^= {widget}
            self._fit()

    def set_below(self, widget: QWidget | None) -> None:
        """Put a widget, a plot for instance, between the pictures and the sentence; None: nothing."""
        if widget is self._below:
            return
        if self._below is not None:
            self._beneath.removeWidget(self._below)
            self._below.hide()
        self._below = widget
        if widget is not None:
            self._beneath.addWidget(widget)
        self._fit()

    def set_sentence(self, markup: str) -> None:
        """Say below what is to be seen; "" for nothing. Where there is no room it is the stage's tooltip."""
        self.sentence.set_markup(markup)
        captions = (f"{column.name}: {plain_text(column.caption)}" for column in self._columns)
        self.setToolTip("\n".join((*captions, self.sentence.plain)))
        self._fit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))

    def _fit(self) -> None:
        """Enlarge the pictures alike, as far as the stage allows."""
        is_narrow = self.width() < metric(_NARROW_PX)
        side_px, gap_px = (_NARROW_SIDE_PX, _NARROW_GAP_PX) if is_narrow else (_SIDE_PX, _GAP_PX)
        self._outer.setContentsMargins(side_px, 6, side_px, 12)
        self._row.setSpacing(gap_px)
        self._fit_head(side_px)
        count = len(self._columns)
        if not count:
            return
        frame = 2 * MARGIN_PX
        is_low = self.height() < metric(_LOW_PX)
        for words, column in zip(self.captions, self._columns, strict=False):
            words.set_markup(column.brief if is_low and column.brief else column.caption)
        width = (self.width() - 2 * side_px - (count - 1) * gap_px) / count - frame
        caption = max((self.captions[i].heightForWidth(round(width)) for i in range(count)), default=0)
        below = self.sentence.heightForWidth(self.width() - 2 * side_px) if self.sentence.plain else 0
        height = self.height() - self.head.sizeHint().height() - title_height() - frame - 60
        has_captions = not self._is_overlaid and height - caption >= metric(_LEAST_PX)
        for words in self.captions[:count]:
            words.setVisible(has_captions)
        height -= caption if has_captions else 0
        # A plot is worth more than the words about it, which stay in the tooltip.
        gives_way = is_low and self._below is not None
        has_room = height - below >= metric(_LEAST_BESIDE_WORDS_PX) and not gives_way
        self.sentence.setVisible(bool(self.sentence.plain) and has_room)
        height -= below if has_room else 0
        height -= self._fit_actions(height)
        height -= self._fit_below(width, height)
        room = (max(width, _LEAST_PX), max(height, _LEAST_PX))
        sizes = [view.picture_size for view in self.views[:count] if view.picture_size != (0, 0)]
        side = min(*room, metric(240))
        shown = fit_picture(sizes[0], room, self.devicePixelRatioF()) if sizes else None
        picture = (shown.width, shown.height) if shown is not None else (side, side)
        for view, words in zip(self.views[:count], self.captions[:count], strict=True):
            view.set_name_short(view.title_width() > picture[0] + frame)
            view.setFixedSize(round(picture[0] + frame), round(picture[1] + title_height() + frame))
            words.setFixedWidth(round(min(max(picture[0] + frame, width), metric(_MOST_CAPTION_PX))))

    def _fit_actions(self, height: float) -> int:
        """Show the buttons below the columns, unless the pictures need their room; return it."""
        asked = [bool(column.action) and not self._is_overlaid for column in self._columns]
        taken = self.action_buttons[0].sizeHint().height() + 2
        has_room = any(asked) and height - taken >= metric(_LEAST_PX)
        for button, is_asked in zip(self.action_buttons, asked, strict=False):
            button.setVisible(is_asked and has_room)
        return taken if has_room else 0

    def _fit_below(self, width: float, height: float) -> int:
        """Give the widget below what pictures leave, at least a third and what it needs up to a half."""
        if self._below is None:
            return 0
        least = metric(_LEAST_BELOW_PX)
        share = min(round(height - min(width, 2 * height / 3)), metric(_MOST_BELOW_PX))
        share = max(share, least if least <= height / 2 else 0)
        has_room = share >= least
        self._below.setVisible(has_room)
        if has_room:
            self._below.setFixedHeight(share)
        return share + 8 if has_room else 0

    def _fit_head(self, side_px: int) -> None:
        """With large text words give way to the controls that they stand before, then buttons to icons."""
        items = [self.head.itemAt(place) for place in range(self.head.count())]
        widgets = [w for item in items if item is not None and (w := item.widget()) is not None]
        for widget in self._put_away:
            widget.hide()
        widgets = [widget for widget in widgets if widget not in self._put_away]
        gaps = (len(widgets) + 1) * self.head.spacing()
        room = self.width() - 2 * side_px - gaps
        buttons = [widget for widget in widgets if isinstance(widget, Button)]
        for button in buttons:
            button.set_compact(False)
        has_words = sum(widget.sizeHint().width() for widget in widgets) <= room
        shown = [widget for widget in widgets if has_words or not isinstance(widget, MathLabel)]
        for widget in widgets:
            widget.setVisible(widget in shown)
        is_tight = sum(widget.sizeHint().width() for widget in shown) > room
        for button in buttons:
            button.set_compact(is_tight)
