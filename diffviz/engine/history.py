"""The reverse runs of the session, a tree of forks, and every step of them, within a budget of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from diffviz.engine.run import Run, RunFrame, Shows

if TYPE_CHECKING:
    from diffviz.core.samplers import ReverseStep
    from diffviz.engine.request import ReverseContext, ReverseRequest

__all__ = ["Run", "RunFrame", "RunHistory", "Shows"]

_BUDGET_BYTES = 512 * 2**20


class RunHistory(QObject):
    """The runs of the session, the newest last, and which of them is looked at.

    When the budget is used up the oldest runs pay first: display copies in half precision, then every
    second step, then the whole run. The current run and those it was forked from pay last and are never
    dropped, and no run goes before its forks.

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
        kin = self._current.lineage if self._current is not None else ()
        others = [run for run in self._runs if run not in kin and run.own_steps]
        # Of the current run's line the oldest pays first, the run that is looked at last.
        line = [run for run in reversed(kin) if run.own_steps]
        for run in (*others, *line):
            if not run.compact:
                run.make_compact()
                return ""
        for run in others:
            told = run.thinned
            if run.thin():
                return "" if told else f"Memory for runs is used up: run {run.id} keeps every second step."
        leaf = next((run for run in self._runs if run not in kin and not self.forks_of(run)), None)
        if leaf is not None:
            self._runs.remove(leaf)
            self.changed.emit()
            return f"Memory for runs is used up: run {leaf.id} was let go." if leaf.own_steps else ""
        for run in line:
            told = run.thinned
            if run.thin():
                said = f"Memory for runs is used up: run {run.id} keeps fewer of its older steps."
                return "" if told else said
        return None


def _letters(number: int) -> str:
    """A, B, … Z, AA, AB, …: the names of runs."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name
