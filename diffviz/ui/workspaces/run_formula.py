"""The formula line of the reverse process: the step under the playhead, or the one that would be made."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect

from diffviz.core.planned_step import planned_coefficients, planned_times
from diffviz.core.schedules import build_schedule
from diffviz.engine.history import Run
from diffviz.engine.session import SessionState
from diffviz.ui.symbol_links import SymbolLinks
from diffviz.ui.targets import Target, picture_of
from diffviz.ui.theme import metric
from diffviz.ui.widgets.curve_view import CurveView
from diffviz.ui.widgets.denoise_panel import DenoisePanel
from diffviz.ui.widgets.formula_line import FormulaLine
from diffviz.ui.widgets.reverse_stage import ReverseStage
from diffviz.ui.widgets.step_formula import step_formula
from diffviz.ui.widgets.timeline import Timeline

_MARK_PX = 14


class RunFormula(QObject):
    """
    Shows the arithmetic of a step and where its parts are on screen.

    Parameters
    ----------
    stage, panel, timeline
        Where the pictures, the settings and the times are.
    """

    def __init__(
        self, stage: ReverseStage, panel: DenoisePanel, timeline: Timeline, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.line = FormulaLine("The step of the sampler as a formula")
        self._timeline = timeline
        self._s = 0
        self.links = SymbolLinks(
            self.line,
            {
                "x_t": [picture_of(stage.x_t)],
                "x_0": [picture_of(stage.x_0)],
                "pred_noise": [picture_of(stage.noise)],
                "c_z": [Target(panel.variance), Target(panel.eta)],
                "z": [Target(panel.beginning.seed)],
                "c_delta": [Target(panel.sampler)],
                "x_s": [Target(timeline.filmstrip, self._arrival_place)],
            },
        )

    def link_curve(self, curve: CurveView) -> None:
        """Link the weights, which follow from the schedule alone, to the dot on its curve."""
        for key in ("c_x_0", "c_x_t", "c_pred_noise"):
            self.links.add(key, Target(curve, curve.now_place))

    def show(self, run: Run | None, state: SessionState) -> None:
        """Show the step of a run at the playhead; without one the step that the settings would make there."""
        frame = run.frame_at(state.t) if run is not None else None
        if run is None or frame is None:
            schedule = build_schedule(state.schedule)
            t, s = planned_times(schedule, state.sampler, state.t)
            coefficients = planned_coefficients(schedule, state.sampler, s, t)
            parts = step_formula(t, s, coefficients, state.sampler)
        else:
            step, request = frame.step, run.owner_of(frame.step.t).request
            t, s = step.t, step.s
            parts = step_formula(t, s, step.coefficients, request.sampler, request.slip)
        self._s = s
        self.line.set_formula(parts)

    def _arrival_place(self) -> QRect:
        """Where on the strips the step arrives."""
        strip = self._timeline.filmstrip
        half = metric(_MARK_PX) // 2
        return QRect(round(strip.axis.x(self._s)) - half, 0, 2 * half, strip.height())
