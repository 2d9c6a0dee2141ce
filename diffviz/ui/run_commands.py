"""What can be done with the tree of runs, with its keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from diffviz.core.slips import SLIPS, Slip
from diffviz.engine.session import Workspace
from diffviz.ui.commands import Command

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow

_VIEWS = (("triptych", "Triptych"), ("single", "Single"), ("strip", "Strip of samples"), ("compare", "A / B"))


def run_commands(window: MainWindow) -> list[Command]:
    """Forking runs and going from one to the other, while the reverse workspace is seen."""
    session, driver = window.session, window.driver

    def is_here() -> bool:
        return session.state.workspace is Workspace.REVERSE

    def show(view: str) -> None:
        window.reverse.set_mode(view)

    def break_it(slip: Slip) -> None:
        window.reverse.breaks.break_with(slip)

    return [
        Command("run.fork", "Fork the run here", driver.fork, ("F",), is_here),
        Command(
            "run.fork_settings", "Fork with the changed settings", driver.fork_with_settings, (), is_here
        ),
        Command("run.fork_step", "Fork with other noise in this step", driver.redraw_step, (), is_here),
        Command(
            "run.fork_noise", "Fork with other noise from here on", driver.fork_with_new_noise, (), is_here
        ),
        Command(
            "run.previous",
            "Show the run before",
            lambda: window.reverse.tree.show_previous(),
            ("Ctrl+Up",),
            is_here,
        ),
        Command(
            "run.next", "Show the next run", lambda: window.reverse.tree.show_next(), ("Ctrl+Down",), is_here
        ),
        *(
            Command(f"reverse.{key}", f"Show the run: {title}", partial(show, key), (), is_here)
            for key, title in _VIEWS
        ),
        *(
            Command(f"run.{slip}", f"Break it: {info.title}", partial(break_it, slip), (), is_here)
            for slip, info in SLIPS.items()
        ),
    ]
