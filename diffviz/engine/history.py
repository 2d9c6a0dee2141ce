"""The reverse runs of the session, a tree of forks, and every step of them, within a budget of memory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from diffviz.engine.race import measures_race
from diffviz.engine.run import Run, RunFrame, Shows

if TYPE_CHECKING:
    from diffviz.core.samplers import ReverseStep
    from diffviz.engine.request import ReverseContext, ReverseRequest

__all__ = ["Run", "RunFrame", "RunHistory", "Shows"]

_BUDGET_BYTES = 512 * 2**20


class RunHistory(QObject):
    """The runs of the session, the newest last, and which of them is looked at.

    When the budget is used up a run that measures a race pays first, as only its end is wanted, then the
    oldest: display copies in half precision, then every second step, then the whole run. The current run,
    those it was forked from and those it is compared with pay last and are never dropped, and no run goes
    before its forks.

    Signals
    -------
    changed()
        A run began, got its context, was chosen or dropped.
    appended(Run)
        A run got a step.
    noted(str)
        One sentence for the person about what was let go.
    """

    changed = Signal()
    appended = Signal(object)
    noted = Signal(str)

    def __init__(self, budget_bytes: int = _BUDGET_BYTES, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.budget_bytes = budget_bytes
        self._runs: list[Run] = []
        self._current: Run | None = None
        self._num_begun = 0

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs at hand, oldest first."""
        return tuple(self._runs)

    @property
    def current(self) -> Run | None:
        """The run that is looked at."""
        return self._current

    @property
    def nbytes(self) -> int:
        """Memory of all runs."""
        return sum(run.nbytes for run in self._runs)

    def begin(self, request: ReverseRequest, parent: Run | None = None) -> Run:
        """A new run, which becomes the current one; `parent` is the run that it leaves."""
        run = Run(_letters(self._num_begun), request, parent)
        self._num_begun += 1
        self._runs.append(run)
        self._current = run
        self.changed.emit()
        return run

    def set_context(self, run: Run, context: ReverseContext) -> None:
        """Tell a run who denoises it."""
        run.context = context
        self.changed.emit()

    def append(self, run: Run, step: ReverseStep) -> None:
        """Add a step to a run, making room where needed."""
        run.append(step)
        self._make_room()
        self.appended.emit(run)

    def select(self, run: Run) -> None:
        """Look at a run.

        Raises
        ------
        ValueError
            If it is not (any more) in the history.
        """
        if run not in self._runs:
            raise ValueError(f"Run {run.id} is not in the history.")
        if run is not self._current:
            self._current = run
            self.changed.emit()

    def find(self, run_id: str) -> Run | None:
        """The run of that name, unless it was dropped."""
        return next((run for run in self._runs if run.id == run_id), None)

    def forks_of(self, run: Run) -> tuple[Run, ...]:
        """The forks of a run, oldest first."""
        return tuple(other for other in self._runs if other.parent is run)

    def set_budget(self, budget_bytes: int) -> None:
        """Keep within another budget from now on."""
        self.budget_bytes = budget_bytes
        self._make_room()

    def clear(self) -> None:
        """Drop all runs."""
        self._runs.clear()
        self._current = None
        self.changed.emit()

    def _make_room(self) -> None:
        while self.nbytes > self.budget_bytes:
            sentence = self._let_something_go()
            if sentence is None:
                return
            if sentence:
                self.noted.emit(sentence)

    def _let_something_go(self) -> str | None:
        """Let go of the dearest thing least missed; what to say about it, None where nothing is left."""
        measures = [run for run in self._runs if measures_race(run)]
        kin = self._kin()
        others = [run for run in self._runs if run not in kin and run.own_steps]
        # Of what is looked at the run that is current pays last.
        line = [run for run in reversed(kin) if run.own_steps]
        ways = (
            partial(_compact, measures),
            partial(_thin, measures, ", which measures the race, keeps fewer of its steps"),
            partial(_compact, (*others, *line)),
            partial(_thin, others, " keeps every second step"),
            partial(self._drop_other_than, kin),
            partial(_thin, line, " keeps fewer of its older steps"),
        )
        return next((said for way in ways if (said := way()) is not None), None)

    def _kin(self) -> tuple[Run, ...]:
        """The current run, its parent, that one's parent and so on, then those that it is compared with."""
        current = self._current
        if current is None:
            return ()
        in_race = [run for run in self._runs if current.race is not None and run.race == current.race]
        beside = [run for run in (current.beside, *in_race) if run is not None]
        return tuple(dict.fromkeys((*current.lineage, *beside)))

    def _drop_other_than(self, kin: tuple[Run, ...]) -> str | None:
        leaf = next((run for run in self._runs if run not in kin and not self.forks_of(run)), None)
        if leaf is None:
            return None
        self._runs.remove(leaf)
        self.changed.emit()
        return f"Memory for runs is used up: run {leaf.id} was let go." if leaf.own_steps else ""


def _compact(runs: Iterable[Run]) -> str | None:
    """Keep less of the first run that can do with less; None where none can."""
    for run in runs:
        if not run.compact:
            run.make_compact()
            return ""
    return None


def _thin(runs: Iterable[Run], words: str) -> str | None:
    """Let every second step of the first run go that has some to spare, and say so once; None without one."""
    for run in runs:
        told = run.thinned
        if run.thin():
            return "" if told else f"Memory for runs is used up: run {run.id}{words}."
    return None


def _letters(number: int) -> str:
    """A, B, … Z, AA, AB, …: the names of runs."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
