"""At which times a reverse run asks its denoiser, known before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffviz.core.schedules import build_schedule
from diffviz.core.slips import slipped_spec
from diffviz.core.timesteps import nearest_time, sampling_timesteps

if TYPE_CHECKING:
    from diffviz.engine.request import ReverseRequest

__all__ = ["RunPlan", "plan_run"]


@dataclass(frozen=True)
class RunPlan:
    """The times of a run, falling, without the final 0.

    Attributes
    ----------
    inherited
        Times of the runs it was forked from, above the fork; empty where theirs is another axis of time.
    own
        Times at which it asks the denoiser itself.
    """

    inherited: tuple[int, ...]
    own: tuple[int, ...]

    @property
    def times(self) -> tuple[int, ...]:
        """All of them."""
        return self.inherited + self.own


def plan_run(request: ReverseRequest) -> RunPlan:
    """The times of a run.

    Raises
    ------
    ScheduleError, ValueError
        If schedule and sampler do not go together, or a fork begins where its parent has no step.
    """
    schedule = build_schedule(request.schedule)
    spec = slipped_spec(request.sampler, request.slip)
    grid = sampling_timesteps(schedule, spec.num_sampling_steps, spec.spacing)
    if request.fork is None:
        return RunPlan((), grid if request.start_t is None else _from(request.start_t, grid))
    parent = plan_run(request.fork.parent)
    if request.fork.t not in parent.times:
        raise ValueError(f"The run has no step at t = {request.fork.t} to fork from.")
    start = request.fork.t
    inherited: tuple[int, ...] = ()
    parent_schedule = build_schedule(request.fork.parent.schedule)
    if parent_schedule is not schedule:
        start = nearest_time(parent_schedule.level(start), schedule)
    if parent_schedule.num_timesteps == schedule.num_timesteps:
        inherited = tuple(t for t in parent.times if t > max(request.fork.t, start))
    return RunPlan(inherited, _from(start, grid))


def _from(start: int, grid: tuple[int, ...]) -> tuple[int, ...]:
    return (start, *(t for t in grid if t < start))
