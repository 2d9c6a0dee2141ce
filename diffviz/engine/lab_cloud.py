"""The lab's particles: where each is at every step of a reverse walk, or of the forward process."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffviz.core.flow import walk_flow
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.noise_path import NoiseMode, NoisePath
from diffviz.core.sampler_spec import Clip, SamplerSpec
from diffviz.core.samplers import sample
from diffviz.core.schedules import NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing, sampling_timesteps
from diffviz.engine.courtesy import leave_a_core_to_the_window
from diffviz.engine.lab_denoisers import LabDenoisers
from diffviz.engine.lab_spec import LabMotion, LabSpec, exact_points
from diffviz.engine.state import SessionState

if TYPE_CHECKING:
    from torch import Tensor

Points: TypeAlias = NDArray[np.float32]

_FORWARD_STEPS = 50
_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class CloudRequest:
    """All that a reverse walk of the particles depends on."""

    lab: LabSpec
    schedule: ScheduleSpec
    sampler: SamplerSpec
    seed: int

    @property
    def times(self) -> tuple[int, ...]:
        """The times at which the particles rest, falling from the start to 0."""
        schedule = build_schedule(self.schedule)
        steps = min(self.sampler.num_sampling_steps, schedule.num_timesteps)
        return (*sampling_timesteps(schedule, steps, self.sampler.spacing), 0)


def cloud_request(state: SessionState) -> CloudRequest:
    """The walk that a state asks for; the paths that are followed play no part in it."""
    lab = state.lab
    # Points leave [−1, 1] by right: what cuts pictures there would cut the data.
    sampler = SamplerSpec(
        kind=state.sampler.kind,
        num_sampling_steps=state.sampler.num_sampling_steps,
        spacing=state.sampler.spacing,
        variance=state.sampler.variance,
        eta=state.sampler.eta,
        interpolation=state.sampler.interpolation,
        churn=state.sampler.churn,
        clip=Clip.NONE,
    )
    if lab.motion is LabMotion.FLOW:
        sampler = SamplerSpec(num_sampling_steps=sampler.num_sampling_steps, spacing=Spacing.LOGSNR)
    kept = LabSpec(
        data=lab.data,
        drawn=lab.drawn,
        count=lab.count,
        particles=lab.particles,
        motion=lab.motion,
        g=lab.g if lab.motion is LabMotion.FLOW else 0.0,
        denoiser=lab.denoiser,
        starts=(),
    )
    return CloudRequest(kept, state.schedule, sampler, state.reverse_seed)


def rests_of(state: SessionState) -> tuple[int, ...]:
    """Times at which the particles rest, in their order; on the way to noise 51 even ones."""
    if state.lab.motion is LabMotion.FORWARD:
        total = state.num_timesteps
        return tuple(sorted({round(t) for t in np.linspace(0, total, min(_FORWARD_STEPS, total) + 1)}))
    return cloud_request(state).times


def steps_made(state: SessionState) -> int:
    """How many steps lie behind the state's time; 0 before the first rest."""
    rests = rests_of(state)
    direction = rests[-1] - rests[0]
    return max(0, sum((rest - state.t) * direction <= 0 for rest in rests) - 1)


def next_rest(state: SessionState, direction: int) -> int | None:
    """The next time of rest (+1) or the one before (−1); None at the end."""
    rests, made = rests_of(state), steps_made(state)
    is_between = rests[made] != state.t
    place = made + (direction if direction > 0 or not is_between else 0)
    return rests[place] if 0 <= place < len(rests) else None


@dataclass(frozen=True, eq=False)
class CloudFrame:
    """Where the particles are at a time; float32 (n, 2)."""

    t: int
    points: Points


def walk_cloud(request: CloudRequest, denoisers: LabDenoisers) -> Iterator[CloudFrame]:
    """Walk the particles from noise to data; for a worker thread.

    Yields
    ------
    CloudFrame
        The start at T, then every step; of walks that would not fit into 256 MB every so many, and the last.
    """
    import torch

    leave_a_core_to_the_window()
    count = request.lab.particles
    start = draw_noise((count, 2), request.seed, Stream.X_T)
    times = request.times
    yield CloudFrame(times[0], start)
    stride = max(1, -(-8 * count * len(times) // _MOST_BYTES))
    for index, (s, x_s) in enumerate(steps_from(request, denoisers, torch.from_numpy(start)), start=1):
        if index % stride == 0 or s == 0:
            yield CloudFrame(s, np.asarray(x_s.numpy(force=True), np.float32))


def steps_from(
    request: CloudRequest, denoisers: LabDenoisers, x_start: Tensor, noise_key: int = 0
) -> Iterator[tuple[int, Tensor]]:
    """Walk from places at T; yields s and x_s of every step.

    Parameters
    ----------
    request
        What to walk.
    denoisers
        Where its denoiser is found.
    x_start
        Places at the first of its times, shape (n, 2).
    noise_key
        Which noise of the seed: the same key gives the same noise.
    """
    import torch

    schedule, lab = build_schedule(request.schedule), request.lab
    denoiser = denoisers.fetch(lab)
    shape = tuple(x_start.shape)

    def noise(stream: Stream, index: int) -> Tensor:
        return torch.from_numpy(draw_noise(shape, request.seed, stream, index, noise_key))

    if lab.motion is LabMotion.FLOW:
        for walked in walk_flow(denoiser.predict, x_start, schedule, request.times[:-1], lab.g, noise):
            yield walked.s, walked.x_s
    else:
        for step in sample(denoiser.predict, x_start, schedule, request.sampler, noise):
            yield step.s, step.x_s


class Cloud:
    """A reverse walk as far as it has come.

    Parameters
    ----------
    request
        What it is a walk of.
    """

    def __init__(self, request: CloudRequest) -> None:
        self.request = request
        self.frames: list[CloudFrame] = []

    @property
    def reached(self) -> int:
        """The lowest time reached; T + 1 before the start."""
        return self.frames[-1].t if self.frames else self.request.schedule.num_timesteps + 1

    @property
    def is_complete(self) -> bool:
        """Whether it has come to t = 0."""
        return self.reached == 0

    def at(self, t: int) -> Points | None:
        """Where the particles are at a time: between two steps they lie on the line between them.

        Times that are not reached yet show the last step, times above the start the first; None before that.
        """
        if not self.frames:
            return None
        place = bisect_left(self.frames, -t, key=lambda frame: -frame.t)
        if place == 0 or place == len(self.frames):
            return self.frames[min(place, len(self.frames) - 1)].points
        above, below = self.frames[place - 1], self.frames[place]
        share = np.float32((above.t - t) / (above.t - below.t))
        return above.points + share * (below.points - above.points)


class ForwardCloud:
    """Particles that begin as data and take up noise.

    Parameters
    ----------
    lab, schedule, seed, mode
        Data and number of particles, the chain, and its noise.
    """

    def __init__(self, lab: LabSpec, schedule: ScheduleSpec, seed: int, mode: NoiseMode) -> None:
        self.key = _forward_key(lab, schedule, seed, mode)
        self.schedule = build_schedule(schedule)
        self.x_0 = spread_over(exact_points(lab).points, lab.particles)
        self._noise = NoisePath(self.schedule, (lab.particles, 2), seed, mode)

    @staticmethod
    def keyed(state: SessionState) -> tuple[object, ...]:
        """The key of the particles that a state asks for."""
        return _forward_key(state.lab, state.schedule, state.seed, state.noise_mode)

    def at(self, t: int) -> Points:
        """x_t of every particle, float32 (n, 2)."""
        level = self.schedule.level(t)
        if level.one_minus_alpha_cumprod == 0.0:
            return self.x_0
        moved = self._noise.at(t) * np.float32(level.sqrt_one_minus_alpha_cumprod)
        moved += np.float32(level.sqrt_alpha_cumprod) * self.x_0
        return moved


def _forward_key(lab: LabSpec, schedule: ScheduleSpec, seed: int, mode: NoiseMode) -> tuple[object, ...]:
    return (lab.data, lab.drawn, lab.count, lab.particles, schedule, seed, mode)


def spread_over(points: NDArray[np.floating], count: int) -> Points:
    """As many points as wanted, every one equally often but for one; in an order without meaning."""
    order = np.random.default_rng(0).permutation(len(points))
    return np.asarray(points[np.resize(order, count)], np.float32)


def rest_times(schedule: NoiseSchedule, count: int) -> tuple[int, ...]:
    """Times on which a path in continuous time is computed, falling from T.

    So many are evenly spread in t, where paths are seen, and as many in log-SNR, where they bend.
    """
    steps = min(count, schedule.num_timesteps)
    grids = (sampling_timesteps(schedule, steps, spacing) for spacing in (Spacing.TRAILING, Spacing.LOGSNR))
    return tuple(sorted({t for grid in grids for t in grid}, reverse=True))
