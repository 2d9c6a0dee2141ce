"""The command `sample`: pictures out of noise, by a network or by the exact denoiser of some pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import typer

from diffviz.cli_output import (
    CaptionsOption,
    ExactColourOption,
    FpsOption,
    HoldOption,
    LoopOption,
    ScaleOption,
    animation_settings,
    frame_scale,
    kind_of,
    one_of,
    with_progress,
    write_array,
    write_frames,
)
from diffviz.cli_schedule import ParamOption, ZeroSnrOption, schedule_spec
from diffviz.core.forward import q_sample
from diffviz.core.inversion import invert, path_between
from diffviz.core.noise import Stream
from diffviz.core.samplers import Clip, ReverseStep, SamplerKind, SamplerSpec, SeededNoise, Variance
from diffviz.core.samplers import sample as reverse_process
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing, late_start, sampling_timesteps
from diffviz.data.images import Picture, fit, image_grid, load_image, to_uint8
from diffviz.data.schedule_files import spec_to_json
from diffviz.export.figure import save_picture
from diffviz.export.frames import FrameSpec, enlarge, reverse_frames
from diffviz.export.settings import settings_text
from diffviz.models.denoiser import EXACT_PREFIX, Denoiser, GradientSource, guided
from diffviz.models.steering import matching_classifier

if TYPE_CHECKING:
    from torch import Tensor

_AT_ONCE = 16


def sample(
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", help=".png grid; .npy x_0; .gif .webp .apng .mp4 .webm; a folder for numbered PNG."
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME|PATH|exact:FOLDER",
            help="A network (see diffviz models), or the pictures of a folder.",
        ),
    ],
    sampler: Annotated[Literal["ddpm", "ddim", "dpmpp2m", "euler", "heun"], typer.Option()] = "ddpm",
    steps: Annotated[int, typer.Option(min=1, help="Sampling steps, at most T.")] = 50,
    eta: Annotated[float, typer.Option(min=0, max=1, help="Chance in DDIM: 0 none, 1 as DDPM.")] = 0.0,
    variance: Annotated[
        Literal["beta", "tilde", "interpolated", "optimal"], typer.Option(help="Noise of a DDPM step.")
    ] = "tilde",
    spacing: Annotated[
        Literal["trailing", "leading", "linspace", "quad", "logsnr", "karras"],
        typer.Option(help="How the times are spread."),
    ] = "trailing",
    clip: Annotated[
        Literal["none", "static", "dynamic"],
        typer.Option(help="What is done to guesses beyond black and white."),
    ] = "none",
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="KIND", help="Kind of schedule, or its file.", show_default="the network's, or linear"
        ),
    ] = None,
    timesteps: Annotated[int | None, typer.Option(help="T, 1 to 4000.")] = None,
    param: ParamOption = None,
    zero_terminal_snr: ZeroSnrOption = False,
    class_name: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="What to draw; a class or its number.")
    ] = None,
    guidance: Annotated[
        float, typer.Option(help="g, how strongly towards the class: 0 not at all, 1 plain.")
    ] = 1.0,
    rescale: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the contrast that guidance is denied.")
    ] = 0.0,
    classifier_scale: Annotated[
        float, typer.Option(min=0, help="How strongly a classifier steers towards the class.")
    ] = 0.0,
    interpolation: Annotated[
        float, typer.Option(min=0, max=1, help="With --variance interpolated: 0 tilde, 1 beta.")
    ] = 0.5,
    churn: Annotated[
        float, typer.Option(min=0, help="Noise added before steps of euler and heun; 0 none.")
    ] = 0.0,
    churn_range: Annotated[
        tuple[float, float], typer.Option(metavar="MIN MAX", help="Only where the noise level σ is between.")
    ] = (0.0, math.inf),
    churn_noise: Annotated[float, typer.Option(min=0, help="Standard deviation of that noise.")] = 1.0,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=4096, help="How many pictures.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of all noise.")] = 7,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:0, mps or xpu.")] = "cpu",
    start_image: Annotated[
        Path | None, typer.Option(help="Begin with this picture, noised to --start-t.")
    ] = None,
    start_t: Annotated[int | None, typer.Option(min=1, help="Where to begin with --start-image.")] = None,
    fit_start: Annotated[
        Literal["crop", "pad", "resize"],
        typer.Option("--fit", help="How the picture of --start-image is brought to the model's size."),
    ] = "crop",
    inverted: Annotated[
        bool, typer.Option("--invert", help="Seek the noise that --start-image comes from (DDIM inversion).")
    ] = False,
    to_seed: Annotated[
        int | None, typer.Option(min=0, help="Let the pictures lead from the noise of --seed to this one's.")
    ] = None,
    to_image: Annotated[
        Path | None, typer.Option(help="With --invert: let the pictures lead to this one.")
    ] = None,
    size: Annotated[
        int, typer.Option(min=1, max=1024, metavar="PX", help="Side of an exact:FOLDER picture.")
    ] = 64,
    show: Annotated[
        Literal["x_t", "x_0", "noise"],
        typer.Option(help="In an animation: the picture, the guess of it, or of the noise."),
    ] = "x_t",
    fps: FpsOption = 20.0,
    hold: HoldOption = 0.0,
    loop: LoopOption = True,
    captions: CaptionsOption = False,
    scale: ScaleOption = None,
    exact_colour: ExactColourOption = None,
) -> None:
    """Draw pictures out of noise.

    Each picture depends on the seed and its place in the list, not on how many are drawn. .npy holds the
    final x_0 as float32 (N, H, W, C).
    """
    start = _Start(start_image, start_t, fit_start, inverted, to_seed, to_image)
    start.check(sampler, eta)
    kind = kind_of(out)
    if kind == "animation":
        animation_settings(out, fps, hold, loop, exact_colour, "")  # refused before anything is computed
    denoiser = _denoiser(model, device, size)
    own = denoiser.info.schedule or ScheduleSpec()
    spec = schedule_spec(schedule or own, timesteps or own.num_timesteps, param, zero_terminal_snr)
    walk = _Walk(
        denoiser,
        spec,
        SamplerSpec(
            SamplerKind(sampler),
            steps,
            Spacing(spacing),
            Variance(variance),
            eta,
            Clip(clip),
            interpolation,
            churn,
            *churn_range,
            churn_noise,
        ),
        _Aim(_class_index(denoiser, class_name), guidance, rescale, classifier_scale),
        seed,
        start,
        number,
    )
    settings = settings_text(
        command="sample",
        model=model,
        schedule=spec_to_json(spec),
        sampler=sampler,
        steps=steps,
        eta=eta,
        variance=variance,
        spacing=spacing,
        clip=clip,
        interpolation=interpolation,
        churn=churn,
        churn_range=[f"{bound:g}" for bound in churn_range],
        churn_noise=churn_noise,
        class_name=class_name,
        guidance=guidance,
        rescale=rescale,
        classifier_scale=classifier_scale,
        seed=seed,
        start_image=start_image and start_image.name,
        start_t=start_t,
        fit=fit_start,
        inverted=inverted,
        to_seed=to_seed,
        to_image=to_image and to_image.name,
    )
    if kind == "array":
        write_array(out, walk.pictures(number), (number, *walk.shape))
    elif kind == "picture":
        pixels = to_uint8(image_grid(list(walk.pictures(number))))
        save_picture(out, enlarge(pixels, scale or 1), settings)
    else:
        animation = animation_settings(out, fps, hold, loop, exact_colour, settings)
        if start.is_path:
            # One frame for each picture of the path.
            factor = frame_scale(animation, scale, *walk.shape[:2])
            pictures = (enlarge(to_uint8(picture), factor) for picture in walk.pictures(number))
            write_frames(pictures, number, animation)
            return
        height, width = image_grid([np.empty(walk.shape, np.uint8)] * number).shape[:2]
        look = FrameSpec(frame_scale(animation, scale, height, width), captions)
        frames = reverse_frames(walk.steps(0, number), walk.chain, look, show)
        write_frames(frames, len(walk.times) + (show == "x_t"), animation)


@dataclass(frozen=True)
class _Aim:
    """What to draw, and how strongly."""

    class_index: int | None
    guidance_scale: float
    guidance_rescale: float
    classifier_scale: float


@dataclass(frozen=True)
class _Start:
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


class _Walk:
    """The reverse process for any stretch of samples; sample i is the same whichever stretch holds it."""

    def __init__(
        self,
        denoiser: Denoiser,
        spec: ScheduleSpec,
        sampler: SamplerSpec,
        aim: _Aim,
        seed: int,
        start: _Start,
        number: int,
    ) -> None:
        if denoiser.info.image_shape is None:
            raise ValueError(f"{denoiser.info.name} does not work on pictures.")
        self.chain = build_schedule(spec)
        self.times = sampling_timesteps(self.chain, sampler.num_sampling_steps, sampler.spacing)
        start_t = start.t
        if start_t is not None:
            if start_t > spec.num_timesteps:
                raise ValueError(f"--start-t {start_t}: times run from 1 to {spec.num_timesteps}.")
            self.times = (start_t, *(time for time in self.times if time < start_t))
        channels, height, width = denoiser.info.image_shape
        self.shape = (height, width, channels)
        self._predict = guided(
            denoiser,
            aim.class_index,
            aim.guidance_scale,
            aim.guidance_rescale,
            _classifier(denoiser, aim.classifier_scale),
            aim.classifier_scale,
        )
        if start_t is None and (remark := late_start(self.chain, self.times)):
            typer.echo(f"diffviz: {remark}", err=True)
        self._sampler = sampler
        self._seed = seed
        self._start, self._number = start, number
        self._plain = guided(denoiser, aim.class_index)
        # Read before anything is computed, so that a bad file is told at once.
        self._guides = [
            fit(load_image(file).x_0, (height, width), start.fit, channels)
            for file in (start.image, start.to_image)
            if file is not None
        ]
        self._ends: tuple[Tensor, Tensor] | None = None

    def steps(self, first: int, count: int) -> Iterator[ReverseStep]:
        """Every step of samples ``first`` to ``first + count - 1``, pictures (count, C, H, W) float64."""
        height, width, channels = self.shape
        shape, is_path = (channels, height, width), self._start.is_path
        noise_source = SeededNoise(self._seed, shape, count, first, is_shared=is_path)
        x_start = noise_source(Stream.X_T, 0)
        if is_path or self._start.inverted:
            if self._ends is None:
                self._ends = self._both_ends(shape)
            whole = path_between(*self._ends, self._number if is_path else 1)
            x_start = whole[first : first + count] if is_path else whole.repeat(count, 1, 1, 1)
        elif self._guides and self._start.t is not None:
            x_start = q_sample(self._clean(0), x_start, self.chain.level(self._start.t))
        return reverse_process(
            self._predict, x_start, self.chain, self._sampler, noise_source, start_t=self._start.t
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


def _denoiser(model: str, device: str, size: int) -> Denoiser:
    """The network of that name or file, or the exact denoiser of a folder or data set."""
    if not model.startswith(EXACT_PREFIX):
        from diffviz.models.catalog import load_denoiser
        from diffviz.models.devices import usable_device

        return load_denoiser(model, usable_device(device))
    from diffviz.models.exact_sets import exact_of_dataset

    return exact_of_dataset(model, size)[0]


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


def _class_index(denoiser: Denoiser, class_name: str | None) -> int | None:
    """Number of a class given by name, in any case, or by number."""
    if class_name is None:
        return None
    names = denoiser.info.class_names
    if not names:
        raise ValueError(f"--class {class_name}: {denoiser.info.name} has no classes.")
    numbers = {name.lower(): number for number, name in enumerate(names)}
    numbers |= {str(number): number for number in range(len(names))}
    return one_of("--class", class_name, lambda name: numbers[name.lower()], names)
