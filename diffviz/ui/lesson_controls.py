"""Names by which lessons speak of the controls of the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from diffviz.ui.targets import Target, picture_of
from diffviz.ui.widgets.timeline import Timeline

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow


def _strips(timeline: Timeline) -> Target:
    """The strips of a timeline, with a margin for the ring."""
    strip, margin = timeline.filmstrip, 14
    return Target(strip, lambda: strip.rect().adjusted(margin, 0, -margin, -6))


def lesson_controls(window: MainWindow) -> Mapping[str, Callable[[], Target]]:
    """
    Return what finds every control that a lesson may ring, by the name that its file uses.

    A workspace is built when one of its controls is looked for. The list in ``docs/lessons.md`` is held to
    this one by a test.
    """
    return {
        "workspaces": lambda: Target(window.header.workspaces),
        "schedule.kind": lambda: Target(window.schedule_panel.fields.field("kind")),
        "schedule.steps": lambda: Target(window.schedule_panel.fields.field("num_timesteps")),
        "schedule.quantity": lambda: Target(window.schedule_panel.quantities),
        "schedule.curve": lambda: Target(window.schedule_panel.curve),
        "schedule.now": lambda: Target(window.schedule_panel.curve, window.schedule_panel.curve.now_place),
        "schedule.ghost": lambda: Target(window.schedule_panel.ghost),
        "schedule.lint": lambda: Target(window.schedule_panel.lint),
        "forward.timeline": lambda: _strips(window.forward.timeline),
        "forward.stage": lambda: Target(window.forward.stage),
        "forward.x_t": lambda: picture_of(window.forward.stage.hero),
        "forward.x_0": lambda: picture_of(window.forward.stage.clean),
        "forward.noise": lambda: picture_of(window.forward.stage.noise),
        "forward.formula": lambda: Target(window.forward.formula),
        "forward.mode": lambda: Target(window.forward.bar.modes),
        "forward.noise_mode": lambda: Target(window.forward.panel.modes),
        "forward.seed": lambda: Target(window.forward.panel.seed),
        "forward.read_outs": lambda: Target(window.forward.panel.read_outs),
        "forward.histogram": lambda: Target(window.forward.panel.histogram),
        "forward.kernel": lambda: Target(window.forward.panel.kernel),
        "reverse.timeline": lambda: _strips(window.reverse.timeline),
        "reverse.stage": lambda: Target(window.reverse.stage),
        "reverse.x_t": lambda: Target(window.reverse.stage.x_t),
        "reverse.x_0": lambda: Target(window.reverse.stage.x_0),
        "reverse.noise": lambda: Target(window.reverse.stage.noise),
        "reverse.why": lambda: Target(window.reverse.stage.why),
        "reverse.compared": lambda: Target(window.reverse.columns),
        "reverse.formula": lambda: Target(window.reverse.formula.line),
        "reverse.mode": lambda: Target(window.reverse.bar.modes),
        "reverse.denoiser": lambda: Target(window.reverse.panel.denoiser),
        "reverse.class": lambda: Target(window.reverse.panel.class_choice),
        "reverse.sampler": lambda: Target(window.reverse.panel.sampler),
        "reverse.steps": lambda: Target(window.reverse.panel.steps),
        "reverse.variance": lambda: Target(window.reverse.panel.variance),
        "reverse.eta": lambda: Target(window.reverse.panel.eta),
        "reverse.guidance": lambda: Target(window.reverse.panel.guidance),
        "reverse.seed": lambda: Target(window.reverse.panel.beginning.seed),
        "reverse.run": lambda: Target(window.reverse.panel.run_block.run_button),
        "reverse.break": lambda: Target(window.reverse.breaks.button),
        "reverse.fork": lambda: Target(window.reverse.forks.button),
        "train.preset": lambda: Target(window.train.left.preset),
        "train.data": lambda: Target(window.train.left.data),
        "train.architecture": lambda: Target(window.train.left.architecture),
        "train.prediction": lambda: Target(window.train.left.prediction),
        "train.loss": lambda: Target(window.train.left.loss),
        "train.rate": lambda: Target(window.train.left.learning_rate),
        "train.run": lambda: Target(window.train.panel.run_button),
        "train.loss_plot": lambda: Target(window.train.centre.loss_plot),
        "train.samples": lambda: Target(window.train.centre.sheets),
        "train.cloud": lambda: Target(window.train.centre.cloud),
        "train.by_time": lambda: Target(window.train.panel.by_time),
        "train.use": lambda: Target(window.train.panel.use_button),
        "lab.timeline": lambda: _strips(window.lab.timeline),
        "lab.plane": lambda: Target(window.lab.plane),
        "lab.data": lambda: Target(window.lab.left_head.cards),
        "lab.motion": lambda: Target(window.lab.panel.motion),
        "lab.g": lambda: Target(window.lab.panel.g),
        "lab.run": lambda: Target(window.lab.panel.run_block.run_button),
        "lab.fit": lambda: Target(window.lab.panel.fit),
        "theory.timeline": lambda: _strips(window.theory.timeline),
        "theory.mode": lambda: Target(window.theory.bar.modes),
        "theory.bars": lambda: Target(window.theory.bound_page.bars),
        "theory.weights": lambda: Target(window.theory.bound_page.weights),
        "theory.bells": lambda: Target(window.theory.bound_page.bells),
        "theory.map": lambda: Target(window.theory.left.view),
        "theory.step": lambda: Target(window.theory.panel.step),
        "theory.estimate": lambda: Target(window.theory.panel.button),
        "theory.losses": lambda: Target(window.theory.losses_page.chart),
        "theory.table": lambda: Target(window.theory.losses_page.table),
        "theory.timing": lambda: Target(window.theory.losses_page.timing),
        "theory.measure": lambda: Target(window.theory.losses_page.measure),
        "theory.spectrum": lambda: Target(window.theory.spectrum_page.chart),
    }
