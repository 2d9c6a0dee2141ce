"""The command `sample`: pictures out of noise, by a network or by the exact denoiser of some pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from diffviz.cli_fork import forked_legs
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
    write_array,
    write_frames,
)
from diffviz.cli_schedule import ParamOption, ZeroSnrOption, schedule_spec
from diffviz.cli_walk import Aim, Leg, Start, Walk, class_number, redrawn_steps
from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, Variance
from diffviz.core.schedules import ScheduleSpec
from diffviz.core.slips import Slip
from diffviz.core.timesteps import Spacing
from diffviz.data.images import image_grid, to_uint8
from diffviz.data.schedule_files import spec_to_json
from diffviz.export.figure import save_picture
from diffviz.export.frames import FrameSpec, enlarge
from diffviz.export.settings import settings_text
from diffviz.models.denoiser import Denoiser, needs_no_network

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
            help="A network (see diffviz models); exact: or gaussian: and a folder or data set; blur:SIDE.",
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
    to_guidance: Annotated[
        float | None,
        typer.Option(min=0, help="Let the pictures lead from --guidance to this scale, from the same noise."),
    ] = None,
    redraw: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T:SEED", help="Draw the noise of the step from T anew; several times for more."
        ),
    ] = None,
    fork: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T:KEY=VALUE,…",
            help="Go on from the step at T with other values of these options; again for a fork of it.",
        ),
    ] = None,
    slip: Annotated[
        Slip | None, typer.Option(help="Make this mistake on purpose.", show_default="none")
    ] = None,
    size: Annotated[
        int, typer.Option(min=1, max=1024, metavar="PX", help="Side of the pictures of a folder.")
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
    start = Start(start_image, start_t, fit_start, inverted, to_seed, to_image)
    start.check(sampler, eta)
    kind = kind_of(out)
    if kind == "animation":
        animation_settings(out, fps, hold, loop, exact_colour, "")  # refused before anything is computed
    denoiser = _denoiser(model, device, size)
    own = denoiser.info.schedule or ScheduleSpec()
    spec = schedule_spec(schedule or own, timesteps or own.num_timesteps, param, zero_terminal_snr)
    leg = Leg(
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
        Aim(_class_index(denoiser, class_name), guidance, rescale, classifier_scale, to_guidance),
        seed,
        slip,
    )
    forks = forked_legs(fork or (), leg, lambda name: _denoiser(name, device, size))
    walk = Walk(leg, start, number, redrawn_steps(redraw), forks)
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
        to_guidance=to_guidance,
        rescale=rescale,
        classifier_scale=classifier_scale,
        seed=seed,
        start_image=start_image and start_image.name,
        start_t=start_t,
        fit=fit_start,
        inverted=inverted,
        to_seed=to_seed,
        to_image=to_image and to_image.name,
        redraw=redraw,
        fork=fork,
        slip=slip,
    )
    if kind == "array":
        write_array(out, walk.pictures(), (number, *walk.shape))
    elif kind == "picture":
        pixels = to_uint8(image_grid(list(walk.pictures())))
        save_picture(out, enlarge(pixels, scale or 1), settings)
    else:
        animation = animation_settings(out, fps, hold, loop, exact_colour, settings)
        if walk.is_path:
            # One frame for each picture of the path.
            factor = frame_scale(animation, scale, *walk.shape[:2])
            pictures = (enlarge(to_uint8(picture), factor) for picture in walk.pictures())
            write_frames(pictures, number, animation)
            return
        height, width = image_grid([np.empty(walk.shape, np.uint8)] * number).shape[:2]
        look = FrameSpec(frame_scale(animation, scale, height, width), captions)
        write_frames(walk.frames(look, show), walk.num_steps + (show == "x_t"), animation)


def _denoiser(model: str, device: str, size: int) -> Denoiser:
    """The network of that name or file, or a denoiser that needs none."""
    if needs_no_network(model):
        from diffviz.models.picture_denoisers import denoiser_without_network

        return denoiser_without_network(model, size)
    from diffviz.models.catalog import load_denoiser
    from diffviz.models.devices import usable_device

    return load_denoiser(model, usable_device(device))


def _class_index(denoiser: Denoiser, class_name: str | None) -> int | None:
    """The class of the option, if it is given."""
    if class_name is None:
        return None
    try:
        return class_number(denoiser, class_name)
    except ValueError as error:
        raise ValueError(f"--class {class_name}: {error}") from error
