"""What a run can be compared with: each subject fills the stage with its own columns."""

from __future__ import annotations

from typing import Protocol

from diffviz.data.images import Pixels
from diffviz.engine.history import Run, Shows
from diffviz.engine.run_words import run_words
from diffviz.ui.theme import Role
from diffviz.ui.widgets.choice_field import Choice
from diffviz.ui.widgets.columns_stage import Column
from diffviz.ui.workspaces.run_pictures import batch_pixels

_SYMBOLS = {"x_t": "x_t", "x_0": "x̂_0", "noise": "ε̂"}


class Subject(Protocol):
    """Something to compare the present run with."""

    def choice(self, run: Run) -> Choice | None:
        """What is offered in the list; None where it does not fit the run."""

    def title(self, run: Run) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""

    def show(self, run: Run, t: int, shows: Shows) -> None:
        """Fill the stage for a time."""

    def leave(self) -> None:
        """Something else is shown from now on."""

    def shutdown(self) -> None:
        """End what works behind the window; it is closing."""


def maker_words(run: Run) -> str:
    """Which denoiser made the frames of a run, as every frame has to say."""
    return "" if run.context is None else run.context.info.detail or run.context.info.name


def run_column(run: Run, t: int, shows: Shows) -> Column:
    """A run at a time, with its maker and what it is."""
    frame = run.frame_at(t)
    picture: Pixels | None = None if frame is None else batch_pixels(frame).of(shows)
    at = "" if frame is None else f"{maker_words(run)} · t = {frame.t}"
    outline: Role | None = None if shows == "x_t" else "model"
    words = f"{at} · {run_words(run)}" if at else run_words(run)
    return Column(_SYMBOLS[shows], f"Run {run.id}", picture, words, outline)
