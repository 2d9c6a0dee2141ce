"""Names by which lessons speak of the controls of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.ui.targets import Target, picture_of
from diffviz.ui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow


def lesson_controls(window: MainWindow) -> dict[str, Target]:
    """
    Return every control that a lesson may ring, by the name that its file uses.

    The list in ``docs/lessons.md`` is held to this one by a test.
    """
    return {
        **_frame(window),
        **_forward(window),
        **_reverse(window),
        **_train(window),
        **_lab(window),
        **_theory(window),
    }


def _strips(timeline: Timeline) -> Target:
    """The strips of a timeline, with a margin for the ring."""
    strip, margin = timeline.filmstrip, 14
    return Target(strip, lambda: strip.rect().adjusted(margin, 0, -margin, -6))


def _frame(window: MainWindow) -> dict[str, Target]:
    panel, header = window.schedule_panel, window.header
    return {
        "workspaces": Target(header.workspaces),
        "schedule.kind": Target(panel.fields.field("kind")),
        "schedule.steps": Target(panel.fields.field("num_timesteps")),
        "schedule.quantity": Target(panel.quantities),
        "schedule.curve": Target(panel.curve),
        "schedule.now": Target(panel.curve, panel.curve.now_place),
        "schedule.ghost": Target(panel.ghost),
        "schedule.lint": Target(panel.lint),
    }


def _forward(window: MainWindow) -> dict[str, Target]:
    forward = window.forward
    stage, panel = forward.stage, forward.panel
    return {
        "forward.timeline": _strips(forward.timeline),
        "forward.stage": Target(stage),
        "forward.x_t": picture_of(stage.hero),
        "forward.x_0": picture_of(stage.clean),
        "forward.noise": picture_of(stage.noise),
        "forward.formula": Target(forward.formula),
        "forward.mode": Target(forward.bar.modes),
        "forward.noise_mode": Target(panel.modes),
        "forward.seed": Target(panel.seed),
        "forward.read_outs": Target(panel.read_outs),
        "forward.histogram": Target(panel.histogram),
        "forward.kernel": Target(panel.kernel),
    }


def _reverse(window: MainWindow) -> dict[str, Target]:
    reverse = window.reverse
    stage, panel = reverse.stage, reverse.panel
    return {
        "reverse.timeline": _strips(reverse.timeline),
        "reverse.stage": Target(stage),
        "reverse.x_t": Target(stage.x_t),
        "reverse.x_0": Target(stage.x_0),
        "reverse.noise": Target(stage.noise),
        "reverse.why": Target(stage.why),
        "reverse.compared": Target(reverse.columns),
        "reverse.formula": Target(reverse.formula.line),
        "reverse.mode": Target(reverse.bar.modes),
        "reverse.denoiser": Target(panel.denoiser),
        "reverse.class": Target(panel.class_choice),
        "reverse.sampler": Target(panel.sampler),
        "reverse.steps": Target(panel.steps),
        "reverse.variance": Target(panel.variance),
        "reverse.eta": Target(panel.eta),
        "reverse.guidance": Target(panel.guidance),
        "reverse.seed": Target(panel.beginning.seed),
        "reverse.run": Target(panel.run_block.run_button),
        "reverse.break": Target(reverse.breaks.button),
        "reverse.fork": Target(reverse.forks.button),
    }


def _train(window: MainWindow) -> dict[str, Target]:
    train = window.train
    left, centre, panel = train.left, train.centre, train.panel
    return {
        "train.preset": Target(left.preset),
        "train.data": Target(left.data),
        "train.architecture": Target(left.architecture),
        "train.prediction": Target(left.prediction),
        "train.loss": Target(left.loss),
        "train.rate": Target(left.learning_rate),
        "train.run": Target(panel.run_button),
        "train.loss_plot": Target(centre.loss_plot),
        "train.samples": Target(centre.sheets),
        "train.cloud": Target(centre.cloud),
        "train.by_time": Target(panel.by_time),
        "train.use": Target(panel.use_button),
    }


def _lab(window: MainWindow) -> dict[str, Target]:
    lab = window.lab
    return {
        "lab.timeline": _strips(lab.timeline),
        "lab.plane": Target(lab.plane),
        "lab.data": Target(lab.left_head.cards),
        "lab.motion": Target(lab.panel.motion),
        "lab.g": Target(lab.panel.g),
        "lab.run": Target(lab.panel.run_block.run_button),
        "lab.fit": Target(lab.panel.fit),
    }


def _theory(window: MainWindow) -> dict[str, Target]:
    theory = window.theory
    bound, losses = theory.bound_page, theory.losses_page
    return {
        "theory.timeline": _strips(theory.timeline),
        "theory.mode": Target(theory.bar.modes),
        "theory.bars": Target(bound.bars),
        "theory.weights": Target(bound.weights),
        "theory.bells": Target(bound.bells),
        "theory.map": Target(theory.left.view),
        "theory.step": Target(theory.panel.step),
        "theory.estimate": Target(theory.panel.button),
        "theory.losses": Target(losses.chart),
        "theory.table": Target(losses.table),
        "theory.timing": Target(losses.timing),
        "theory.measure": Target(losses.measure),
        "theory.spectrum": Target(theory.spectrum_page.chart),
    }
