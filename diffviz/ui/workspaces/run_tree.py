"""Which runs there are: as a tree between the strips, and as a list above the stage."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from diffviz.engine.run_driver import RunDriver
from diffviz.engine.run_words import run_words
from diffviz.ui.widgets.choice_field import Choice, ChoiceField
from diffviz.ui.widgets.stage_bar import StageBar
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspaces.branch_lines import branches_of


class RunTree(QObject):
    """
    Shows the runs and lets a person choose the one that is looked at.

    Parameters
    ----------
    driver
        Has the runs.
    timeline
        Shows their tree.
    bar
        Gets the list, from the second run on.
    """

    def __init__(
        self, driver: RunDriver, timeline: Timeline, bar: StageBar, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._driver = driver
        self._timeline = timeline
        self._choices: list[Choice] = []
        self.field = ChoiceField(accessible_name="Run that is shown", tooltip="Show another run")
        self.field.hide()
        bar.add_widget(self.field)
        self.field.choice_edited.connect(self._on_run_chosen)
        timeline.filmstrip.branch_chosen.connect(self._on_run_chosen)

    def show_runs(self) -> None:
        """Show what there is now."""
        history = self._driver.history
        self._timeline.filmstrip.set_branches(branches_of(history))
        choices = [Choice(run.id, f"Run {run.id}", run_words(run)) for run in history.runs]
        if choices != self._choices:
            self._choices = choices
            self.field.set_options(choices)
        self.field.setVisible(len(choices) > 1)
        if history.current is not None:
            self.field.set_current(history.current.id)

    @Slot()
    def show_previous(self) -> None:
        """Look at the run that was begun before the one that is shown."""
        self._show_neighbour(-1)

    @Slot()
    def show_next(self) -> None:
        """Look at the run that was begun after the one that is shown."""
        self._show_neighbour(+1)

    def _show_neighbour(self, direction: int) -> None:
        runs, current = self._driver.history.runs, self._driver.history.current
        place = runs.index(current) + direction if current in runs else -1
        if 0 <= place < len(runs):
            self._driver.select(runs[place])

    @Slot(str)
    def _on_run_chosen(self, name: str) -> None:
        run = self._driver.history.find(name)
        if run is not None and run is not self._driver.history.current:
            self._driver.select(run)
