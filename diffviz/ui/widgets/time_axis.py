"""Where each time lies on the filmstrip: cells, positions, zoom, and the way back from a place to a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

MAX_CELLS = 14
MIN_PITCH_PX = 72.0
_TIE_BREAK = 1e-4


class Evenly(StrEnum):
    """What grows by equal amounts from cell to cell."""

    STEP = "step"
    LOG_SNR = "log_snr"
    OU_TIME = "ou_time"


def step_positions(num_timesteps: int) -> NDArray[np.float64]:
    """Position of every time 0 … T between 0 and 1, equal steps apart; float64 of length T+1."""
    return np.arange(num_timesteps + 1, dtype=np.float64) / num_timesteps


def log_snr_positions(alphas_cumprod: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Position of every time between 0 and 1, equal steps of log-SNR apart.

    Times of infinite log-SNR (the clean end, and the end of a schedule with zero terminal SNR) lie up to one
    cell beyond the last finite one. A schedule of fewer than two noise levels falls back to equal steps of t.

    Parameters
    ----------
    alphas_cumprod
        Signal power of t = 0 … T, falling, in [0, 1].

    Returns
    -------
    NDArray[np.float64]
        Strictly rising, from 0 to 1, length T+1.
    """
    signal = np.asarray(alphas_cumprod, dtype=np.float64)
    steps = step_positions(len(signal) - 1)
    finite = np.flatnonzero((signal > 0) & (signal < 1))
    if len(finite) < 2:
        return steps
    first, last = int(finite[0]), int(finite[-1])
    log_snr = np.empty_like(signal)
    inner = signal[first : last + 1]
    log_snr[first : last + 1] = np.log(inner) - np.log1p(-inner)
    span = log_snr[first] - log_snr[last]
    if span <= 0:
        return steps
    ends = int(first > 0) + int(last < len(signal) - 1)
    beyond = span / (MAX_CELLS - 1 - ends)
    log_snr[:first] = log_snr[first] + beyond * np.linspace(1, 0, first, endpoint=False)
    log_snr[last + 1 :] = log_snr[last] - beyond * np.linspace(0, 1, len(signal) - last)[1:]
    positions = (log_snr[0] - log_snr) / (log_snr[0] - log_snr[-1])
    # Steps that add no noise share a log-SNR; a trace of t keeps the way back unique.
    return np.asarray((1 - _TIE_BREAK) * positions + _TIE_BREAK * steps)


def ou_time_positions(alphas_cumprod: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Position of every time between 0 and 1, equal Ornstein–Uhlenbeck time τ = −½ ln ᾱ apart.

    Times without signal (ᾱ = 0, τ = ∞) lie up to one cell beyond the last finite one. A schedule that adds no
    noise falls back to equal steps of t.

    Parameters
    ----------
    alphas_cumprod
        Signal power of t = 0 … T, falling, in [0, 1].

    Returns
    -------
    NDArray[np.float64]
        Strictly rising, from 0 to 1, length T+1.
    """
    signal = np.asarray(alphas_cumprod, dtype=np.float64)
    steps = step_positions(len(signal) - 1)
    finite = np.flatnonzero(signal > 0)
    last = int(finite[-1])
    tau = np.empty_like(signal)
    tau[: last + 1] = -0.5 * np.log(signal[: last + 1])
    if tau[last] <= 0:
        return steps
    beyond = tau[last] / (MAX_CELLS - 2)
    tau[last + 1 :] = tau[last] + beyond * np.linspace(0, 1, len(signal) - last)[1:]
    return np.asarray((1 - _TIE_BREAK) * tau / tau[-1] + _TIE_BREAK * steps)


def positions_of(
    evenly: Evenly, alphas_cumprod: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Position of every time between 0 and 1 where that quantity grows by equal amounts."""
    if evenly is Evenly.STEP:
        return step_positions(len(alphas_cumprod) - 1)
    return (
        log_snr_positions(alphas_cumprod) if evenly is Evenly.LOG_SNR else ou_time_positions(alphas_cumprod)
    )


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """
    The horizontal geometry of the filmstrip.

    Parameters
    ----------
    positions
        Place of every time 0 … T, rising from 0 to 1; length T+1.
    left, width
        Where the strip begins and how wide it is, in px.
    low, high
        The positions at the centre of the first and of the last cell; 0 and 1 show the whole chain.
    """

    positions: NDArray[np.float64]
    left: float
    width: float
    low: float = 0.0
    high: float = 1.0

    @property
    def num_timesteps(self) -> int:
        """T."""
        return len(self.positions) - 1

    @property
    def num_cells(self) -> int:
        """14 cells, fewer where they would be narrower than 72 px, never more than there are times."""
        return max(2, min(MAX_CELLS, int(self.width / MIN_PITCH_PX), self.num_timesteps + 1))

    @property
    def pitch(self) -> float:
        """Distance of two cells in px."""
        return self.width / self.num_cells

    @property
    def is_zoomed(self) -> bool:
        """Whether only a part of the chain is shown."""
        return self.high - self.low < 1.0 - 1e-9

    @property
    def zoom(self) -> float:
        """How many times the chain is wider than the strip."""
        return 1.0 / (self.high - self.low)

    @cached_property
    def cell_times(self) -> tuple[int, ...]:
        """Time shown by each cell, from left to right."""
        centres = np.linspace(self.low, self.high, self.num_cells)
        times = np.interp(centres, self.positions, np.arange(len(self.positions)))
        # Rounded first, so that a tie of T·i/(N-1) is a tie here too and goes to the even time.
        return tuple(int(time) for time in np.rint(np.round(times, 9)))

    def x(self, t: float) -> float:
        """Place of a time in px; outside the strip where the zoom hides it."""
        position = float(np.interp(t, np.arange(len(self.positions)), self.positions))
        return self._x_of(position)

    def xs(self) -> NDArray[np.float64]:
        """Place of every time 0 … T in px."""
        inner = self.pitch * (self.num_cells - 1)
        return np.asarray(
            self.left + self.pitch / 2 + (self.positions - self.low) / (self.high - self.low) * inner
        )

    def time_at(self, x: float) -> int:
        """Time nearest to a place in px; the ends beyond the centres of the outer cells."""
        time = np.interp(self._position_at(x), self.positions, np.arange(len(self.positions)))
        return int(np.rint(np.round(time, 9)))

    def nearest_cell(self, t: int) -> int:
        """Index of the cell whose time is nearest to t."""
        return int(np.argmin(np.abs(np.asarray(self.cell_times) - t)))

    def shows(self, t: int) -> bool:
        """Whether a time lies on the strip."""
        return self.low - 1e-9 <= float(self.positions[t]) <= self.high + 1e-9

    def zoomed(self, factor: float, x: float) -> "TimeAxis":
        """
        Axis enlarged by ``factor`` around the pointer at ``x``.

        Returns the axis itself where the cells could no longer show different times.
        """
        span = min(1.0, (self.high - self.low) / factor)
        fixed = self._position_at(x)
        share = (fixed - self.low) / (self.high - self.low)
        low = min(max(0.0, fixed - share * span), 1.0 - span)
        closer = replace(self, low=low, high=low + span)
        ends = np.interp([closer.low, closer.high], self.positions, np.arange(len(self.positions)))
        if factor > 1 and ends[1] - ends[0] < self.num_cells - 1:
            return self
        return closer

    def panned(self, px: float) -> "TimeAxis":
        """Axis moved so that what lay ``px`` to the right of a place now lies there."""
        span = self.high - self.low
        low = min(max(0.0, self.low + px / (self.pitch * (self.num_cells - 1)) * span), 1.0 - span)
        return replace(self, low=low, high=low + span)

    def revealing(self, t: int) -> "TimeAxis":
        """Axis panned by the least that brings a time onto the strip."""
        position = float(self.positions[t])
        shift = min(0.0, position - self.low) + max(0.0, position - self.high)
        return replace(self, low=self.low + shift, high=self.high + shift) if shift else self

    def _x_of(self, position: float) -> float:
        inner = self.pitch * (self.num_cells - 1)
        return self.left + self.pitch / 2 + (position - self.low) / (self.high - self.low) * inner

    def _position_at(self, x: float) -> float:
        share = (x - self.left - self.pitch / 2) / (self.pitch * (self.num_cells - 1))
        return self.low + min(max(share, 0.0), 1.0) * (self.high - self.low)
