"""What can be done with a training run, with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.engine.session import Workspace
from diffviz.ui.commands import Command
from diffviz.ui.workspace_pages import Runs

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow


def train_commands(window: MainWindow) -> list[Command]:
    """What can be done with a training run, and the key by which any workspace runs."""

    def run() -> None:
        workspace = window.current_workspace()
        if isinstance(workspace, Runs):
            workspace.run()

    def can_run() -> bool:
        return isinstance(window.current_workspace(), Runs)

    def is_here() -> bool:
        return window.session.state.workspace is Workspace.TRAIN

    return [
        # One key for several workspaces: two actions with it would silence each other.
        Command("run", "Run the sampler, or train", run, ("R",), can_run),
        Command("train.pause", "Pause the training", lambda: window.train.pause(), (), is_here),
        Command("train.stop", "Stop the training", lambda: window.train.stop(), (), is_here),
        Command("train.anew", "Train anew with this recipe", lambda: window.train.run_anew(), (), is_here),
        Command(
            "train.sample", "Sample the network in training", lambda: window.train.sample_now(), (), is_here
        ),
        Command(
            "train.save", "Save the network in training", lambda: window.train.save_network(), (), is_here
        ),
        Command(
            "train.use", "Use the network in Reverse", lambda: window.train.use_in_reverse(), (), is_here
        ),
        Command(
            "train.folder",
            "Learn from a folder of pictures…",
            lambda: window.train.recipe.choose_folder(),
            (),
            is_here,
        ),
    ]
