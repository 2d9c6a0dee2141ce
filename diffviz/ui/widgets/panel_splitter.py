"""The side panels with the stage between them: widths to drag, panels to fold away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QWidget
from typing_extensions import override

_WIDTHS_PX = (320, 300)
_NARROW_WIDTHS_PX = (288, 272)
_LEFT, _CENTRE, _RIGHT = range(3)


class PanelSplitter(QSplitter):
    """
    Left panel, centre, right panel; the centre takes what the panels leave and never folds.

    Where there is no room for all three, as with large text in a small window, the left panel gives way.

    Parameters
    ----------
    left, centre, right
        What stands side by side.
    """

    def __init__(self, left: QWidget, centre: QWidget, right: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._panels = left, right
        self._centre = centre
        self._is_narrow = False
        self._has_given_way = False
        self._was_shown = False
        self.setHandleWidth(1)
        for widget in (left, centre, right):
            self.addWidget(widget)
        self.setCollapsible(_CENTRE, False)
        self.setStretchFactor(_CENTRE, 1)

    def set_narrow(self, narrow: bool) -> None:
        """Give panels that are not folded the width for a narrow or for a wide window."""
        if narrow == self._is_narrow:
            return
        self._is_narrow = narrow
        if self._was_shown:
            left, centre, right = self.sizes()
            panels = [width if shown else 0 for width, shown in zip(self._widths(), (left, right))]
            self.setSizes([panels[0], left + centre + right - sum(panels), panels[1]])

    def toggle_left(self) -> None:
        """Fold the left panel away, or bring it back."""
        self._has_given_way = False
        self._toggle(_LEFT, self._widths()[0])

    def toggle_right(self) -> None:
        """Fold the right panel away, or bring it back."""
        self._toggle(_RIGHT, self._widths()[1])

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._was_shown:
            # Before this a panel whose page is still to come counts as folded.
            self._was_shown = True
            left, right = self._widths()
            self.setSizes([left, self.width() - left - right, right])
            self._give_way()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_way()

    @override
    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._give_way()
        return done

    def _give_way(self) -> None:
        """Fold the left panel where the three do not fit side by side; bring it back where they do again."""
        if not self._was_shown:
            return
        sizes = self.sizes()
        left, right = (panel.minimumSizeHint().width() for panel in self._panels)
        panels = left + (right if sizes[_RIGHT] else 0)
        fits = panels + self._centre.minimumWidth() <= self.width()
        if (sizes[_LEFT] > 0 and not fits) or (self._has_given_way and fits):
            self._has_given_way = not fits
            self._toggle(_LEFT, max(left, self._widths()[0]))

    def _widths(self) -> tuple[int, int]:
        return _NARROW_WIDTHS_PX if self._is_narrow else _WIDTHS_PX

    def _toggle(self, index: int, width: int) -> None:
        sizes = self.sizes()
        change = -sizes[index] if sizes[index] else width
        sizes[index] += change
        sizes[_CENTRE] -= change
        self.setSizes(sizes)
