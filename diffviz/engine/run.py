"""One reverse run: its steps, what it shows at any time, and how it gives memory back."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from diffviz.core.schedules import build_schedule
from diffviz.engine.reverse_task import RunPoint
from diffviz.evaluation.metrics import psnr

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.samplers import ReverseStep
    from diffviz.engine.request import ReverseContext, ReverseRequest

__all__ = ["Run", "RunFrame", "Shows"]

Shows = Literal["x_t", "x_0", "noise"]

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

    A fork shares the steps above it with its parent; only its own are counted as its memory.

    Attributes
    ----------
    id
        "A", "B", … in the order of the session.
    request
        What was asked for; enough to make the run again.
    parent
        The run that it was forked from; None for one from the beginning.
    beside
        The run that it was made to be compared with, if it was.
    race
        The race that it takes part in; None where there is none.
    seconds
        How long all of its own steps took; None where nobody measured.
    context
        What the denoiser is and where the run began; None until the first record came.
    thinned
        Whether steps between the first and the last were let go to save memory.
    """

    def __init__(self, run_id: str, request: ReverseRequest, parent: Run | None = None) -> None:
        self.id = run_id
        self.request = request
        self.parent = parent
        self.beside: Run | None = None
        self.race: int | None = None
        self.seconds: float | None = None
        self.context: ReverseContext | None = None
        self.thinned = False
        self.compact = False
        self._steps: list[ReverseStep] = []
        self._nbytes = 0

    @property
    def steps(self) -> tuple[ReverseStep, ...]:
        """The steps at hand, from noise to picture, with those of the parent above the fork."""
        return (*self._inherited(), *self._steps)

    @property
    def own_steps(self) -> tuple[ReverseStep, ...]:
        """The steps at hand that it made itself."""
        return tuple(self._steps)

    @property
    def fork_t(self) -> int | None:
        """The parent's time at which the run left it; None for a run from the beginning."""
        return self.request.fork.t if self.request.fork is not None else None

    def owner_of(self, t: int) -> Run:
        """Who made the step from time t: the run itself, or one that it was forked from."""
        owners = (run for run in self.lineage if any(step.t == t for step in run.own_steps))
        return next(owners, self)

    @property
    def lineage(self) -> tuple[Run, ...]:
        """The run, its parent, the parent's parent, and so on."""
        return (self, *self.parent.lineage) if self.parent is not None else (self,)

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
    def num_made(self) -> int:
        """How many steps were made, those of the runs it was forked from and those let go among them."""
        return self._steps[-1].index + 1 if self._steps else 0

    @property
    def nbytes(self) -> int:
        """Memory of all tensors of the run; pictures that steps share count once."""
        return self._nbytes

    def append(self, step: ReverseStep) -> None:
        """Add the next step; it has to go on from where the last one ended, or start below it."""
        if self._steps and step.t > self._steps[-1].s:
            raise ValueError(f"A step from t = {step.t} cannot follow one to t = {self._steps[-1].s}.")
        if step.seconds is not None:
            self.seconds = (self.seconds or 0.0) + step.seconds
        if self.compact:
            step = _compacted(step)
        self._nbytes += _nbytes(step, self._steps[-1] if self._steps else None)
        self._steps.append(step)

    def step_with_index(self, index: int) -> ReverseStep | None:
        """The step with that number, unless it has not come yet or was let go."""
        steps = self.steps
        place = bisect_left(steps, index, key=lambda step: step.index)
        return steps[place] if place < len(steps) and steps[place].index == index else None

    def times(self) -> tuple[int, ...]:
        """Times at which `frame_at` has something to show, falling: each step's t, and 0 when complete."""
        starts = tuple(step.t for step in self.steps)
        return (*starts, 0) if self.complete else starts

    def point_at(self, t: int) -> RunPoint | None:
        """The place at time t, from which the run goes on as if it had never stopped.

        None where the run was not, or where steps that this needs were let go.
        """
        steps = self.steps
        place = next((place for place, step in enumerate(steps) if step.t == t), None)
        if place is None:
            if not steps or steps[-1].s != t or t == 0:
                return None
            return RunPoint(t, steps[-1].x_s, (steps[-1].t, steps[-1].x_t))
        step, before = steps[place], steps[place - 1] if place else None
        is_first = step.index == 0 or (before is not None and not self._shares_schedule(before))
        if is_first:
            return RunPoint(t, step.x_t)
        if before is None or before.s != t:
            return None
        return RunPoint(t, step.x_t, (before.t, before.x_t))

    def resume_point(self) -> RunPoint | None:
        """The place that the run has come to, to go on from; None where it is through or has not begun."""
        return None if self.complete or not self._steps else self.point_at(self._steps[-1].s)

    def frame_at(self, t: int) -> RunFrame | None:
        """What the run shows at time t: the nearest sampled time, or None where the run has not been.

        A run has been between the time it started at and the one it has reached.
        """
        steps = self.steps
        if not steps or not steps[-1].s <= t <= steps[0].t:
            return None
        times = self.times()
        below = bisect_left(times, -t, key=lambda time: -time)
        # Of two equally near times the one that the run passed first.
        near = range(max(below - 1, 0), min(below + 1, len(times)))
        return _frame(steps, min(near, key=lambda place: abs(times[place] - t)))

    def psnr(self, shows: Shows = "x_0", sample: int = 0) -> tuple[tuple[int, float], ...]:
        """(t, dB) against the picture that the run started from; empty for a start from pure noise."""
        guide = self.context.guide if self.context is not None else None
        if guide is None:
            return ()
        steps = self.steps
        frames = (_frame(steps, place) for place in range(len(self.times())))
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

    def _inherited(self) -> tuple[ReverseStep, ...]:
        """Steps of the parent above the fork, where both have one axis of time."""
        if self.parent is None or self.fork_t is None:
            return ()
        if self.parent.request.schedule.num_timesteps != self.request.schedule.num_timesteps:
            return ()
        above = max(self.fork_t, self._steps[0].t if self._steps else 0)
        return tuple(step for step in self.parent.steps if step.t > above)

    def _shares_schedule(self, inherited: ReverseStep) -> bool:
        """Whether a step before its own first one lies on its own schedule."""
        if any(step is inherited for step in self._steps) or self.parent is None:
            return True
        return build_schedule(self.parent.request.schedule) is build_schedule(self.request.schedule)

    def _replace(self, steps: list[ReverseStep]) -> None:
        self._steps = steps
        self._nbytes = sum(
            _nbytes(step, before) for before, step in zip([None, *steps[:-1]], steps, strict=True)
        )


def _frame(steps: tuple[ReverseStep, ...], place: int) -> RunFrame:
    """What there is to show at the place-th time."""
    if place == len(steps):
        step = steps[-1]
        return RunFrame(0, step.x_s, step.pred_x_0, step.pred_noise, step)
    step = steps[place]
    return RunFrame(step.t, step.x_t, step.pred_x_0, step.pred_noise, step)


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
