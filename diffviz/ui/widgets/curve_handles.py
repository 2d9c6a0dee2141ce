"""Control points as a person moves them: they stop at their neighbours, so that ᾱ keeps falling."""

import math
from dataclasses import dataclass

import numpy as np

from diffviz.core.control_points import (
    LOG_SNR_LIMIT,
    ControlPointError,
    Points,
    control_points,
    validate_points,
)
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec
from diffviz.ui.widgets.curve_quantity import QUANTITIES

HANDLE_COUNT = 6
MIN_HANDLES = 2
_SIGNAL_QUANTITIES = ("log_snr", "alpha_cumprod")
_LIMITS = {"log_snr": (-LOG_SNR_LIMIT, LOG_SNR_LIMIT), "alpha_cumprod": (0.0, 1.0), "beta": (0.0, 1.0)}
_CLEARANCE = 0.005
_LARGEST_ALPHA_CUMPROD = 1.0 - 1e-6
_SMALLEST_INSIDE = 1e-9
_CURVATURE_GRID = 200
_EVENNESS = 0.3


class HandleError(ValueError):
    """A point that cannot be taken away or put there; the message is one sentence."""


@dataclass(frozen=True)
class Handles:
    """
    The points of a curve.

    Parameters
    ----------
    points
        (u, value) from left to right, u = t/T in (0, 1].
    quantity
        What the values are: "log_snr", "alpha_cumprod" or "beta".
    num_timesteps
        T; points lie on whole steps.
    """

    points: Points
    quantity: str
    num_timesteps: int

    @classmethod
    def of(cls, schedule: NoiseSchedule, spec: ScheduleSpec, view: str) -> "Handles":
        """
        Points to drag in a view of a schedule.

        A custom schedule keeps its own points where the view shows them one to one, so that looking at
        another quantity never bends the curve; else, and where the curve was rescaled away from its points,
        a few points are laid on the curve.

        Parameters
        ----------
        schedule, spec
            The table and its description.
        view
            Key of the quantity shown.
        """
        wanted = QUANTITIES[view].edited_in
        is_same_signal = spec.quantity in _SIGNAL_QUANTITIES and wanted in _SIGNAL_QUANTITIES
        own_points = spec.kind == "custom" and not spec.zero_terminal_snr
        if own_points and (spec.quantity == wanted or is_same_signal):
            return cls(spec.points, spec.quantity, spec.num_timesteps)
        count = max(HANDLE_COUNT, len(spec.points))
        return cls(_points_on(schedule, wanted, count), wanted, spec.num_timesteps)

    def __len__(self) -> int:
        return len(self.points)

    def time(self, index: int) -> float:
        """Time of a point, a whole number for points put there by hand."""
        return self.points[index][0] * self.num_timesteps

    def shown(self, index: int, view: str) -> float:
        """Value of a point in the quantity of a view; may be infinite."""
        return _convert(self.points[index][1], self.quantity, view)

    def moved(self, index: int, t: float, shown: float, view: str) -> "Handles":
        """
        Points after one of them was dragged.

        Parameters
        ----------
        index
            Which point.
        t, shown
            Where the pointer has it, in the quantity of the view; out of reach is brought back into reach.
        view
            Key of the quantity shown.
        """
        u, value = self.points[index]
        left = self.points[index - 1] if index > 0 else None
        right = self.points[index + 1] if index < len(self.points) - 1 else None
        step = 1.0 / self.num_timesteps
        if left is not None and right is not None and right[0] - left[0] > 2 * step:
            wanted = round(t) * step
            u = min(max(wanted, left[0] + step), right[0] - step)
        wanted = _convert(shown, view, self.quantity)
        low, high = _LIMITS[self.quantity]
        if self.quantity != "beta":
            upper = left[1] if left is not None else high
            lower = right[1] if right is not None else low
            clearance = _CLEARANCE * (upper - lower)
            high = min(upper - clearance if left is not None else upper, high)
            low = max(lower + clearance if right is not None else lower, low)
            if self.quantity == "alpha_cumprod":
                # All signal may be gone at T alone.
                high, low = min(high, _LARGEST_ALPHA_CUMPROD), low if u == 1.0 else max(low, _SMALLEST_INSIDE)
        value = min(max(wanted, low), high)
        points = (*self.points[:index], (u, value), *self.points[index + 1 :])
        return Handles(points, self.quantity, self.num_timesteps)

    def with_point(self, t: int, shown: float, view: str) -> tuple["Handles", int]:
        """
        Points with one more, and its index.

        Raises
        ------
        HandleError
            There is a point at that time, or no room between two.
        """
        u = t / self.num_timesteps
        us = [point[0] for point in self.points]
        if not us[0] < u < us[-1] or any(abs(u - other) < 0.5 / self.num_timesteps for other in us):
            raise HandleError("There is a point already.")
        index = int(np.searchsorted(us, u))
        value = _convert(shown, view, self.quantity)
        more = Handles(
            (*self.points[:index], (u, value), *self.points[index:]), self.quantity, self.num_timesteps
        )
        return more.moved(index, t, shown, view), index

    def without(self, index: int) -> "Handles":
        """
        Points without one.

        Raises
        ------
        HandleError
            It is an end of the curve, or one of the last two.
        """
        if index in (0, len(self.points) - 1):
            raise HandleError("The first and the last point hold the ends of the curve.")
        if len(self.points) <= MIN_HANDLES:
            raise HandleError("A curve needs at least two points.")
        return Handles((*self.points[:index], *self.points[index + 1 :]), self.quantity, self.num_timesteps)


def _points_on(schedule: NoiseSchedule, quantity: str, count: int) -> Points:
    """
    Points whose curve follows a schedule, close together where it bends and nowhere far apart.

    A cubic through a few points misses least where they are as dense as the root of the curvature.
    """
    values = {
        "beta": schedule.betas,
        "alpha_cumprod": schedule.alphas_cumprod,
        "log_snr": np.clip(schedule.log_snr, -LOG_SNR_LIMIT, LOG_SNR_LIMIT),
    }[quantity][1:]
    total = schedule.num_timesteps
    if total < 4 * count:
        return control_points(schedule, quantity, count)
    u = np.arange(1, total + 1) / total
    grid = np.linspace(u[0], u[-1], min(total, _CURVATURE_GRID))
    bend = np.sqrt(np.abs(np.diff(np.interp(grid, u, values), 2)))
    density = np.pad(bend, 1, mode="edge") / (bend.mean() or 1.0) + _EVENNESS
    reached = np.cumsum(density) - density[0]
    places = np.interp(np.linspace(0, reached[-1], count), reached, grid)
    chosen = [0, *(int(k) for k in np.rint(places[1:-1] * total) - 1), total - 1]
    points = tuple((float(u[k]), float(values[k])) for k in chosen)
    try:
        validate_points(points, quantity)
    except ControlPointError:
        # Level stretches need a slight fall, which takes more than picking values.
        return control_points(schedule, quantity, count)
    return points


def _convert(value: float, source: str, target: str) -> float:
    """Value of one quantity as another at the same noise level; β stands for itself alone."""
    if source == target:
        return value
    log_snr = _log_snr(value, source)
    if target == "log_snr":
        return log_snr
    alpha_cumprod = 1.0 / (1.0 + math.exp(-log_snr)) if log_snr > -700 else 0.0
    if target == "alpha_cumprod":
        return alpha_cumprod
    return math.sqrt(1.0 / (1.0 + math.exp(log_snr))) if log_snr < 700 else 0.0


def _log_snr(value: float, quantity: str) -> float:
    if quantity == "log_snr":
        return value
    alpha_cumprod = value if quantity == "alpha_cumprod" else 1.0 - value * abs(value)
    if alpha_cumprod <= 0.0:
        return -math.inf
    if alpha_cumprod >= 1.0:
        return math.inf
    return math.log(alpha_cumprod) - math.log1p(-alpha_cumprod)
