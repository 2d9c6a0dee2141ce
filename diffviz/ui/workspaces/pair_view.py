"""Two runs on one time: side by side, with where they differ."""

from __future__ import annotations

import numpy as np

from diffviz.core.slips import SLIPS
from diffviz.engine.history import Run, Shows
from diffviz.evaluation.metrics import psnr
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage
from diffviz.ui.workspaces.comparison_subject import run_column
from diffviz.ui.workspaces.run_pictures import Pictures, brightest_words, difference_pixels


class PairView:
    """
    Fills a stage with a run, another one before it, and their difference.

    Parameters
    ----------
    stage
        Gets the pictures.
    """

    def __init__(self, stage: ColumnsStage) -> None:
        self._stage = stage

    def show(self, other: Run, run: Run, t: int, shows: Shows) -> None:
        """Show both runs at time t."""
        columns = [run_column(one, t, shows) for one in (other, run)]
        columns.append(self._difference(other, run, t, shows))
        self._stage.set_columns(columns)

    def show_nothing(self) -> None:
        """Say that there is nothing to compare."""
        self._stage.set_columns([Column("", "", None, placeholder="Nothing to compare yet")])
        self._stage.set_sentence("Make a second run, or fork this one (F), and both are shown here.")

    def _difference(self, a: Run, b: Run, t: int, shows: Shows) -> Column:
        frames = a.frame_at(t), b.frame_at(t)
        if frames[0] is None or frames[1] is None:
            self._stage.set_sentence("One of the runs has not been here.")
            return Column("", "Difference", None, outline=None)
        first, second = frames[0].pictures(shows), frames[1].pictures(shows)
        noisy = frames[0].pictures("x_t"), frames[1].pictures("x_t")
        if first.shape != second.shape:
            self._stage.set_sentence("The runs have pictures of different sizes or numbers.")
            return Column("", "Difference", None, outline=None, placeholder="")
        picture, largest = difference_pixels(first, second)
        self._stage.set_sentence(_lesson(b) + _sentence(a, b, (first, second), noisy))
        return Column("", "Difference", picture, brightest_words(largest), outline=None)


def _lesson(run: Run) -> str:
    """What a run that is broken on purpose shows; "" for a sane one."""
    if run.request.slip is None:
        return ""
    info = SLIPS[run.request.slip]
    is_exact = run.context is not None and run.context.info.kind == "exact"
    forgiving = "The exact denoiser forgives much, as it answers with its pictures alone; look at $x_t$. "
    sentence = info.sentence.replace("x_t", "$x_t$")
    return f"**{info.title}.** {sentence} {forgiving if is_exact else ''}"


def _sentence(a: Run, b: Run, shown: tuple[Pictures, Pictures], noisy: tuple[Pictures, Pictures]) -> str:
    """How far two runs are apart in what is shown; where that is equal, whether x_t is, too."""
    runs = f"uns {a.id} and {b.id}"
    if not np.array_equal(*shown):
        return f"R{runs} differ by {_distance(*shown):.3g} (root mean square) here, {psnr(*shown):.1f} dB."
    if np.array_equal(*noisy):
        return f"R{runs} are equal here, bit for bit."
    apart = f"$x_t$ of r{runs} differs by {_distance(*noisy):.3g} (root mean square)"
    return f"What is shown is equal here, bit for bit; {apart}."


def _distance(first: Pictures, second: Pictures) -> float:
    return float(np.sqrt(np.mean((first - second) ** 2)))
