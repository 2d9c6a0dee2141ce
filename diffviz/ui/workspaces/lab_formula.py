"""The formula line of the 2-D lab: the step that moves the particles now, or the forward process."""

from __future__ import annotations

from PySide6.QtCore import QObject

from diffviz.core.flow import flow_step
from diffviz.core.planned_step import planned_coefficients, planned_times
from diffviz.core.sampler_spec import SamplerKind, SamplerSpec
from diffviz.core.schedules import build_schedule
from diffviz.engine.lab_cloud import cloud_request
from diffviz.engine.lab_spec import LabMotion
from diffviz.engine.session import SessionState
from diffviz.ui.math_layout import Row, root, symbol
from diffviz.ui.symbol_links import SymbolLinks
from diffviz.ui.targets import Target
from diffviz.ui.widgets.curve_view import CurveView
from diffviz.ui.widgets.formula_line import FormulaLine, FormulaPart
from diffviz.ui.widgets.forward_formula import closed_form
from diffviz.ui.widgets.lab_panel import LabPanel
from diffviz.ui.widgets.lab_stage import LabStage
from diffviz.ui.widgets.step_formula import step_formula


class LabFormula(QObject):
    """
    Shows what moves the particles at the present time.

    Parameters
    ----------
    stage, panel
        Where points and settings are.
    """

    def __init__(self, stage: LabStage, panel: LabPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.line = FormulaLine("What moves the particles, as a formula")
        plane, seed = Target(stage.plane), Target(panel.seed)
        self.links = SymbolLinks(
            self.line,
            {
                "x_t": [plane],
                "x_s": [plane],
                "x_0": [Target(panel.denoiser)],
                "pred_noise": [Target(panel.denoiser)],
                "z": [seed],
                "noise": [seed],
                "c_z": [Target(panel.g), Target(panel.sampling.variance), Target(panel.sampling.eta)],
                "c_pred_noise": [Target(panel.g), Target(panel.sampling.eta)],
            },
        )

    def link_curve(self, curve: CurveView) -> None:
        """Link the weights, which follow from the schedule alone, to the dot on its curve."""
        for key in ("c_x_0", "c_x_t", "signal", "noise_level"):
            self.links.add(key, Target(curve, curve.now_place))

    def show(self, state: SessionState) -> None:
        """Show the step at the playhead."""
        motion = state.lab.motion
        schedule = build_schedule(state.schedule)
        if motion is LabMotion.FORWARD:
            level = schedule.level(state.t)
            weights = level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod
            self.line.set_formula(closed_form(state.t, *weights))
        elif motion is LabMotion.FLOW:
            t, s = _rest_before(cloud_request(state).times, state.t)
            self.line.set_formula(_flow_formula(state, t, s))
        else:
            t, s = planned_times(schedule, state.sampler, state.t)
            coefficients = planned_coefficients(schedule, state.sampler, s, t)
            self.line.set_formula(step_formula(t, s, coefficients, state.sampler))


def _rest_before(times: tuple[int, ...], t: int) -> tuple[int, int]:
    """(t, s) of the step under way at a time, out of falling times; at the end the last step."""
    begun = [place for place, rest in enumerate(times[:-1]) if rest >= t > times[place + 1]]
    place = begun[0] if begun else len(times) - 2
    return times[place], times[place + 1]


def _flow_formula(state: SessionState, t: int, s: int) -> tuple[FormulaPart, ...]:
    """x_s = √ᾱ_s x̂_0 + √(1 − ᾱ_s) (κ ε̂ + √(1 − κ²) z), which without noise is DDIM."""
    coefficients = flow_step(build_schedule(state.schedule), s, t, state.lab.g)
    if state.lab.g == 0.0:
        return step_formula(t, s, coefficients, SamplerSpec(SamplerKind.DDIM, eta=0.0))
    parts = list(step_formula(t, s, coefficients, SamplerSpec(SamplerKind.DDIM, eta=1.0)))
    meanings = {
        "c_pred_noise": (
            Row((root("1 − ᾱ_s"), symbol(" κ"))),
            "κ = (σ_s/σ_t) to the power g²: how much of the noise there is stays the same",
        ),
        "c_z": (
            Row((root("1 − ᾱ_s"), root("1 − κ²"))),
            "The rest of the noise level, drawn anew; g = 0 draws none",
        ),
    }
    for place, part in enumerate(parts):
        if part.key in meanings:
            node, words = meanings[part.key]
            parts[place] = FormulaPart(node, part.value, part.key, words, part.role, part.widest)
    return tuple(parts)
