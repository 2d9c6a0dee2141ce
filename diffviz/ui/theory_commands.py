"""What the Theory workspace can do, for the list of commands and the keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from diffviz.engine.session import Workspace
from diffviz.ui.commands import Command

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow


def theory_commands(window: MainWindow) -> list[Command]:
    """Return the commands that only the Theory workspace has."""
    pages = (("bound", "the bound"), ("losses", "losses"), ("spectrum", "the spectrum"))
    pictures = (
        ("cost", "the map of costs"),
        ("x_t", "the noisy image"),
        ("x_0", "the clean image"),
        ("guess", "the predicted image"),
    )

    def is_here() -> bool:
        return window.session.state.workspace is Workspace.THEORY

    def show_page(key: str) -> None:
        window.theory.set_mode(key)

    def show_picture(key: str) -> None:
        window.theory.show_picture(key)

    def draw_bars(scale: str) -> None:
        window.theory.set_scale(scale)

    return [
        *(
            Command(f"theory.{key}", f"Theory: show {words}", partial(show_page, key), (), is_here)
            for key, words in pages
        ),
        *(
            Command(
                f"theory.image.{key}",
                f"Image under test: show {words}",
                partial(show_picture, key),
                (),
                is_here,
            )
            for key, words in pictures
        ),
        Command("theory.log", "Bars on a log scale", partial(draw_bars, "log"), (), is_here),
        Command("theory.linear", "Bars on a linear scale", partial(draw_bars, "linear"), (), is_here),
        Command(
            "theory.stop", "Stop estimating the bound", lambda: window.theory.estimate.stop(), (), is_here
        ),
        Command(
            "theory.time", "Time the losses, or stop that", lambda: window.theory.toggle_timing(), (), is_here
        ),
    ]
