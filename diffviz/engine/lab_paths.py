"""Paths through the plane that the lab draws: of the flow, of the noisy reverse process, of sampler steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffviz.core.flow import walk_flow, walk_ode
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.noise_path import NoiseMode, NoisePath
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.engine.lab_cloud import CloudRequest, cloud_request, rest_times, spread_over, steps_from
from diffviz.engine.lab_denoisers import LabDenoisers
from diffviz.engine.lab_spec import LabMotion, LabSpec, Place, exact_points
from diffviz.engine.state import SessionState

if TYPE_CHECKING:
    from torch import Tensor

Track: TypeAlias = NDArray[np.float64]

_FINE_STEPS = 80
_FORWARD_LINES = 12
_FORWARD_PLACES = 160


@dataclass(frozen=True, eq=False)
class PathSet:
    """Paths over common times: ``places[k]`` are those of path k, shape (K, n, 2); times fall from T to 0."""

    times: tuple[int, ...]
    places: Track

    def at(self, t: int) -> Track:
        """Where every path is at a time, between two of its own on the line between them; shape (K, 2)."""
        rising = np.asarray(self.times[::-1], np.float64)
        columns = [
            np.interp(t, rising, self.places[path, ::-1, axis])
            for path in range(len(self.places))
            for axis in range(2)
        ]
        return np.asarray(columns).reshape(len(self.places), 2)


@dataclass(frozen=True)
class PathsRequest:
    """All that the reverse paths depend on."""

    walk: CloudRequest
    starts: tuple[Place, ...]
    g: float


@dataclass(frozen=True, eq=False)
class ReversePaths:
    """Three paths from each start.

    Attributes
    ----------
    ode
        The probability-flow ODE, by Heun's method on fine steps.
    sde
        The reverse process with noise g, on the same times.
    steps
        What the particles do: the steps of the sampler, or of the flow on as many steps.
    """

    ode: PathSet
    sde: PathSet
    steps: PathSet


def paths_request(state: SessionState) -> PathsRequest:
    """The paths that a state asks for; how many particles there are plays no part in them."""
    lab = state.lab
    if lab.motion is LabMotion.FORWARD:
        state = replace(state, lab=replace(lab, motion=LabMotion.SAMPLER))
    walk = cloud_request(state)
    return PathsRequest(replace(walk, lab=replace(walk.lab, particles=1)), lab.starts, lab.g)


def follow_paths(request: PathsRequest, denoisers: LabDenoisers) -> ReversePaths:
    """Follow every kind of path from every start; for a worker thread.

    Raises
    ------
    CheckpointError
        If the network's file cannot be used.
    """
    import torch

    starts = torch.tensor(request.starts, dtype=torch.float64).reshape(-1, 2)
    schedule = build_schedule(request.walk.schedule)
    predict = denoisers.fetch(request.walk.lab).predict
    times = rest_times(schedule, _FINE_STEPS)
    ode_times, ode_places = [times[0]], [starts]
    for step in walk_ode(predict, starts, schedule, times):
        ode_times.append(step.s)
        ode_places.append(step.x_s)

    def noise(stream: Stream, index: int) -> Tensor:
        # Keyed by path, so that moving one start, or adding one, leaves the noise of the others as it is.
        rows = [draw_noise((2,), request.walk.seed, stream, index, path) for path in range(len(starts))]
        return torch.from_numpy(np.stack(rows))

    sde_times, sde_places = [times[0]], [starts]
    for walked in walk_flow(predict, starts, schedule, times, request.g, noise):
        sde_times.append(walked.s)
        sde_places.append(walked.x_s)
    step_times, step_places = [request.walk.times[0]], [starts]
    for s, x_s in steps_from(request.walk, denoisers, starts, noise_key=1):
        step_times.append(s)
        step_places.append(x_s)
    return ReversePaths(
        _path_set(ode_times, ode_places),
        _path_set(sde_times, sde_places),
        _path_set(step_times, step_places),
    )


@dataclass(frozen=True)
class LinesRequest:
    """All that the forward lines depend on."""

    lab: LabSpec
    schedule: ScheduleSpec
    seed: int
    mode: NoiseMode


def lines_request(state: SessionState) -> LinesRequest:
    """The forward lines that a state asks for."""
    lab = LabSpec(data=state.lab.data, drawn=state.lab.drawn, count=state.lab.count, starts=())
    return LinesRequest(lab, state.schedule, state.seed, state.noise_mode)


def forward_lines(request: LinesRequest) -> PathSet:
    """How some points of the data take up noise: frozen, straight in x/√ᾱ over σ; rough as a chain."""
    schedule = build_schedule(request.schedule)
    x_0 = spread_over(exact_points(request.lab).points, _FORWARD_LINES).astype(np.float64)
    noise = NoisePath(schedule, x_0.shape, request.seed, request.mode)
    times = _even_times(schedule)
    places = [
        schedule.sqrt_alphas_cumprod[t] * x_0 + schedule.sqrt_one_minus_alphas_cumprod[t] * noise.at(t)
        for t in times
    ]
    return PathSet(times, np.stack(places, axis=1))


def _even_times(schedule: NoiseSchedule) -> tuple[int, ...]:
    total = schedule.num_timesteps
    return tuple(sorted({round(t) for t in np.linspace(0, total, _FORWARD_PLACES)}, reverse=True))


def _path_set(times: list[int], places: list[Tensor]) -> PathSet:
    return PathSet(tuple(times), np.stack([place.numpy() for place in places], axis=1))
