"""What the command `sample` draws: where it begins, what it aims at, and the steps of any stretch of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from diffviz.core.timesteps import late_start, sampling_timesteps
from diffviz.data.images import Picture, fit, load_image
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


class Walk:
    """The reverse process for any stretch of samples; sample i is the same whichever stretch holds it."""

    def __init__(
        self,
        denoiser: Denoiser,
        spec: ScheduleSpec,
        sampler: SamplerSpec,
        aim: Aim,
        seed: int,
        start: Start,
        number: int,
        slip: Slip | None,
        redrawn: tuple[tuple[int, int], ...] = (),
    ) -> None:
        if denoiser.info.image_shape is None:
            raise ValueError(f"{denoiser.info.name} does not work on pictures.")
        aim.check()
        self.chain = build_schedule(spec)
        sampler = slipped_spec(sampler, slip)
        self.times = sampling_timesteps(self.chain, sampler.num_sampling_steps, sampler.spacing)
        start_t = start.t
        if start_t is not None:
            if start_t > spec.num_timesteps:
                raise ValueError(f"--start-t {start_t}: times run from 1 to {spec.num_timesteps}.")
            self.times = (start_t, *(time for time in self.times if time < start_t))
        channels, height, width = denoiser.info.image_shape
        self.shape = (height, width, channels)
        self._denoiser, self._aim = denoiser, aim
        self._classifier = _classifier(denoiser, aim.classifier_scale)
        if start_t is None and (remark := late_start(self.chain, self.times)):
            typer.echo(f"diffviz: {remark}", err=True)
        self._sampler, self._slip = sampler, slip
        self._misleading = misleading_schedule(spec)
        for t, _ in redrawn:
            if t not in self.times:
                raise ValueError(f"--redraw {t}: the steps begin at {', '.join(map(str, self.times[:8]))} …")
        self._seed, self._redrawn = seed, redrawn
        self._start, self._number = start, number
        self._plain = guided(denoiser, aim.class_index)
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
        return self._start.is_path or self._aim.to_guidance is not None

    def steps(self, first: int, count: int) -> Iterator[ReverseStep]:
        """Every step of samples ``first`` to ``first + count - 1``, pictures (count, C, H, W) float64."""
        height, width, channels = self.shape
        shape, is_path = (channels, height, width), self._start.is_path
        # Where the samples share their noise it is that of the first of all, whichever stretch this is.
        first_noise = 0 if self.is_path else first
        noise_source = SeededNoise(
            self._seed, shape, count, first_noise, self._redrawn, is_shared=self.is_path
        )
        x_start = noise_source(Stream.X_T, 0)
        if is_path or self._start.inverted:
            if self._ends is None:
                self._ends = self._both_ends(shape)
            whole = path_between(*self._ends, self._number if is_path else 1)
            x_start = whole[first : first + count] if is_path else whole.repeat(count, 1, 1, 1)
        elif self._guides and self._start.t is not None:
            x_start = q_sample(self._clean(0), x_start, self.chain.level(self._start.t))
        return reverse_process(
            slipped_predict(self._guided(first, count), self._misleading, self._slip),
            x_start,
            self.chain,
            self._sampler,
            slipped_noise(noise_source, self._slip),
            start_t=self._start.t,
            slip=self._slip,
        )

    def _guided(self, first: int, count: int) -> Predict:
        aim = self._aim
        return guided(
            self._denoiser,
            aim.class_index,
            aim.of_stretch(first, count, self._number),
            aim.guidance_rescale,
            self._classifier,
            aim.classifier_scale,
        )

    def _both_ends(self, shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
        """What the path leads from and to; twice the same where there is none."""
        if self._start.inverted:
            first = self._inverted(0)
            return first, self._inverted(1) if self._start.is_path else first
        seeds = (self._seed, self._start.to_seed if self._start.to_seed is not None else self._seed)
        first, last = (SeededNoise(seed, shape, 1)(Stream.X_T, 0) for seed in seeds)
        return first, last

    def _clean(self, which: int) -> Tensor:
        import torch

        return torch.from_numpy(np.moveaxis(self._guides[which], -1, 0)[None].astype(np.float64))

    def _inverted(self, which: int) -> Tensor:
        steps = invert(self._plain, self._clean(which), self.chain, self.times)
        *_, last = with_progress(steps, len(self.times), "Inverting")
        return last.x_t

    def pictures(self, number: int) -> Iterator[Picture]:
        """The finished pictures one by one, float32 (H, W, C)."""
        stretches = [(first, min(_AT_ONCE, number - first)) for first in range(0, number, _AT_ONCE)]
        steps = (step for stretch in stretches for step in self.steps(*stretch))
        for step in with_progress(steps, len(stretches) * len(self.times), "Sampling"):
            if step.s == 0:
                yield from np.moveaxis(step.x_s.cpu().numpy(), 1, -1).astype(np.float32)


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
