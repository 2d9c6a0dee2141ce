"""How each workspace is built, and what the window and the panel of the schedule hear of it.

Their modules are imported with them: importing all takes about as long as building the first window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from diffviz.engine.session import Workspace
from diffviz.ui.workspace_pages import Computes, Room, WorkspacePages

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow
    from diffviz.ui.workspaces.forward import ForwardWorkspace
    from diffviz.ui.workspaces.lab2d import Lab2DWorkspace
    from diffviz.ui.workspaces.reverse import ReverseWorkspace
    from diffviz.ui.workspaces.theory import TheoryWorkspace
    from diffviz.ui.workspaces.train import TrainWorkspace


class HasWorkspaces:
    """A window with workspaces, each built when it is first asked for."""

    pages: WorkspacePages

    @property
    def forward(self) -> ForwardWorkspace:
        """The workspace of the forward process."""
        return cast("ForwardWorkspace", self.pages.room(Workspace.FORWARD))

    @property
    def reverse(self) -> ReverseWorkspace:
        """The workspace of the reverse process."""
        return cast("ReverseWorkspace", self.pages.room(Workspace.REVERSE))

    @property
    def train(self) -> TrainWorkspace:
        """The workspace of training."""
        return cast("TrainWorkspace", self.pages.room(Workspace.TRAIN))

    @property
    def lab(self) -> Lab2DWorkspace:
        """The 2-D lab."""
        return cast("Lab2DWorkspace", self.pages.room(Workspace.LAB))

    @property
    def theory(self) -> TheoryWorkspace:
        """The workspace of theory."""
        return cast("TheoryWorkspace", self.pages.room(Workspace.THEORY))


def workspace_builders(window: MainWindow) -> Mapping[Workspace, Callable[[], Room]]:
    """Return what builds each workspace of a window, at any time of its life."""
    builders: Mapping[Workspace, Callable[[MainWindow], Room]] = {
        Workspace.FORWARD: _build_forward,
        Workspace.REVERSE: _build_reverse,
        Workspace.TRAIN: _build_train,
        Workspace.LAB: _build_lab,
        Workspace.THEORY: _build_theory,
    }
    return {key: partial(build, window) for key, build in builders.items()}


def _build_forward(window: MainWindow) -> ForwardWorkspace:
    from diffviz.ui.workspaces.forward import ForwardWorkspace

    forward = ForwardWorkspace(window.session, window.images, window)
    forward.link_curve(window.schedule_panel.curve)
    return forward


def _build_reverse(window: MainWindow) -> ReverseWorkspace:
    from diffviz.ui.workspaces.reverse import ReverseWorkspace

    reverse = ReverseWorkspace(window.session, window.images, window.shelf, window.driver, window)
    curve = window.schedule_panel.curve
    reverse.formula.link_curve(curve)
    reverse.known_times_changed.connect(curve.set_known_times)
    window.network_saved.connect(reverse.refresh_denoisers)
    _tell_of_devices(window, reverse)
    return reverse


def _build_train(window: MainWindow) -> TrainWorkspace:
    from diffviz.ui.workspaces.train import TrainWorkspace

    train = TrainWorkspace(window.session, window.trainer, window)
    train.network_saved.connect(window.network_saved)
    train.network_wanted.connect(window.use_network)
    train.recipe.changed.connect(window.show_status)
    _tell_of_devices(window, train)
    return train


def _build_lab(window: MainWindow) -> Lab2DWorkspace:
    from diffviz.ui.workspaces.lab2d import Lab2DWorkspace

    lab = Lab2DWorkspace(window.session, window.trainer, window)
    curve = window.schedule_panel.curve
    lab.formula.link_curve(curve)
    lab.known_times_changed.connect(curve.set_known_times)
    lab.training_wanted.connect(window.train_on)
    window.network_saved.connect(lab.take_network)
    window.schedule_panel.add_head(lab.left_head)
    return lab


def _build_theory(window: MainWindow) -> TheoryWorkspace:
    from diffviz.ui.workspaces.theory import TheoryWorkspace

    theory = TheoryWorkspace(window.session, window.images, window.shelf, window)
    theory.open_requested.connect(window.choose_files)
    return theory


def _tell_of_devices(window: MainWindow, room: Computes) -> None:
    """Tell a workspace that comes after torch what torch has found."""
    if window.torch_loader.found is not None:
        room.set_devices(window.torch_loader.found)
