"""What the command `sample` draws: where it begins, what it aims at, where it forks, and the steps of it."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import typer

from diffviz.cli_output import with_progress
from diffviz.core.forward import q_sample
from diffviz.core.guidance import scales_between
from diffviz.core.inversion import invert, path_between
from diffviz.core.noise import Stream
from diffviz.core.samplers import Predict, ReverseStep, SamplerSpec, SeededNoise
from diffviz.core.samplers import sample as reverse_process
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.slips import Slip, misleading_schedule, slipped_noise, slipped_predict, slipped_spec
from diffviz.core.timesteps import late_start, nearest_time, sampling_timesteps
from diffviz.data.images import Picture, Pixels, fit, load_image
from diffviz.export.frames import FrameSpec, Shows, reverse_frames
from diffviz.models.denoiser import Denoiser, GradientSource, guided
from diffviz.models.steering import matching_classifier

if TYPE_CHECKING:
    from torch import Tensor

_AT_ONCE = 16


@dataclass(frozen=True)
class Aim:
    """What to draw, and how strongly."""

    class_index: int | None
    guidance_scale: float
    guidance_rescale: float
    classifier_scale: float
    to_guidance: float | None = None

    def of_stretch(self, first: int, count: int, number: int) -> float | tuple[float, ...]:
        """The guidance scale of some of all samples."""
        if self.to_guidance is None or number < 2:
            return self.guidance_scale
        return scales_between(self.guidance_scale, self.to_guidance, number)[first : first + count]

    def check(self) -> None:
        """Refuse what does not go together."""
        if self.to_guidance is not None and self.class_index is None:
            raise ValueError("--to-guidance needs a class to be guided towards: give --class, too.")


@dataclass(frozen=True)
class Start:
    """Where the pictures begin."""

    image: Path | None
    t: int | None
    fit: Literal["crop", "pad", "resize"]
    inverted: bool
    to_seed: int | None
    to_image: Path | None

    @property
    def is_path(self) -> bool:
        """Whether the pictures lead from one start to another."""
        return self.to_seed is not None or self.to_image is not None

    def check(self, sampler: str, eta: float) -> None:
        """Refuse what does not go together."""
        if (self.image is None) != (self.t is None):
            raise ValueError("--start-image and --start-t belong together: give both or neither.")
        if self.inverted and self.image is None:
            raise ValueError("--invert needs a picture: give --start-image and --start-t, too.")
        if self.to_image is not None and not self.inverted:
            raise ValueError("--to-image needs --invert: a path leads from one picture's noise to another's.")
        if self.to_seed is not None and self.image is not None:
            raise ValueError("--to-seed leads from noise to noise: leave --start-image out.")
        if self.inverted and (sampler == "ddpm" or eta > 0):
            typer.echo("diffviz: a sampler that draws noise does not lead back to the picture.", err=True)


def redrawn_steps(words: list[str] | None) -> tuple[tuple[int, int], ...]:
    """(t, seed) of each ``T:SEED``."""
    pairs = [word.partition(":")[::2] for word in words or ()]
    for t, seed in pairs:
        if not (t.isdecimal() and seed.isdecimal()):
            raise ValueError(f"--redraw {t}{seed and ':'}{seed}: write the time and a seed, such as 500:3.")
    return tuple((int(t), int(seed)) for t, seed in pairs)


@dataclass(frozen=True)
class Leg:
    """What counts from where a run begins, or from a fork on."""

    denoiser: Denoiser
    spec: ScheduleSpec
    sampler: SamplerSpec
    aim: Aim
    seed: int
    slip: Slip | None = None


class _Stretch:
    """A leg from where it begins down to the next fork.

    Attributes
    ----------
    leg, chain, sampler
        Its settings, its schedule, and its sampler with the slip.
    grid, times
        When it would ask the denoiser down to the picture, and when it does above the next fork.
    left_at
        Time of that fork.
    """

    def __init__(self, leg: Leg, start_t: int | None) -> None:
        self.leg, self.chain = leg, build_schedule(leg.spec)
        self.sampler = slipped_spec(leg.sampler, leg.slip)
        times = sampling_timesteps(self.chain, self.sampler.num_sampling_steps, self.sampler.spacing)
        if start_t is not None:
            times = (start_t, *(time for time in times if time < start_t))
        self.grid = self.times = times
        self.left_at = 0
        self._classifier = _classifier(leg.denoiser, leg.aim.classifier_scale)
        self._misleading = misleading_schedule(leg.spec)

    def left(self, t: int, leg: Leg) -> _Stretch:
        """The stretch that leaves this one at t, or under another schedule at its nearest noise level."""
        if t not in self.grid:
            raise ValueError(f"--fork {t}: the steps begin at {_first_of(self.grid)}")
        was, now = (info.image_shape for info in (self.leg.denoiser.info, leg.denoiser.info))
        if was != now:
            sizes = [" × ".join(map(str, shape or ())) for shape in (was, now)]
            raise ValueError(
                f"--fork {t}: the pictures keep their size, {sizes[0]}, but {leg.denoiser.info.name} works "
                f"on {sizes[1]}."
            )
        chain = build_schedule(leg.spec)
        stretch = _Stretch(leg, t if chain is self.chain else nearest_time(self.chain.level(t), chain))
        self.times, self.left_at = tuple(time for time in self.grid if time > t), t
        return stretch

    def predict(self, first: int, count: int, number: int) -> Predict:
        """The denoiser as it is asked about samples ``first`` to ``first + count - 1`` of all."""
        aim = self.leg.aim
        steered = guided(
            self.leg.denoiser,
            aim.class_index,
            aim.of_stretch(first, count, number),
            aim.guidance_rescale,
            self._classifier,
            aim.classifier_scale,
        )
        return slipped_predict(steered, self._misleading, self.leg.slip)


class Walk:
    """The reverse process for any stretch of samples; sample i is the same whichever stretch holds it.

    Parameters
    ----------
    leg
        The settings at the beginning.
    start, number
        Where the pictures begin, and how many there are.
    redrawn
        (t, seed): the noise of these steps comes from another seed.
    forks
        (t, leg): from t on the settings are these; each t a time of the leg before.

    Raises
    ------
    ValueError
        If something does not go together.
    """

    def __init__(
        self,
        leg: Leg,
        start: Start,
        number: int,
        redrawn: tuple[tuple[int, int], ...] = (),
        forks: tuple[tuple[int, Leg], ...] = (),
    ) -> None:
        info = leg.denoiser.info
        if info.image_shape is None:
            raise ValueError(f"{info.name} does not work on pictures.")
        leg.aim.check()
        if start.t is not None and start.t > leg.spec.num_timesteps:
            raise ValueError(f"--start-t {start.t}: times run from 1 to {leg.spec.num_timesteps}.")
        self._first = _Stretch(leg, start.t)
        if start.t is None and (remark := late_start(self._first.chain, self._first.grid)):
            typer.echo(f"diffviz: {remark}", err=True)
        self._stretches = [self._first]
        for t, other in forks:
            self._stretches.append(self._stretches[-1].left(t, other))
        times = [time for stretch in self._stretches for time in stretch.times]
        for t, _ in redrawn:
            if t not in times:
                raise ValueError(f"--redraw {t}: the steps begin at {_first_of(times)}")
        self.num_steps = len(times)
        channels, height, width = info.image_shape
        self.shape = (height, width, channels)
        self._redrawn, self._start, self._number = redrawn, start, number
        # Read before anything is computed, so that a bad file is told at once.
        self._guides = [
            fit(load_image(file).x_0, (height, width), start.fit, channels)
            for file in (start.image, start.to_image)
            if file is not None
        ]
        self._ends: tuple[Tensor, Tensor] | None = None

    @property
    def is_path(self) -> bool:
        """Whether the pictures lead from one start or guidance scale to another, with the same noise."""
        return self._start.is_path or self._first.leg.aim.to_guidance is not None

    def steps(self, first: int, count: int) -> Iterator[ReverseStep]:
        """Every step of samples ``first`` to ``first + count - 1``, pictures (count, C, H, W) float64."""
        x, came_from = self._beginning(first, count), None
        before, index = self._first, 0
        for stretch in self._stretches:
            leg, predict = stretch.leg, stretch.predict(first, count, self._number)
            if stretch.chain is not before.chain:
                told = predict(x, before.chain.level(before.left_at))
                x = q_sample(told.x_0, told.noise, stretch.chain.level(stretch.grid[0]))
                came_from = None
            walked = reverse_process(
                predict,
                x,
                stretch.chain,
                stretch.sampler,
                slipped_noise(self._noise(leg, first, count), leg.slip),
                start_t=stretch.grid[0],
                came_from=came_from,
                slip=leg.slip,
            )
            for step in itertools.islice(walked, len(stretch.times)):
                yield replace(step, index=index, num_steps=self.num_steps)
                x, came_from, index = step.x_s, (step.t, step.x_t), index + 1
            before = stretch

    def frames(self, look: FrameSpec, shows: Shows) -> Iterator[Pixels]:
        """One frame for each step of all samples, and for x_t one more of the finished pictures."""
        ends = list(itertools.accumulate(len(stretch.times) for stretch in self._stretches))
        legs = itertools.groupby(self.steps(0, self._number), lambda step: bisect_right(ends, step.index))
        for place, steps in legs:
            is_last = place == len(ends) - 1
            yield from reverse_frames(steps, self._stretches[place].chain, look, shows, has_end=is_last)

    def pictures(self) -> Iterator[Picture]:
        """The finished pictures one by one, float32 (H, W, C)."""
        number = self._number
        stretches = [(first, min(_AT_ONCE, number - first)) for first in range(0, number, _AT_ONCE)]
        steps = (step for stretch in stretches for step in self.steps(*stretch))
        for step in with_progress(steps, len(stretches) * self.num_steps, "Sampling"):
            if step.s == 0:
                yield from np.moveaxis(step.x_s.cpu().numpy(), 1, -1).astype(np.float32)

    def _noise(self, leg: Leg, first: int, count: int) -> SeededNoise:
        height, width, channels = self.shape
        # Where the samples share their noise it is that of the first of all, whichever stretch this is.
        number = 0 if self.is_path else first
        return SeededNoise(
            leg.seed, (channels, height, width), count, number, self._redrawn, is_shared=self.is_path
        )

    def _beginning(self, first: int, count: int) -> Tensor:
        """What the run begins with."""
        is_path = self._start.is_path
        if is_path or self._start.inverted:
            if self._ends is None:
                self._ends = self._both_ends()
            whole = path_between(*self._ends, self._number if is_path else 1)
            return whole[first : first + count] if is_path else whole.repeat(count, 1, 1, 1)
        noise = self._noise(self._first.leg, first, count)(Stream.X_T, 0)
        if self._start.t is None:
            return noise
        x_start: Tensor = q_sample(self._clean(0), noise, self._first.chain.level(self._start.t))
        return x_start

    def _both_ends(self) -> tuple[Tensor, Tensor]:
        """What the path leads from and to; twice the same where there is none."""
        if self._start.inverted:
            first = self._inverted(0)
            return first, self._inverted(1) if self._start.is_path else first
        leg = self._first.leg
        other = leg if self._start.to_seed is None else replace(leg, seed=self._start.to_seed)
        first, last = (self._noise(end, 0, 1)(Stream.X_T, 0) for end in (leg, other))
        return first, last

    def _clean(self, which: int) -> Tensor:
        import torch

        return torch.from_numpy(np.moveaxis(self._guides[which], -1, 0)[None].astype(np.float64))

    def _inverted(self, which: int) -> Tensor:
        leg, times = self._first.leg, self._first.grid
        # Guidance cannot be run backwards well.
        plain = guided(leg.denoiser, leg.aim.class_index)
        steps = invert(plain, self._clean(which), self._first.chain, times)
        *_, last = with_progress(steps, len(times), "Inverting")
        return last.x_t


def class_number(denoiser: Denoiser, name: str) -> int:
    """Number of a class given by name, in any case, or by number.

    Raises
    ------
    ValueError
        If the denoiser has no such class, with those that it has.
    """
    names = denoiser.info.class_names
    if not names:
        raise ValueError(f"{denoiser.info.name} has no classes.")
    numbers = {known.lower(): number for number, known in enumerate(names)}
    numbers |= {str(number): number for number in range(len(names))}
    if name.lower() not in numbers:
        raise ValueError(f"choose from {', '.join(names)}.")
    return numbers[name.lower()]


def _first_of(times: Sequence[int]) -> str:
    """The first of the times, for a sentence, with how it ends."""
    shown = ", ".join(map(str, times[:8]))
    return f"{shown} …" if len(times) > 8 else f"{shown}."


def _classifier(denoiser: Denoiser, classifier_scale: float) -> GradientSource | None:
    """The classifier of the denoiser's classes, if it is to steer."""
    if classifier_scale == 0.0:
        return None
    found = matching_classifier(denoiser.info)
    if found is None:
        raise ValueError(
            f"--classifier-scale: there is no classifier for the classes of {denoiser.info.name}."
        )
    from diffviz.models.classifier import load_classifier

    return load_classifier(found.key)
