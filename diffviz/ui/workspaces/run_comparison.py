"""Two runs on one time: side by side with their difference, or over each other."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from diffviz.core.slips import SLIPS
from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import Run, RunHistory, Shows
from diffviz.engine.race import Standing, standings
from diffviz.engine.run_words import run_words, sampler_words
from diffviz.engine.session import Session
from diffviz.evaluation.metrics import psnr
from diffviz.ui.theme import Role
from diffviz.ui.widgets.choice_field import Choice, ChoiceField
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.segmented import SegmentedSwitch
from diffviz.ui.workspaces.duel_view import DuelView
from diffviz.ui.workspaces.run_pictures import Pictures, batch_pixels, difference_pixels

_NOTHING, _PICTURE, _RACE, _DUEL = "no other run", "my picture", "the race", "other denoisers"
_SYMBOLS = {"x_t": "x_t", "x_0": "x̂_0", "noise": "ε̂"}


class RunComparison(QObject):
    """
    Fills a stage with the run that is looked at, B, and another one, A: its parent at first.

    Parameters
    ----------
    stage
        Gets the pictures, and above them the two runs to choose.
    session, history, shelf
        Where time, choices, runs and denoisers come from.
    """

    def __init__(
        self,
        stage: ColumnsStage,
        session: Session,
        history: RunHistory,
        shelf: DenoiserShelf,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.duel = DuelView(stage, shelf, self)
        self._stage, self._session, self._history = stage, session, history
        self._chosen: Run | None = None
        self._with_picture = self._is_duel = False
        self._choices: list[Choice] = []
        self.field = ChoiceField(
            accessible_name="Run to compare with", tooltip="The run that the present one is compared with"
        )
        self.field.choice_edited.connect(self._on_run_chosen)
        self.ways = SegmentedSwitch(
            [
                ("beside", "Side by side", "Both runs, and where they differ"),
                ("over", "Overlaid", "One over the other, with a line to drag"),
            ],
            "Way of comparing",
        )
        self.ways.selected.connect(self._on_way_selected)
        stage.head.addWidget(MathLabel("Compare with", "label", "text2"))
        stage.head.addWidget(self.field)
        stage.head.addStretch(1)
        stage.head.addWidget(self.ways)

    @property
    def other(self) -> Run | None:
        """The run A that the present one is compared with: the chosen one, its parent, or the one before."""
        current, runs = self._history.current, self._history.runs
        if self._chosen in runs and self._chosen is not current:
            return self._chosen
        if current is None or len(runs) < 2:
            return None
        if current.beside in runs:
            return current.beside
        if current.parent in runs:
            return current.parent
        place = runs.index(current)
        return runs[place - 1] if place else runs[1]

    def forget_choice(self) -> None:
        """Compare with what belongs to the present run again."""
        self._chosen, self._with_picture, self._is_duel = None, False, False

    def title(self) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        current, other = self._history.current, self.other
        if self._is_duel and current is not None:
            return "Duel of denoisers", f"on the steps of run {current.id}"
        if self._shows_race():
            return "Race of samplers", "from the same noise, on one time"
        if current is not None and self._guide() is not None and (self._with_picture or other is None):
            return f"My picture and run {current.id}", "on one time"
        if current is None or other is None:
            return "Two runs", "on one time"
        return f"Runs {other.id} and {current.id}", "on one time"

    def show(self) -> None:
        """Show both runs at the present time."""
        current, other = self._history.current, self.other
        self._offer_runs(current, other)
        if current is not None and self._is_duel:
            self.duel.show_run(current, self._session.state.t)
            return
        self.duel.leave()
        if self._shows_race():
            self._show_race()
            return
        guide = self._guide()
        if current is not None and guide is not None and (self._with_picture or other is None):
            self._show_against_picture(current, guide)
            return
        if current is None or other is None:
            self._stage.set_columns([Column("", "", None, placeholder="Nothing to compare yet")])
            self._stage.set_sentence("Make a second run, or fork this one (F), and both are shown here.")
            return
        t = self._session.state.t
        shows: Shows = self._session.state.reverse_shows  # type: ignore[assignment]
        columns = [self._column(run, t, shows) for run in (other, current)]
        columns.append(self._difference(other, current, t, shows))
        self._stage.set_columns(columns)

    def _shows_race(self) -> bool:
        """Whether the present run takes part in a race and no other run was chosen to compare with."""
        current = self._history.current
        return (
            current is not None
            and current.race is not None
            and self._chosen is None
            and not self._with_picture
        )

    def _show_race(self) -> None:
        """The contenders side by side, with what they cost and how far from the solution they ended."""
        current = self._history.current
        race = current.race if current is not None else None
        contenders, reference = standings([run for run in self._history.runs if run.race == race])
        t = self._session.state.t
        shows: Shows = self._session.state.reverse_shows  # type: ignore[assignment]
        columns = [self._contender(standing, t, shows) for standing in contenders]
        if reference is None:
            words = "The race goes on."
        elif not reference.complete:
            done = reference.last.index + 1 if reference.last is not None else 0
            words = (
                f"Heun with {reference.request.sampler.num_sampling_steps} steps measures them: step {done}."
            )
        else:
            count = reference.request.sampler.num_sampling_steps
            words = (
                f"Distances are root mean squares to where Heun with {count} steps ends from the same noise "
                f"(run {reference.id}); a sampler that draws noise goes another way."
            )
        self._stage.set_columns(columns)
        self._stage.set_sentence(words)

    def _contender(self, standing: Standing, t: int, shows: Shows) -> Column:
        run = standing.run
        spec = run.request.sampler
        frame = run.frame_at(t)
        picture = None if frame is None else batch_pixels(frame).of(shows)
        maker = run.context.info.detail or run.context.info.name if run.context is not None else ""
        figures = [f"{spec.num_sampling_steps} steps", f"{standing.calls} calls"]
        if standing.seconds is not None:
            figures.append(f"{standing.seconds:.2g} s")
        figures.append("distance …" if standing.distance is None else f"distance {standing.distance:.3g}")
        if standing.miss is not None:
            figures.append(f"misses my picture by {standing.miss:.3g}")
        caption = f"{' · '.join(figures)} · {maker}"
        outline: Role | None = None if shows == "x_t" else "model"
        # The name takes the room of the symbol: four columns are narrow, and the switch says what is shown.
        name = sampler_words(spec)
        return Column("", name, picture, caption, outline, short_name=name.rpartition(" ")[2])

    def _guide(self) -> Pictures | None:
        """The picture that the present run began with, float32 (1, H, W, C)."""
        run = self._history.current
        guide = run.context.guide if run is not None and run.context is not None else None
        return None if guide is None else guide[None]

    def _show_against_picture(self, run: Run, guide: Pictures) -> None:
        """The run's guess beside the picture that it began with, and where it misses it."""
        t = self._session.state.t
        frame = run.frame_at(t)
        columns = [
            Column("x_0", "My picture", to_uint8(guide[0]), "as the denoiser gets it", "signal"),
            self._column(run, t, "x_0"),
        ]
        if frame is None:
            self._stage.set_sentence("The run has not been here.")
        else:
            guess = frame.pictures("x_0")
            picture, largest = difference_pixels(np.broadcast_to(guide, guess.shape), guess)
            columns.append(Column("", "Error", picture, f"brightest: {largest:.3g} of 2", outline=None))
            distance = float(np.sqrt(np.mean((guess - guide) ** 2)))
            way = "The way up and down again" if run.request.is_inverted else "The guess"
            words = f"{way} misses your picture by {distance:.3g} (root mean square) here"
            self._stage.set_sentence(f"{words}, {psnr(guess, np.broadcast_to(guide, guess.shape)):.1f} dB.")
        self._stage.set_columns(columns)

    def _column(self, run: Run, t: int, shows: Shows) -> Column:
        frame = run.frame_at(t)
        picture = None if frame is None else batch_pixels(frame).of(shows)
        # Every frame says which denoiser made it.
        maker = run.context.info.detail or run.context.info.name if run.context is not None else ""
        at = "" if frame is None else f"{maker} · t = {frame.t}"
        outline: Role | None = None if shows == "x_t" else "model"
        words = f"{at} · {run_words(run)}" if at else run_words(run)
        return Column(_SYMBOLS[shows], f"Run {run.id}", picture, words, outline)

    def _difference(self, a: Run, b: Run, t: int, shows: Shows) -> Column:
        frames = a.frame_at(t), b.frame_at(t)
        if frames[0] is None or frames[1] is None:
            self._stage.set_sentence("One of the runs has not been here.")
            return Column("", "Difference", None, outline=None)
        first, second = (frame.pictures(shows) for frame in frames if frame is not None)
        if first.shape != second.shape:
            self._stage.set_sentence("The runs have pictures of different sizes or numbers.")
            return Column("", "Difference", None, outline=None, placeholder="")
        picture, largest = difference_pixels(first, second)
        self._stage.set_sentence(_lesson(b) + _sentence(a, b, first, second))
        return Column("", "Difference", picture, f"brightest: {largest:.3g} of 2", outline=None)

    def _offer_runs(self, current: Run | None, other: Run | None) -> None:
        choices = [
            Choice(run.id, f"Run {run.id}", run_words(run))
            for run in self._history.runs
            if run is not current
        ]
        if self._guide() is not None:
            choices.insert(0, Choice(_PICTURE, "My picture", "The picture that the run began with"))
        if current is not None and current.race is not None:
            choices.insert(0, Choice(_RACE, "The race", "All samplers of the race"))
        if not choices:
            choices.append(Choice(_NOTHING, "No other run", "Make a second run, or fork this one"))
        if current is not None:
            choices.append(Choice(_DUEL, "Other denoisers", "What other denoisers take the same x_t for"))
        if choices != self._choices:
            self._choices = choices
            self.field.set_options(choices)
        if self._is_duel and current is not None:
            shown = _DUEL
        elif self._shows_race():
            shown = _RACE
        elif self._guide() is not None and (self._with_picture or other is None):
            shown = _PICTURE
        else:
            shown = _NOTHING if other is None else other.id
        if shown in self.field.keys():  # noqa: SIM118  (a method, not a mapping)
            self.field.set_current(shown)
        self.field.setEnabled(current is not None)

    @Slot(str)
    def _on_run_chosen(self, name: str) -> None:
        self._with_picture, self._is_duel = name == _PICTURE, name == _DUEL
        self._chosen = self._history.find(name)
        self.show()

    @Slot(str)
    def _on_way_selected(self, way: str) -> None:
        self._stage.set_overlaid(way == "over")


def _lesson(run: Run) -> str:
    """What a run that is broken on purpose shows; "" for a sane one."""
    if run.request.slip is None:
        return ""
    info = SLIPS[run.request.slip]
    is_exact = run.context is not None and run.context.info.kind == "exact"
    forgiving = "The exact denoiser forgives much, as it answers with its pictures alone; look at $x_t$. "
    return f"**{info.title}.** {info.sentence} {forgiving if is_exact else ''}"


def _sentence(a: Run, b: Run, first: Pictures, second: Pictures) -> str:
    if np.array_equal(first, second):
        return f"Runs {a.id} and {b.id} are equal here, bit for bit."
    distance = float(np.sqrt(np.mean((first - second) ** 2)))
    decibels = psnr(first, second)
    return f"Runs {a.id} and {b.id} differ by {distance:.3g} (root mean square) here, {decibels:.1f} dB."
