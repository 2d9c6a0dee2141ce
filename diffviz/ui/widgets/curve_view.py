"""A schedule on the plot with what can be taken hold of: the now line, and the handles of the curve."""

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from diffviz.core.schedules import SCHEDULE_KINDS, NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.ui.theme import metric
from diffviz.ui.widgets.chart import Chart, Table
from diffviz.ui.widgets.curve_handles import Handles
from diffviz.ui.widgets.curve_overlay import (
    HALO_PX,
    HIT_PX,
    HandleMark,
    now_line_rect,
    paint_handle,
    paint_now,
    paint_now_label,
    paint_problem,
    paint_read_out,
)
from diffviz.ui.widgets.curve_plot import Curve, CurvePlot
from diffviz.ui.widgets.curve_quantity import QUANTITIES, figure

_LINE_REACH_PX = 6.0
_CURVE_REACH_PX = 14.0
_DOT_REACH_PX = 13


class CurveView(CurvePlot):
    """Shows one quantity of a schedule with a ghost, the present time, and handles; takes no input."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = ScheduleSpec()
        self._schedule = build_schedule(self._spec)
        self._ghost_schedule: NoiseSchedule | None = None
        self._ghost_name = ""
        self._view = "alpha_cumprod"
        self._handles = Handles.of(self._schedule, self._spec, self._view)
        self._t = 0
        self._selected: int | None = None
        self._hovered: int | None = None
        self._invalid: tuple[int | None, str] | None = None
        self._is_held = False
        self.chart = Chart(self, "Noise schedule", self._table)
        self._show()

    def _table(self) -> Table:
        curves = {self._view: self.curve, f"{self._view} of the ghost": self._ghost}
        columns = {name: curve.values for name, curve in curves.items() if curve is not None}
        return {"t": np.arange(max(map(len, columns.values()))), **columns}

    @property
    def handles(self) -> Handles:
        """The points that can be dragged."""
        return self._handles

    @property
    def selected(self) -> int | None:
        """Index of the point in hand."""
        return self._selected

    @property
    def problem(self) -> str:
        """Why the last change was not possible; empty when it was."""
        return self._invalid[1] if self._invalid else ""

    def set_schedule(self, schedule: NoiseSchedule, spec: ScheduleSpec) -> None:
        """Show a schedule; a drag that asked for it goes on, where it has as many points."""
        self._schedule, self._spec = schedule, spec
        self._t = min(self._t, schedule.num_timesteps)
        self._invalid = None
        self._take_handles()
        self._show()

    def show_all(
        self,
        schedule: NoiseSchedule,
        spec: ScheduleSpec,
        ghost: NoiseSchedule | None,
        ghost_label: str,
        quantity: str,
    ) -> None:
        """Show schedule, ghost and quantity at once, drawing them once."""
        self._ghost_schedule, self._ghost_name = ghost, ghost_label
        if quantity != self._view:
            QUANTITIES[quantity]
            self._view = quantity
            self._selected = self._hovered = None
        self.set_schedule(schedule, spec)

    def set_ghost(self, schedule: NoiseSchedule | None, label: str = "") -> None:
        """Show a second schedule dashed, with its name; None: no second one."""
        self._ghost_schedule, self._ghost_name = schedule, label
        self._show()

    def set_quantity(self, quantity: str) -> None:
        """
        Look at "beta", "alpha_cumprod", "log_snr" or "sigma".

        Raises
        ------
        KeyError
            There is no such quantity.
        """
        QUANTITIES[quantity]
        if quantity != self._view:
            self._view = quantity
            self._selected = self._hovered = self._invalid = None
            self._take_handles()
            self._show()

    def set_t(self, t: int) -> None:
        """Move the now line."""
        t = min(max(t, 0), self.num_timesteps)
        if t != self._t:
            self._update_now()
            self._t = t
            self._update_now()
            self._describe()

    def mark_invalid(self, index: int | None, sentence: str) -> None:
        """
        Mark a point whose place makes no schedule; the curve stays the last valid one.

        Parameters
        ----------
        index
            The point; None: the one in hand.
        sentence
            Why.
        """
        self._invalid = (index if index is not None else self._selected, sentence)
        self._describe()
        self.viewport().update()

    def handle_position(self, index: int) -> QPointF:
        """Place of a handle in px of the viewport."""
        return self.position(self._handles.time(index), self._handles.shown(index, self._view))

    def now_place(self) -> QRect:
        """Place of the dot at the present time, in px of the viewport."""
        spot = self.curve_position(self._t).toPoint()
        half = metric(_DOT_REACH_PX)
        return QRect(spot.x() - half, spot.y() - half, 2 * half, 2 * half)

    def copy(self) -> None:
        """Put the values of the curve on the clipboard, as two columns t and value."""
        rows = [f"t\t{self.quantity.key}"]
        rows += [f"{t}\t{value:.17g}" for t, value in enumerate(self.curve.values)]
        QGuiApplication.clipboard().setText("\n".join(rows))

    # -- drawing ------------------------------------------------------------------------------

    @override
    def paint_moving(self, painter: QPainter) -> None:
        plot = self.plot_rect
        now = self.curve_position(self._t)
        paint_now(painter, now, plot)
        blamed = self._invalid[0] if self._invalid else None
        for index in range(len(self._handles)):
            mark = HandleMark(
                self.handle_position(index),
                index == self._selected and self.hasFocus(),
                index == self._hovered,
                index == blamed,
            )
            paint_handle(painter, mark, self.quantity.role)
        paint_now_label(painter, now.x(), self._now_label_top(), self._t, plot)
        shown = self._selected if self._is_held else self._hovered
        if shown is not None and not self._invalid:
            paint_read_out(
                painter, self._describe_point(shown), self.handle_position(shown), plot, self._names
            )
        if self._invalid:
            paint_problem(painter, self._invalid[1], QRectF(self.viewport().rect()))

    @override
    def label_obstacles(self) -> tuple[list[QRectF], list[QRectF]]:
        half = HALO_PX / 2
        spots = [self.handle_position(index) for index in range(len(self._handles))]
        handles = [QRectF(spot.x() - half, spot.y() - half, HALO_PX, HALO_PX) for spot in spots]
        plot = self.plot_rect
        now_line = QRectF(self.curve_position(self._t).x() - 2, plot.top(), 4, plot.height())
        now_label_row = QRectF(plot.left(), plot.top(), plot.width(), metric(20))
        return handles, [now_line, now_label_row]

    # -- inside -------------------------------------------------------------------------------

    def _show(self) -> None:
        values = QUANTITIES[self._view].values
        ghost = self._ghost_schedule
        name = SCHEDULE_KINDS[self._spec.kind].label.split(",")[0].lower()
        shown_ghost = Curve(self._ghost_name, values(ghost)) if ghost is not None else None
        self.show_curves(self._view, Curve(name, values(self._schedule)), shown_ghost)
        self._describe()

    def _take_handles(self) -> None:
        """Lay the handles on the schedule, but never under the fingers of a drag that is going on."""
        fresh = Handles.of(self._schedule, self._spec, self._view)
        self._handles = fresh
        if self._selected is not None and self._selected >= len(fresh):
            self._selected = None
        self._hovered = None if self._hovered is None or self._hovered >= len(fresh) else self._hovered

    def _handle_at(self, position: QPointF) -> int | None:
        """Nearest handle whose hit area holds a place."""
        distances = [
            max(abs(spot.x() - position.x()), abs(spot.y() - position.y()))
            for spot in (self.handle_position(index) for index in range(len(self._handles)))
        ]
        nearest = min(range(len(distances)), key=distances.__getitem__)
        return nearest if distances[nearest] <= HIT_PX / 2 else None

    def _now_label_top(self) -> float:
        """Height of the label of the present time: at the top, or below the curve where it is in the way."""
        plot, now = self.plot_rect, self.curve_position(self._t)
        spots = [now, *(self.handle_position(index) for index in range(len(self._handles)))]
        label = QRectF(now.x() - 4, plot.top() - 4, metric(52), metric(24))
        if not any(label.contains(spot) for spot in spots):
            return plot.top() + metric(2)
        below = max([spot.y() for spot in spots if label.contains(spot)] + [now.y()]) + metric(12)
        label.moveTop(below)
        is_free = not any(label.intersects(name) for name in self._names)
        return below if is_free else plot.bottom() - 2 * metric(20)

    def _is_on_now_line(self, position: QPointF) -> bool:
        plot = self.plot_rect
        on_times = position.y() > plot.bottom() + 2 and plot.left() - 6 <= position.x() <= plot.right() + 6
        return on_times or abs(position.x() - self.curve_position(self._t).x()) <= _LINE_REACH_PX

    def _is_on_curve(self, position: QPointF) -> bool:
        """Whether a place is close to the curve, above, below or beside it."""
        reach = _CURVE_REACH_PX / self.plot_rect.width() * self.num_timesteps
        t = self.value_at(position)[0]
        times = range(max(0, round(t - reach)), min(self.num_timesteps, round(t + reach)) + 1)
        near = (self.curve_position(other) - position for other in times)
        return any(abs(gap.x()) + abs(gap.y()) <= _CURVE_REACH_PX for gap in near)

    def _set_hovered(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self.viewport().update()

    def _update_now(self) -> None:
        rect = now_line_rect(self.curve_position(self._t).x(), self.plot_rect)
        self.viewport().update(rect.toAlignedRect())

    def _describe_point(self, index: int) -> str:
        value = figure(self._view, self._handles.shown(index, self._view))
        return f"t {round(self._handles.time(index))} · {self.quantity.spoken} {value}"

    def _describe(self) -> None:
        """Say to screen readers what is shown, which point is in hand, and what is wrong."""
        value = figure(self._view, float(self.curve.values[self._t]))
        self.setAccessibleName(f"{self.quantity.spoken} over t, {value} at t {self._t}")
        words = self.problem
        if not words and self._selected is not None:
            point = self._describe_point(self._selected)
            words = f"Point {self._selected + 1} of {len(self._handles)}, {point}"
        self.setAccessibleDescription(words)
