"""The job of a reverse run: from noise to pictures, from the middle of another run, or on from where it was.

Importing this does not import torch; running it does. Tensors in the records are copies on the CPU that
nobody writes to, so they may be read in any thread.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffviz.core.forward import q_sample
from diffviz.core.samplers import Predict, ReverseStep, sample
from diffviz.core.schedules import build_schedule
from diffviz.core.slips import misleading_schedule, slipped_noise, slipped_predict, slipped_spec
from diffviz.core.timesteps import nearest_time
from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.gate import StepGate
from diffviz.engine.gated import GatedClassifier, GatedDenoiser
from diffviz.engine.request import Fork, ReverseContext, ReverseRequest
from diffviz.engine.run_plan import plan_run
from diffviz.engine.run_start import RunApproach, fitted_picture, run_noise, starting_pictures
from diffviz.models.denoiser import guided

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.models.denoiser import DenoiserInfo

__all__ = ["RunApproach", "RunPoint", "reverse_steps"]

# What the next step is computed from stays exact, so that a fork continues as its parent did.
_EXACT_FIELDS = frozenset({"x_t", "x_s"})


@dataclass(frozen=True, eq=False)
class RunPoint:
    """A place in a run from which it can go on as if it had never stopped.

    Attributes
    ----------
    t, x_t
        Time and pictures there, float64 (B, C, H, W).
    came_from
        (t, x_t) of the step before, which a sampler with a memory asks about again; None at the beginning.
    """

    t: int
    x_t: Tensor
    came_from: tuple[int, Tensor] | None = None


def reverse_steps(
    request: ReverseRequest,
    shelf: DenoiserShelf,
    *,
    go_on_from: RunPoint | None = None,
    fork_point: RunPoint | None = None,
    gate: StepGate | None = None,
) -> Iterator[ReverseContext | ReverseStep | RunApproach]:
    """Walk from noise to pictures.

    The state of the chain lives on the CPU in float64 whatever device the network computes on, and noise is
    drawn there for each sample by itself: equal requests give equal pictures on every machine, and one sample
    is the same in every batch.

    Parameters
    ----------
    request
        What to do.
    shelf
        Where denoisers and pictures come from.
    go_on_from
        A place of this very run; the steps before it are not made again.
    fork_point
        For a fork its place in the parent; without it the parent's steps down to it are made again.
    gate
        Asked before each call of a network, beside the job that asks it before each record; without it
        nobody holds the run in the middle of a step.

    Yields
    ------
    ReverseContext
        First, as soon as the denoiser is ready.
    RunApproach
        For each step of the parent that had to be made again, or of the inversion of a picture.
    ReverseStep
        Float64 x_t and x_s, float32 else, shape (B, C, H, W) on the CPU; x_t is the x_s of the step before.

    Raises
    ------
    CheckpointError, DatasetError, ImageReadError, ScheduleError
        If the schedule, a file or the device cannot be used.
    ValueError
        If sampler, schedule and denoiser do not go together; the message is one sentence.
    WorkStoppedError
        If the gate was stopped in the middle of a step; nothing of that step is kept.
    """
    leave_a_core_to_the_window()
    gate = gate or StepGate()
    shelved = shelf.fetch(request)
    info = shelved.info(request.class_index)
    shape = _picture_shape(info)
    plan = plan_run(request)
    guide = None
    if request.start_image is not None:
        guide = fitted_picture(shelf.images, request.start_image, shape, request.start_fit)
    yield ReverseContext(request, info, shape, plan.times, guide)
    denoiser, classifier = GatedDenoiser(shelved.denoiser, gate), shelf.classifier_for(request, info)
    predict = guided(
        denoiser,
        request.class_index,
        request.guidance_scales,
        request.guidance_rescale,
        None if classifier is None else GatedClassifier(classifier, gate),
        request.classifier_scale,
    )
    predict = slipped_predict(predict, misleading_schedule(request.schedule), request.slip)
    if go_on_from is not None:
        point = go_on_from
    elif request.fork is not None:
        if fork_point is None:
            fork_point = yield from _approach(request.fork, shelf, gate)
        point = _forked(request, fork_point, predict, shape, info)
    else:
        # Guidance cannot be run backwards well.
        plain = guided(denoiser, request.class_index)
        x_start = yield from starting_pictures(request, shelf.images, shape, plain, plan.own)
        point = RunPoint(plan.own[0], x_start)
    schedule = build_schedule(request.schedule)
    steps = sample(
        predict,
        point.x_t,
        schedule,
        slipped_spec(request.sampler, request.slip),
        slipped_noise(run_noise(request, shape), request.slip),
        start_t=point.t,
        came_from=point.came_from,
        slip=request.slip,
    )
    first = plan.times.index(point.t)
    for step, seconds in _timed(_detached(steps), gate):
        yield dataclasses.replace(step, index=first + step.index, num_steps=len(plan.times), seconds=seconds)


def _picture_shape(info: DenoiserInfo) -> tuple[int, int, int]:
    if info.image_shape is None:
        raise ValueError(f"{info.name} does not work on pictures.")
    return info.image_shape


def _approach(fork: Fork, shelf: DenoiserShelf, gate: StepGate) -> Generator[RunApproach, None, RunPoint]:
    """Make the parent's steps again down to the fork; returns the place."""
    above = fork.parent.fork
    if above is not None and above.t == fork.t:
        own, theirs = build_schedule(fork.parent.schedule), build_schedule(above.parent.schedule)
        if own is theirs:
            # The parent leaves its own parent here, too: the step that led here is that one's.
            return (yield from _approach(above, shelf, gate))
    before: tuple[int, Tensor] | None = None
    for record in reverse_steps(fork.parent, shelf, gate=gate):
        if not isinstance(record, ReverseStep):
            continue
        if record.t == fork.t:
            return RunPoint(fork.t, record.x_t, before)
        before = (record.t, record.x_t)
        yield RunApproach(record.t)
    raise ValueError(f"The run has no step at t = {fork.t} to fork from.")


def _forked(
    request: ReverseRequest,
    point: RunPoint,
    predict: Predict,
    shape: tuple[int, int, int],
    info: DenoiserInfo,
) -> RunPoint:
    """The parent's place as the fork's own: under another schedule at the nearest of its noise levels."""
    assert request.fork is not None
    if tuple(point.x_t.shape[1:]) != shape:
        was, now = (f"{c} × {h} × {w}" for c, h, w in (point.x_t.shape[1:], shape))
        raise ValueError(
            f"A fork keeps the size of its pictures, {was}, but {info.name} works on {now}: run it anew."
        )
    schedule, parent = build_schedule(request.schedule), build_schedule(request.fork.parent.schedule)
    if schedule is parent:
        return point
    level = parent.level(point.t)
    t = nearest_time(level, schedule)
    # The two levels differ by less than a step; x_t moves along its own prediction, which adds no chance.
    prediction = predict(point.x_t, level)
    return RunPoint(t, q_sample(prediction.x_0, prediction.noise, schedule.level(t)))


def _timed(steps: Iterator[ReverseStep], gate: StepGate) -> Iterator[tuple[ReverseStep, float]]:
    """The steps with how long each took, without the time that their reader or the gate took."""
    while True:
        started_s, held_s = time.perf_counter(), gate.held_s
        step = next(steps, None)
        if step is None:
            return
        yield step, time.perf_counter() - started_s - (gate.held_s - held_s)


def _detached(steps: Iterator[ReverseStep]) -> Iterator[ReverseStep]:
    """The steps with tensors of their own; a picture that two steps share stays one."""
    import torch

    last_x_s: Tensor | None = None
    last_copy: Tensor | None = None
    for step in steps:
        copies: dict[str, Any] = {}
        for field in dataclasses.fields(step):
            value = getattr(step, field.name)
            if not isinstance(value, torch.Tensor):
                continue
            if value is last_x_s:
                copies[field.name] = last_copy
            else:
                dtype = torch.float64 if field.name in _EXACT_FIELDS else torch.float32
                copies[field.name] = value.detach().to("cpu", dtype, copy=True)
        last_x_s, last_copy = step.x_s, copies["x_s"]
        yield dataclasses.replace(step, **copies)
