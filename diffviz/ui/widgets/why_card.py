"""The card that explains an exact denoiser's answer: the pictures with the largest weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import color, current_tokens, metric
from diffviz.ui.widgets.pixels import picture_from_array

_MAX_SHOWN = 5
_THUMB_PX = 44


@dataclass(frozen=True, eq=False)
class WeightedPicture:
    """One picture of the data set and its share of the posterior mean, 0 to 1."""

    picture: NDArray[np.uint8]
    weight: float


class WhyCard(QWidget):
    """
    Heaviest pictures behind x̂₀ of an exact denoiser, and how undecided it still is.

    Parameters
    ----------
    question
        What the card answers, in markup.
    is_narrow
        Whether how undecided it is stands below the pictures, not beside the question.
    """

    def __init__(
        self, question: str = "Why this $x̂_0$?", parent: QWidget | None = None, *, is_narrow: bool = False
    ) -> None:
        super().__init__(parent)
        self._question = f"**{question}**"
        self._is_narrow = is_narrow
        self._pictures: tuple[WeightedPicture, ...] = ()
        self._effective_count = 1.0
        self._num_pictures = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "The exact denoiser answers with the mean of all its pictures, each weighted by how well it "
            "explains the noisy one. The effective number is the exponential of the weights' entropy."
        )

    def set_weights(
        self, pictures: Sequence[WeightedPicture], effective_count: float, num_pictures: int
    ) -> None:
        """
        Show the heaviest pictures.

        Parameters
        ----------
        pictures
            Heaviest first; five are shown.
        effective_count
            Effective number of pictures, 1 to ``num_pictures``.
        num_pictures
            Size of the data set.
        """
        self._pictures = tuple(pictures[:_MAX_SHOWN])
        self._effective_count = effective_count
        self._num_pictures = num_pictures
        self.setAccessibleName(RichLine(self._headline()).plain)
        shares = ", ".join(f"{round(100 * p.weight)} percent" for p in self._pictures)
        self.setAccessibleDescription(f"Weights of the heaviest pictures: {shares}")
        self.update()

    def _headline(self, *, is_short: bool = False) -> str:
        if self._num_pictures <= 1:
            return f"{self._question}  [text2]The data set holds one picture, so it is always the answer.[/]"
        if is_short:
            return f"{self._question}  [text2]{self._state()}[/]"
        mean = f"A weighted mean of {self._num_pictures:,} pictures."
        return f"{self._question}  [text2]{mean} {self._state()}[/]"

    def _state(self) -> str:
        """How undecided the denoiser is."""
        if self._effective_count < 1.05:
            return "Decided: one picture explains what is seen."
        return f"Still undecided between {self._effective_count:,.1f} pictures."

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, metric(110 if self._is_narrow else 104))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QPen(color("line"), 1))
        painter.setBrush(color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        left = metric(14)
        headlines = [self._question]
        if not self._is_narrow:
            headlines = [self._headline(), self._headline(is_short=True), self._question]
        else:
            state = RichLine(self._state(), "label")
            state.paint(painter, left, metric(88) + state.ascent(), color("text2"), tokens)
        lines = [RichLine(words, "label") for words in headlines]
        head = next((line for line in lines if line.width() <= self.width() - 2 * left), lines[-1])
        head.paint(painter, left, metric(8 if self._is_narrow else 12) + head.ascent(), color("text"), tokens)
        slots = _MAX_SHOWN + 1
        pitch = (self.width() - 2 * left) / slots
        thumb = metric(_THUMB_PX)
        top = metric(31 if self._is_narrow else 38)
        narrow = pitch < thumb + metric(46)
        for index, entry in enumerate(self._pictures):
            x = left + index * pitch
            self._paint_picture(painter, QRectF(x, top, thumb, thumb), entry)
            text = RichLine(_percent(entry.weight), "label" if narrow else "body", QFont.Weight.DemiBold)
            if narrow:
                room = QRectF(x, top, thumb, thumb)
                painter.fillRect(
                    QRectF(room.left(), room.bottom() - 16, room.width(), 16), color("panel", 0.8)
                )
                text.paint(painter, x + 4, room.bottom() - 4, color("text"), tokens)
            else:
                text.paint(painter, x + thumb + metric(8), top + thumb / 2 + 5, color("text"), tokens)
            bar = QRectF(x, top + thumb + metric(6), min(pitch - metric(12), metric(96)), 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color("line"))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setBrush(color("model"))
            bar.setWidth(max(3.0, bar.width() * entry.weight))
            painter.drawRoundedRect(bar, 2, 2)
        self._paint_rest(painter, left + len(self._pictures) * pitch, top, pitch)

    def _paint_picture(self, painter: QPainter, place: QRectF, entry: WeightedPicture) -> None:
        image = picture_from_array(entry.picture)
        size = image.size().scaled(place.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        inner = QRectF(0, 0, size.width(), size.height())
        inner.moveCenter(place.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > size.width())
        painter.drawImage(inner, image)

    def _paint_rest(self, painter: QPainter, x: float, top: float, room: float) -> None:
        others = self._num_pictures - len(self._pictures)
        if others <= 0 or room < metric(80):
            return
        rest = max(0.0, 1.0 - sum(entry.weight for entry in self._pictures))
        for row, words in enumerate((f"{others:,} other pictures", f"share {_percent(rest)}")):
            line = RichLine(words, "label")
            line.paint(painter, x, top + metric(18) + row * metric(16), color("text3"), current_tokens())


def _percent(share: float) -> str:
    if 0 < share < 0.005:
        return "< 1%"
    return f"{round(100 * share)}%"
