"""The reverse runs of the session and every step of them, within a budget of memory."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from diffviz.evaluation.metrics import psnr

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.samplers import ReverseStep
    from diffviz.engine.request import ReverseContext, ReverseRequest

__all__ = ["Run", "RunFrame", "RunHistory", "Shows"]

Shows = Literal["x_t", "x_0", "noise"]

_BUDGET_BYTES = 512 * 2**20
_FEWEST_STEPS = 8
_DISPLAY_FIELDS = ("pred_x_0", "pred_noise")


@dataclass(frozen=True, eq=False)
class RunFrame:
    """What a run shows at one time.

    Attributes
    ----------
    t
        The sampled time, which need not be the one asked for.
    x_t
        The picture then, CPU tensor (B, C, H, W).
    pred_x_0, pred_noise
        The denoiser's answer, same shape; at t = 0 the last one it gave.
    step
        The step that starts at t; at t = 0 the one that ended there.
    """

    t: int
    x_t: Tensor
    pred_x_0: Tensor
    pred_noise: Tensor
    step: ReverseStep

    @property
    def is_end(self) -> bool:
        """Whether this is the finished picture."""
        return self.t == 0

    def shown(self, shows: Shows, sample: int = 0) -> NDArray[np.float32]:
        """One picture of the batch for display or measure: float32 (H, W, C)."""
        batch = {"x_t": self.x_t, "x_0": self.pred_x_0, "noise": self.pred_noise}[shows]
        return np.moveaxis(batch[sample].float().numpy(), 0, -1)

    def pictures(self, shows: Shows) -> NDArray[np.float32]:
        """The whole batch for display: float32 (B, H, W, C)."""
        batch = {"x_t": self.x_t, "x_0": self.pred_x_0, "noise": self.pred_noise}[shows]
        return np.moveaxis(batch.float().numpy(), 1, -1)


class Run:
    """One walk from noise towards a picture, as far as it has come.

    Attributes
    ----------
    id
        "A", "B", … in the order of the session.
    request
        What was asked for; enough to make the run again.
    context
        What the denoiser is and where the run began; None until the first record came.
    thinned
        Whether steps between the first and the last were let go to save memory.
    """

    def __init__(self, run_id: str, request: ReverseRequest) -> None:
        self.id = run_id
        self.request = request
        self.context: ReverseContext | None = None
        self.thinned = False
        self.compact = False
        self._steps: list[ReverseStep] = []
        self._nbytes = 0

    @property
    def steps(self) -> tuple[ReverseStep, ...]:
        """The steps at hand, from noise to picture."""
        return tuple(self._steps)

    @property
    def last(self) -> ReverseStep | None:
        """The newest step."""
        return self._steps[-1] if self._steps else None

    @property
    def complete(self) -> bool:
        """Whether the run has reached t = 0."""
        return bool(self._steps) and self._steps[-1].s == 0

    @property
    def reached_t(self) -> int | None:
        """The time down to which the run has come; None before its first step."""
        return self._steps[-1].s if self._steps else None

    @property
    def nbytes(self) -> int:
        """Memory of all tensors of the run; pictures that steps share count once."""
        return self._nbytes

    def append(self, step: ReverseStep) -> None:
        """Add the next step; it has to go on from where the last one ended, or start below it."""
        if self._steps and step.t > self._steps[-1].s:
            raise ValueError(f"A step from t = {step.t} cannot follow one to t = {self._steps[-1].s}.")
        if self.compact:
            step = _compacted(step)
        self._nbytes += _nbytes(step, self._steps[-1] if self._steps else None)
        self._steps.append(step)

    def step_with_index(self, index: int) -> ReverseStep | None:
        """The step with that number, unless it has not come yet or was let go."""
        place = bisect_left(self._steps, index, key=lambda step: step.index)
        if place < len(self._steps) and self._steps[place].index == index:
            return self._steps[place]
        return None

    def times(self) -> tuple[int, ...]:
        """Times at which `frame_at` has something to show, falling: each step's t, and 0 when complete."""
        starts = tuple(step.t for step in self._steps)
        return (*starts, 0) if self.complete else starts

    def frame_at(self, t: int) -> RunFrame | None:
        """What the run shows at time t: the nearest sampled time, or None where the run has not been.

        A run has been between the time it started at and the one it has reached.
        """
        if not self._steps or not self._steps[-1].s <= t <= self._steps[0].t:
            return None
        times = self.times()
        below = bisect_left(times, -t, key=lambda time: -time)
        # Of two equally near times the one that the run passed first.
        near = range(max(below - 1, 0), min(below + 1, len(times)))
        return self._frame(min(near, key=lambda place: abs(times[place] - t)))

    def psnr(self, shows: Shows = "x_0", sample: int = 0) -> tuple[tuple[int, float], ...]:
        """(t, dB) against the picture that the run started from; empty for a start from pure noise."""
        guide = self.context.guide if self.context is not None else None
        if guide is None:
            return ()
        frames = (self._frame(place) for place in range(len(self.times())))
        return tuple((frame.t, psnr(frame.shown(shows, sample), guide)) for frame in frames)

    def make_compact(self) -> None:
        """Keep what is only displayed, x̂_0 and ε̂, in half precision (within 1/2000 on [-1, 1])."""
        self.compact = True
        self._replace([_compacted(step) for step in self._steps])

    def thin(self) -> bool:
        """Let every second step go, the first and the last excepted; False where too few are left."""
        if len(self._steps) <= _FEWEST_STEPS:
            return False
        kept = self._steps[:-1:2]
        self._replace([*kept, self._steps[-1]])
        self.thinned = True
        return True

    def _frame(self, place: int) -> RunFrame:
        """What there is to show at the place-th of `times`."""
        if place == len(self._steps):
            step = self._steps[-1]
            return RunFrame(0, step.x_s, step.pred_x_0, step.pred_noise, step)
        step = self._steps[place]
        return RunFrame(step.t, step.x_t, step.pred_x_0, step.pred_noise, step)

    def _replace(self, steps: list[ReverseStep]) -> None:
        self._steps = steps
        self._nbytes = sum(
            _nbytes(step, before) for before, step in zip([None, *steps[:-1]], steps, strict=True)
        )


class RunHistory(QObject):
    """The runs of the session, the newest last, and which of them is looked at.

    When the budget is used up the oldest runs pay first: display copies in half precision, then every
    second step, then the whole run; the current run pays last and is never dropped.

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

    def begin(self, request: ReverseRequest) -> Run:
        """A new run, which becomes the current one."""
        run = Run(_letters(self._num_begun), request)
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
        others = [run for run in self._runs if run is not self._current and run.steps]
        payers = [*others, *([self._current] if self._current is not None else [])]
        for run in payers:
            if not run.compact:
                run.make_compact()
                return ""
        for run in others:
            told = run.thinned
            if run.thin():
                return "" if told else f"Memory for runs is used up: run {run.id} keeps every second step."
        if others:
            self._runs.remove(others[0])
            self.changed.emit()
            return f"Memory for runs is used up: run {others[0].id} was let go."
        if self._current is None:
            return None
        told = self._current.thinned
        if not self._current.thin():
            return None
        said = f"Memory for runs is used up: run {self._current.id} keeps fewer of its older steps."
        return "" if told else said


def _letters(number: int) -> str:
    """A, B, … Z, AA, AB, …: the names of runs."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _tensors(step: ReverseStep) -> list[Tensor]:
    values = (getattr(step, field.name) for field in dataclasses.fields(step))
    return [value for value in values if hasattr(value, "element_size")]


def _nbytes(step: ReverseStep, before: ReverseStep | None) -> int:
    """Memory of a step, without the picture it shares with the one before."""
    shared = {id(tensor) for tensor in _tensors(before)} if before is not None else set()
    own = {id(tensor): tensor for tensor in _tensors(step)}
    return sum(t.element_size() * t.nelement() for key, t in own.items() if key not in shared)


def _compacted(step: ReverseStep) -> ReverseStep:
    return dataclasses.replace(step, **{name: getattr(step, name).half() for name in _DISPLAY_FIELDS})
