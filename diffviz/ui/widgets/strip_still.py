"""The still part of the filmstrip as a picture that is kept, and drawn anew only where something changed."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPixmap

from diffviz.ui.theme import current_tokens
from diffviz.ui.widgets.strip_painter import StripPainter


class StripStill:
    """Remembers what is stale: a run that is watched makes one strip and its path stale at each step."""

    def __init__(self) -> None:
        self._picture: QPixmap | None = None
        self._strips: set[int] = set()
        self._has_stale_paths = False

    def spoil(self) -> None:
        """Nothing of it is true any more."""
        self._picture = None

    def spoil_strip(self, strip: int) -> None:
        """One strip has changed, or its label."""
        self._strips.add(strip)

    def spoil_paths(self) -> None:
        """The path of the run has changed, or the tree of runs."""
        self._has_stale_paths = True

    def fresh(self, size: QSize, ratio: float, strips: StripPainter) -> QPixmap:
        """Return the picture with what changed drawn into it; size in px of ``ratio`` device px."""
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            self._picture = QPixmap(size * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(current_tokens().color("panel"))
            with QPainter(self._picture) as painter:
                strips.paint(painter)
        elif self._strips or self._has_stale_paths:
            with QPainter(self._picture) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                for strip in self._strips:
                    strips.paint_strip(painter, strip)
                if self._has_stale_paths:
                    strips.paint_paths(painter)
        self._strips.clear()
        self._has_stale_paths = False
        return self._picture
