"""The whole window as a drop target: it shows what is held over it and says what letting go will do."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEasingCurve,
    QEvent,
    QMimeData,
    QObject,
    QPointF,
    QRectF,
    Qt,
    QVariantAnimation,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QBrush,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, duration_ms, metric, paint_icon
from diffviz.ui.widgets.announce import announce
from diffviz.ui.widgets.pixels import picture_from_array, scaled_picture

_INSET_PX = 12
_RADIUS_PX = 12
_PREVIEW_PX = 132
_ICON_PX = 48
_TILT_DEGREES = -3.0
_WASH = 0.72


@dataclass(frozen=True)
class DropOffer:
    """
    What letting go would do.

    Parameters
    ----------
    headline
        "Drop to open astronaut.png", or why it cannot be opened.
    lines
        Effect and details, one sentence each, with the markup of ``rich_line``.
    preview
        The picture, where one is known.
    accepted
        Whether it would be taken at all.
    """

    headline: str
    lines: tuple[str, ...] = ()
    preview: QImage | NDArray[np.uint8] | None = None
    accepted: bool = True


class DropOverlay(QWidget):
    """
    Lies over a window while something is dragged across it.

    Signals
    -------
    dropped(QMimeData)
        Something acceptable was let go; read it at once, Qt takes it back afterwards.
    """

    dropped = Signal(object)

    def __init__(self, window: QWidget, judge: Callable[[QMimeData], DropOffer]) -> None:
        """
        Take over the drops of a window.

        Parameters
        ----------
        window
            Every drop on it comes here.
        judge
            Looks at what is dragged, once when it enters, and says what would happen.
        """
        super().__init__(window)
        self._judge = judge
        self._offer = DropOffer("")
        self._preview: QImage | None = None
        self._share = 0.0
        self._fade = QVariantAnimation(self)
        self._fade.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._fade.valueChanged.connect(self._on_fade_moved)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    @property
    def offer(self) -> DropOffer:
        """What is shown."""
        return self._offer

    def show_offer(self, offer: DropOffer) -> None:
        """Cover the window and show an offer."""
        self._offer = offer
        preview = offer.preview
        self._preview = picture_from_array(preview) if isinstance(preview, np.ndarray) else preview
        window = self.parentWidget()
        assert window is not None
        self.setGeometry(window.rect())
        self.raise_()
        self.show()
        announce(self, offer.headline, urgent=not offer.accepted)
        self._fade.stop()
        if duration_ms("panel") == 0:
            self._on_fade_moved(1.0)
            return
        self._fade.setDuration(duration_ms("panel"))
        self._fade.setStartValue(0.0)
        self._fade.setEndValue(1.0)
        self._fade.start()

    def dismiss(self) -> None:
        """Uncover the window."""
        self._fade.stop()
        self.hide()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            self.show_offer(self._judge(event.mimeData()))
            # Even what will be refused is let in, so that the reason can be read.
            event.acceptProposedAction()
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.dismiss()
            if self._offer.accepted:
                event.acceptProposedAction()
                self.dropped.emit(event.mimeData())
            else:
                event.ignore()
            return True
        if isinstance(event, QDragMoveEvent):
            event.acceptProposedAction()
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.dismiss()
        elif event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        ink: Role = "accent" if self._offer.accepted else "bad"
        ground: Role = "accsoft" if self._offer.accepted else "badbg"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(self._share)
        painter.fillRect(self.rect(), tokens.color("win", _WASH))
        # A second, tinted wash: words must be readable over any picture below.
        painter.fillRect(self.rect(), tokens.color(ground, 0.6))
        pen = QPen(tokens.color(ink), 2.0)
        pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = _INSET_PX + 1.0
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), _RADIUS_PX, _RADIUS_PX
        )
        self._paint_words(painter, ink)

    def _paint_words(self, painter: QPainter, ink: Role) -> None:
        tokens = current_tokens()
        headline = RichLine(self._offer.headline, "readout", QFont.Weight.DemiBold)
        lines = [RichLine(line, "body") for line in self._offer.lines]
        preview = metric(_PREVIEW_PX if self._preview is not None else _ICON_PX)
        gap = metric(24 if self._preview is not None else 14)
        total = preview + gap + headline.height() + sum(line.height() + metric(8) for line in lines)
        top = (self.height() - total) / 2
        center = self.width() / 2
        self._paint_preview(painter, QPointF(center, top + preview / 2), ink)
        top += preview + gap
        color = tokens.color("text" if self._offer.accepted else "bad")
        headline.paint(painter, center - headline.width() / 2, round(top + headline.ascent()), color, tokens)
        top += headline.height() + metric(8)
        for line in lines:
            baseline = round(top + line.ascent())
            line.paint(painter, center - line.width() / 2, baseline, tokens.color("text2"), tokens)
            top += line.height() + metric(8)

    def _paint_preview(self, painter: QPainter, center: QPointF, ink: Role) -> None:
        tokens = current_tokens()
        if self._preview is None:
            side = metric(_ICON_PX)
            spot = QRectF(center.x() - side / 2, center.y() - side / 2, side, side)
            paint_icon(painter, "image" if self._offer.accepted else "circle-alert", spot, tokens.color(ink))
            return
        longest = max(self._preview.width(), self._preview.height())
        factor = metric(_PREVIEW_PX) * self.devicePixelRatioF() / longest
        size = (max(1, round(self._preview.width() * factor)), max(1, round(self._preview.height() * factor)))
        picture = scaled_picture(self._preview, *size, is_sharp=factor >= 2)
        ratio = self.devicePixelRatioF()
        rect = QRectF(-size[0] / ratio / 2, -size[1] / ratio / 2, size[0] / ratio, size[1] / ratio)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.translate(center)
        painter.rotate(_TILT_DEGREES)
        painter.setPen(Qt.PenStyle.NoPen)
        for spread in (10, 7, 4):
            painter.setBrush(QBrush(tokens.color("stage", 0.16)))
            painter.drawRoundedRect(rect.adjusted(-spread, 2 - spread, spread, spread + 6), 10, 10)
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), 8, 8)
        painter.drawImage(rect, picture)
        painter.restore()

    @Slot(object)
    def _on_fade_moved(self, share: float) -> None:
        self._share = share
        self.update()
