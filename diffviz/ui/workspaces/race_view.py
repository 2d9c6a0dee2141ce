"""The contenders of a race side by side, with what they cost and how far from the solution they ended."""

from __future__ import annotations

from diffviz.engine.history import Run, RunHistory, Shows
from diffviz.engine.race import Standing, standings
from diffviz.engine.run_words import sampler_words
from diffviz.ui.theme import Role
from diffviz.ui.widgets.choice_field import Choice
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage
from diffviz.ui.workspaces.comparison_subject import maker_words
from diffviz.ui.workspaces.run_pictures import batch_pixels


class RaceView:
    """
    Fills a stage with the runs of a race.

    Parameters
    ----------
    stage, history
        Gets the pictures, and has the runs.
    """

    def __init__(self, stage: ColumnsStage, history: RunHistory) -> None:
        self._stage, self._history = stage, history

    def choice(self, run: Run) -> Choice | None:
        """Offered where a run takes part in a race."""
        return None if run.race is None else Choice("the race", "The race", "All samplers of the race")

    def title(self, run: Run) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        count = run.request.num_samples
        return "Race of samplers", f"from the same noise{'s' if count > 1 else ''}, on one time"

    def show(self, run: Run, t: int, shows: Shows) -> None:
        """Show all contenders at time t."""
        contenders, reference = standings([one for one in self._history.runs if one.race == run.race])
        columns = [_contender(standing, t, shows) for standing in contenders]
        if reference is None:
            words = "The run that measures them comes last."
        elif not reference.complete:
            count = reference.request.sampler.num_sampling_steps
            words = f"Heun with {count} steps measures them. It has come to step {reference.num_made}."
        else:
            count = reference.request.sampler.num_sampling_steps
            of_batch = " For several pictures: of all, and from the nearest to the farthest."
            words = (
                f"Distances are root mean squares to where Heun with {count} steps ends from the same noise "
                f"(run {reference.id}); a sampler that draws noise goes another way."
                f"{of_batch if run.request.num_samples > 1 else ''}"
            )
        self._stage.set_columns(columns)
        self._stage.set_sentence(words)

    def leave(self) -> None:
        """Nothing goes on behind it."""

    def shutdown(self) -> None:
        """Nothing works behind it."""


def _contender(standing: Standing, t: int, shows: Shows) -> Column:
    run = standing.run
    spec = run.request.sampler
    frame = run.frame_at(t)
    picture = None if frame is None else batch_pixels(frame).of(shows)
    figures = [f"{spec.num_sampling_steps} steps", f"{standing.calls} calls"]
    if standing.seconds is not None:
        figures.append(f"{standing.seconds:.2g} s")
    figures.append(_distance_words(standing))
    if standing.miss is not None:
        figures.append(f"misses my picture by {standing.miss:.3g}")
    caption = f"{' · '.join(figures)} · {maker_words(run)}"
    outline: Role | None = None if shows == "x_t" else "model"
    # The name takes the room of the symbol: four columns are narrow, and the switch says what is shown.
    name = sampler_words(spec)
    return Column("", name, picture, caption, outline, short_name=name.rpartition(" ")[2])


def _distance_words(standing: Standing) -> str:
    if standing.distance is None:
        return "distance …"
    words = f"distance {standing.distance:.3g}"
    if len(standing.distances) > 1:
        words += f" ({min(standing.distances):.2g} to {max(standing.distances):.2g})"
    return words
