"""What the run that is looked at is compared with, chosen from a list."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import Run, RunHistory, Shows
from diffviz.engine.run_words import run_words
from diffviz.engine.session import Session
from diffviz.ui.widgets.choice_field import Choice, ChoiceField
from diffviz.ui.widgets.columns_stage import ColumnsStage
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.segmented import SegmentedSwitch
from diffviz.ui.workspaces.comparison_subject import Subject
from diffviz.ui.workspaces.duel_view import DuelView
from diffviz.ui.workspaces.guidance_view import GuidanceView
from diffviz.ui.workspaces.pair_view import PairView
from diffviz.ui.workspaces.picture_view import PictureView
from diffviz.ui.workspaces.race_view import RaceView
from diffviz.ui.workspaces.round_trip_view import RoundTripView

_NO_RUN = Choice("no other run", "No other run", "Make a second run, or fork this one")


class RunComparison(QObject):
    """
    Fills a stage with the run that is looked at, B, and another one, A: its parent at first.

    Parameters
    ----------
    stage
        Gets the pictures, and above them the list.
    session, history, shelf
        Where time, choices, runs and denoisers come from.

    Signals
    -------
    chosen()
        The user chose something from the list.
    failed(str, str)
        Headline and reason of a failure.
    """

    chosen = Signal()
    failed = Signal(str, str)

    def __init__(
        self,
        stage: ColumnsStage,
        session: Session,
        history: RunHistory,
        shelf: DenoiserShelf,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stage, self._session, self._history = stage, session, history
        self.duel, self.guidance = DuelView(stage, shelf, self), GuidanceView(stage, shelf, self)
        self.round_trip = RoundTripView(stage, shelf, self)
        self._race, self._picture = RaceView(stage, history), PictureView(stage)
        self._pair = PairView(stage)
        for view in (self.duel, self.guidance, self.round_trip):
            view.failed.connect(self.failed)
        self._chosen: Run | Subject | None = None
        self._shown: Subject | None = None
        self._choices: list[Choice] = []
        self.field = ChoiceField(
            accessible_name="Run to compare with", tooltip="What the present run is compared with"
        )
        self.field.choice_edited.connect(self._on_chosen)
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
        if isinstance(self._chosen, Run) and self._chosen in runs and self._chosen is not current:
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
        self._chosen = None

    def title(self) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        current, other, subject = self._history.current, self.other, self._subject()
        if current is not None and subject is not None:
            return subject.title(current)
        if current is None or other is None:
            return "Two runs", "on one time"
        return f"Runs {other.id} and {current.id}", "on one time"

    def show(self) -> None:
        """Show both runs, or what else was chosen, at the present time."""
        current, other, subject = self._history.current, self.other, self._subject()
        self._offer(current, other, subject)
        if subject is not self._shown:
            self.leave()
            self._shown = subject
        # What lies over each other has to be two pictures of one thing.
        is_pair = subject is None or subject is self._picture
        self._stage.put_away(self.ways, is_away=not is_pair)
        if not is_pair and self.ways.current == "over":
            self.ways.set_current("beside")
            self._stage.set_overlaid(False)
        t = self._session.state.t
        shows: Shows = self._session.state.reverse_shows  # type: ignore[assignment]
        if current is not None and subject is not None:
            subject.show(current, t, shows)
        elif current is not None and other is not None:
            self._pair.show(other, current, t, shows)
        else:
            self._pair.show_nothing()

    def leave(self) -> None:
        """Nobody looks any more, or at something else."""
        if self._shown is not None:
            self._shown.leave()
        self._shown = None
        self._stage.set_below(None)

    def shutdown(self) -> None:
        """End what works behind the window; it is closing."""
        for subject in self._subjects:
            subject.shutdown()

    @property
    def _subjects(self) -> tuple[Subject, ...]:
        return self._race, self._picture, self.round_trip, self.guidance, self.duel

    def _subject(self) -> Subject | None:
        """What else than another run is shown."""
        current = self._history.current
        if current is None:
            return None
        if isinstance(self._chosen, Run) and self.other is self._chosen:
            return None
        if self._chosen is not None and not isinstance(self._chosen, Run) and self._chosen.choice(current):
            return self._chosen
        if self._race.choice(current):
            return self._race
        return self._picture if self.other is None and self._picture.choice(current) else None

    def _offer(self, current: Run | None, other: Run | None, shown: Subject | None) -> None:
        runs = [run for run in self._history.runs if run is not current]
        choices = [Choice(run.id, f"Run {run.id}", run_words(run)) for run in runs] or [_NO_RUN]
        if current is not None:
            offers = {subject: subject.choice(current) for subject in self._subjects}
            before = [offers[self._race], offers[self._picture]]
            after = [offers[self.round_trip], offers[self.guidance], offers[self.duel]]
            choices = [c for c in before if c] + choices + [c for c in after if c]
        if choices != self._choices:
            self._choices = choices
            self.field.set_options(choices)
        choice = shown.choice(current) if shown is not None and current is not None else None
        key = choice.key if choice is not None else _NO_RUN.key if other is None else other.id
        if key in self.field.keys():  # noqa: SIM118  (a method, not a mapping)
            self.field.set_current(key)
        self.field.setEnabled(current is not None)

    @Slot(str)
    def _on_chosen(self, key: str) -> None:
        current = self._history.current
        self._chosen = self._history.find(key)
        for subject in self._subjects:
            if current is not None and (choice := subject.choice(current)) and choice.key == key:
                self._chosen = subject
        self.chosen.emit()

    @Slot(str)
    def _on_way_selected(self, way: str) -> None:
        self._stage.set_overlaid(way == "over")
