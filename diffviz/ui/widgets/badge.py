"""Badges: which denoiser made a picture, what a run is doing."""

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric, paint_icon

BadgeKind = Literal["exact", "gaussian", "blur", "network", "run", "running", "paused", "good", "warn", "bad"]

_LOOKS: dict[str, tuple[str, Role, Role]] = {
    "exact": ("noise", "model", "modelbg"),
    "gaussian": ("fit", "model", "modelbg"),
    "blur": ("eye", "model", "modelbg"),
    "network": ("network", "model", "modelbg"),
    "run": ("git-branch", "text2", "raised"),
    "running": ("play", "good", "goodbg"),
    "paused": ("pause", "text2", "raised"),
    "good": ("check", "good", "goodbg"),
    "warn": ("triangle-alert", "warn", "warnbg"),
    "bad": ("circle-alert", "bad", "badbg"),
}


def denoiser_icon(kind: str) -> str:
    """The icon of a kind of denoiser."""
    return _LOOKS[kind][0]


class Badge(QWidget):
    """
    Icon and words in a half-round frame; never colour alone.

    Parameters
    ----------
    kind
        "exact", "gaussian", "blur" and "network" name a denoiser, "run" a run, the others a state.
    text
        The words, with the markup of ``rich_line``.
    """

    def __init__(self, kind: BadgeKind = "exact", text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: str = kind
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(RichLine(text).plain)

    @property
    def plain(self) -> str:
        """The words alone."""
        return RichLine(self._text).plain

    def set_badge(self, kind: str, text: str) -> None:
        """
        Show another badge.

        Raises
        ------
        KeyError
            There is no such kind.
        """
        if kind not in _LOOKS:
            raise KeyError(kind)
        if (kind, text) != (self._kind, self._text):
            self._kind, self._text = kind, text
            self.setAccessibleName(self.plain)
            self.updateGeometry()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        width = self._line().width() + metric(13) + metric(6) + 2 * metric(9)
        return QSize(round(width + 0.5), metric(22))

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        icon_name, ink_role, ground_role = _LOOKS[self._kind]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.color(ground_role))
        rect = QRectF(self.rect())
        painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
        side = metric(13)
        ink = tokens.color(ink_role)
        paint_icon(painter, icon_name, QRectF(metric(9), (rect.height() - side) / 2, side, side), ink)
        line = self._line()
        baseline = round(rect.height() / 2 - line.height() / 2 + line.ascent())
        painter.setClipRect(rect.adjusted(0, 0, -metric(6), 0))
        line.paint(painter, metric(9) + side + metric(6), baseline, ink, tokens)

    def _line(self) -> RichLine:
        return RichLine(self._text, "label", QFont.Weight.Medium)
