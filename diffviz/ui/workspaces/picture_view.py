"""A run's guess beside the picture that it began with, and where it misses it."""

from __future__ import annotations

import numpy as np

from diffviz.data.images import to_uint8
from diffviz.engine.history import Run, Shows
from diffviz.evaluation.metrics import psnr
from diffviz.ui.widgets.choice_field import Choice
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage
from diffviz.ui.workspaces.comparison_subject import run_column
from diffviz.ui.workspaces.run_pictures import brightest_words, difference_pixels


class PictureView:
    """
    Fills a stage with a picture and what became of it.

    Parameters
    ----------
    stage
        Gets the pictures.
    """

    def __init__(self, stage: ColumnsStage) -> None:
        self._stage = stage

    def choice(self, run: Run) -> Choice | None:
        """Offered where a run began with a picture."""
        if run.context is None or run.context.guide is None:
            return None
        return Choice("my picture", "My picture", "The picture that the run began with")

    def title(self, run: Run) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        return f"My picture and run {run.id}", "on one time"

    def show(self, run: Run, t: int, shows: Shows) -> None:
        """Show the picture, the guess at time t and their difference; `shows` changes nothing."""
        del shows
        assert run.context is not None
        assert run.context.guide is not None
        guide = run.context.guide[None]
        frame = run.frame_at(t)
        columns = [
            Column("x_0", "My picture", to_uint8(guide[0]), "as the denoiser gets it", "signal"),
            run_column(run, t, "x_0"),
        ]
        if frame is None:
            self._stage.set_sentence("The run has not been here.")
        else:
            guess = frame.pictures("x_0")
            picture, largest = difference_pixels(np.broadcast_to(guide, guess.shape), guess)
            columns.append(Column("", "Error", picture, brightest_words(largest), outline=None))
            distance = float(np.sqrt(np.mean((guess - guide) ** 2)))
            way = "The way up and down again" if run.request.is_inverted else "The guess"
            words = f"{way} misses your picture by {distance:.3g} (root mean square) here"
            self._stage.set_sentence(f"{words}, {psnr(guess, np.broadcast_to(guide, guess.shape)):.1f} dB.")
        self._stage.set_columns(columns)

    def leave(self) -> None:
        """Nothing goes on behind it."""

    def shutdown(self) -> None:
        """Nothing works behind it."""
