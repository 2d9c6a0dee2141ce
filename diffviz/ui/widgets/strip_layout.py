"""Vertical geometry of the filmstrip: what lies at which height, for one strip or two, at any text size."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF

from diffviz.ui.theme import metric

MARGIN_PX = 16
CELL_GAP_PX = 2
PILL_WIDTH_PX = 52
_ONE_STRIP_PX, _ONE_STRIP_COMPACT_PX = 89, 64
_TWO_STRIPS_PX, _TWO_STRIPS_COMPACT_PX = 54, 44
_LABEL_HEIGHT_PX = 36
_LANE_GAP_PX = 3


def strip_left() -> int:
    """Left edge of the strips: 152 px at 100 %, wider with larger text, for the labels before it."""
    return metric(152)


@dataclass(frozen=True)
class StripLayout:
    """
    Heights of the filmstrip from top to bottom, in logical px.

    Parameters
    ----------
    num_strips
        1: strip, then the lane of signal and noise. 2: strip, lane, the path of the run, strip.
    is_compact
        Whether the strips are low, for small windows.
    has_branches
        Whether the paths of several runs take the place of the lane between two strips.
    """

    num_strips: int
    is_compact: bool
    has_branches: bool = False

    @property
    def pill_height(self) -> int:
        """The playhead's label above the strips."""
        return metric(20)

    @property
    def strip_height(self) -> int:
        """One strip, never lower than the two lines of its label."""
        if self.num_strips == 1:
            height = _ONE_STRIP_COMPACT_PX if self.is_compact else _ONE_STRIP_PX
        else:
            height = _TWO_STRIPS_COMPACT_PX if self.is_compact else _TWO_STRIPS_PX
        return max(height, metric(_LABEL_HEIGHT_PX))

    @property
    def lane_height(self) -> int:
        """The lane of signal and noise."""
        if self.has_branches:
            return 0
        return metric(24) if self.num_strips == 1 else metric(17)

    @property
    def path_height(self) -> int:
        """The path of the run between two strips, or the paths of several."""
        if self.has_branches:
            return metric(17) + metric(13)
        return 0 if self.num_strips == 1 else metric(13)

    @property
    def lane_top(self) -> int:
        """Upper edge of the lane."""
        return self.pill_height + self.strip_height + _LANE_GAP_PX

    @property
    def path_top(self) -> int:
        """Upper edge of the path of the run."""
        return self.lane_top + self.lane_height

    def strip_top(self, strip: int) -> int:
        """Upper edge of a strip."""
        if strip == 0:
            return self.pill_height
        return self.path_top + self.path_height + _LANE_GAP_PX

    @property
    def playhead_bottom(self) -> int:
        """Where the playhead's line ends."""
        lane_bottom = self.lane_top + self.lane_height
        return lane_bottom + 2 if self.num_strips == 1 else self.strip_top(1) + self.strip_height + 2

    @property
    def ticks_top(self) -> int:
        """Upper edge of the row of times."""
        return self.playhead_bottom - 2 + (_LANE_GAP_PX if self.num_strips == 1 else 1)

    @property
    def ticks_height(self) -> int:
        """Height of the row of times."""
        return metric(20)

    @property
    def height(self) -> int:
        """All of it."""
        return self.ticks_top + self.ticks_height + _LANE_GAP_PX

    def strip_rect(self, strip: int, width: int) -> QRectF:
        """A strip in a filmstrip of ``width``."""
        top = float(self.strip_top(strip))
        return QRectF(strip_left(), top, width - strip_left() - MARGIN_PX, self.strip_height)

    def path_rect(self, width: int) -> QRectF:
        """The paths of runs in a filmstrip of ``width``."""
        return QRectF(strip_left(), self.path_top, width - strip_left() - MARGIN_PX, self.path_height)

    def paths_band(self, width: int) -> QRectF:
        """All between the lane and the lower strip, names at the left included."""
        return QRectF(0, self.path_top, width, self.strip_top(1) - self.path_top)

    def lane_rect(self, width: int) -> QRectF:
        """The lane of signal and noise in a filmstrip of ``width``."""
        return QRectF(strip_left(), self.lane_top, width - strip_left() - MARGIN_PX, self.lane_height)
