"""How the person looked at things before a lesson, beside the session, and the way back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from diffviz.engine.session import Workspace
from diffviz.engine.training_plan import TrainingPlan

if TYPE_CHECKING:
    from diffviz.data.lessons import LessonStep
    from diffviz.ui.main_window import MainWindow
    from diffviz.ui.workspaces.forward import ForwardWorkspace
    from diffviz.ui.workspaces.reverse import ReverseWorkspace
    from diffviz.ui.workspaces.theory import TheoryWorkspace

    _Staged: TypeAlias = ForwardWorkspace | ReverseWorkspace | TheoryWorkspace

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
        self._modes = _USUAL_MODES | {key: room.bar.modes.current for key, room in self._rooms().items()}
        self._run = window.driver.history.current
        self._plan: TrainingPlan | None = None

    def apply(self, step: LessonStep) -> None:
        """Show the workspaces as a step wants them."""
        workspace = self._window.session.state.workspace
        if workspace in _USUAL_MODES:
            _set_mode(self._rooms()[workspace], step.stage or _USUAL_MODES[workspace])
        if step.training and not self._window.train.why_locked:
            recipe = self._window.train.recipe
            self._plan = self._plan or recipe.plan
            recipe.take_preset(step.training["preset"], step.training["data"])

    def restore(self) -> None:
        """Show everything as the person had it."""
        for workspace, room in self._rooms().items():
            _set_mode(room, self._modes[workspace])
        history = self._window.driver.history
        if self._run is not None and self._run in history.runs:
            history.select(self._run)
        if self._plan is not None and not self._window.train.why_locked:
            self._window.train.recipe.take_plan(self._plan)

    def _rooms(self) -> dict[Workspace, _Staged]:
        """The workspaces with stages to choose from that there are by now."""
        built = self._window.pages.built
        return {key: cast("_Staged", built[key]) for key in _USUAL_MODES if key in built}


def _set_mode(room: _Staged, mode: str) -> None:
    if room.bar.modes.current != mode:
        room.set_mode(mode)
