"""How the person looked at things before a lesson, beside the session, and the way back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.engine.session import Workspace
from diffviz.engine.training_plan import TrainingPlan

if TYPE_CHECKING:
    from diffviz.data.lessons import LessonStep
    from diffviz.ui.main_window import MainWindow
    from diffviz.ui.workspaces.forward import ForwardWorkspace
    from diffviz.ui.workspaces.reverse import ReverseWorkspace
    from diffviz.ui.workspaces.theory import TheoryWorkspace

_USUAL_MODES = {Workspace.FORWARD: "equation", Workspace.REVERSE: "triptych", Workspace.THEORY: "bound"}


class OwnViews:
    """
    Remembers at its making, shows what steps of lessons want, and restores.

    Attributes
    ----------
    state
        The person's own state of the session.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.state = window.session.state
        self._rooms: dict[Workspace, ForwardWorkspace | ReverseWorkspace | TheoryWorkspace] = {
            Workspace.FORWARD: window.forward,
            Workspace.REVERSE: window.reverse,
            Workspace.THEORY: window.theory,
        }
        self._modes = {key: room.bar.modes.current for key, room in self._rooms.items()}
        self._run = window.reverse.history.current
        self._plan: TrainingPlan = window.train.recipe.plan
        self._has_changed_plan = False

    def apply(self, step: LessonStep) -> None:
        """Show the workspaces as a step wants them."""
        workspace = self._window.session.state.workspace
        if workspace in _USUAL_MODES:
            self._set_mode(workspace, step.stage or _USUAL_MODES[workspace])
        if step.training and not self._window.train.why_locked:
            self._has_changed_plan = True
            self._window.train.recipe.take_preset(step.training["preset"], step.training["data"])

    def restore(self) -> None:
        """Show everything as the person had it."""
        for workspace, mode in self._modes.items():
            self._set_mode(workspace, mode)
        history = self._window.reverse.history
        if self._run is not None and self._run in history.runs:
            history.select(self._run)
        if self._has_changed_plan and not self._window.train.why_locked:
            self._window.train.recipe.take_plan(self._plan)

    def _set_mode(self, workspace: Workspace, mode: str) -> None:
        room = self._rooms[workspace]
        if room.bar.modes.current != mode:
            room.set_mode(mode)
