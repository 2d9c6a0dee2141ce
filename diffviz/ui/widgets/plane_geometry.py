"""Where the plane lies on the screen: places in units of the data to px and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WHOLE_REACH = 3.0
_CLOSEST, _WIDEST = 0.15, 6.0
_FARTHEST = 6.0


@dataclass(frozen=True)
class PlaneArea:
    """
    A square of the plane in a square of px.

    Parameters
    ----------
    left, top, side
        The square on the screen, in px.
    x, y, reach
        Middle of what is seen, and half its side, in units of the data.
    """

    left: float
    top: float
    side: float
    x: float = 0.0
    y: float = 0.0
    reach: float = WHOLE_REACH

    @property
    def scale(self) -> float:
        """Px per unit."""
        return self.side / (2.0 * self.reach)

    @property
    def is_whole(self) -> bool:
        """Whether the plane is neither moved nor zoomed."""
        return (self.x, self.y, self.reach) == (0.0, 0.0, WHOLE_REACH)

    def px(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Px of places (n, 2)."""
        moved = np.asarray(places, np.float64) - (self.x, self.y)
        return moved * (self.scale, -self.scale) + (self.left + self.side / 2, self.top + self.side / 2)

    def place(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Place at a px."""
        return (
            self.x + (x_px - self.left - self.side / 2) / self.scale,
            self.y - (y_px - self.top - self.side / 2) / self.scale,
        )

    def panned(self, dx_px: float, dy_px: float) -> PlaneArea:
        """The area after what is seen was dragged by px."""
        return self._seeing(self.x - dx_px / self.scale, self.y + dy_px / self.scale, self.reach)

    def zoomed(self, factor: float, x_px: float, y_px: float) -> PlaneArea:
        """The area with everything larger by a factor, around a px that stays where it is."""
        fixed_x, fixed_y = self.place(x_px, y_px)
        reach = min(max(self.reach / factor, _CLOSEST), _WIDEST)
        share = reach / self.reach
        return self._seeing(fixed_x + (self.x - fixed_x) * share, fixed_y + (self.y - fixed_y) * share, reach)

    def _seeing(self, x: float, y: float, reach: float) -> PlaneArea:
        x, y = (min(max(value, -_FARTHEST), _FARTHEST) for value in (x, y))
        return PlaneArea(self.left, self.top, self.side, x, y, reach)


def scale_bar(area: PlaneArea, longest_px: float) -> float:
    """Length of a scale bar in units: 1, 2 or 5 times a power of ten, at most `longest_px` wide."""
    longest = longest_px / area.scale
    power = 10.0 ** math.floor(math.log10(longest))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= longest)
