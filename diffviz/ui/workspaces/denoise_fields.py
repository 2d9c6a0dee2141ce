"""The session's fields as the denoise panel names them, and back."""

from __future__ import annotations

from diffviz.core.schedules import build_schedule
from diffviz.core.timesteps import known_times, late_start, sampling_timesteps
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.request import BLUR_PICTURES, EXACT_PICTURES, GAUSSIAN_PICTURES
from diffviz.engine.session import SessionState, StartFrom
from diffviz.models.catalog import list_classifiers
from diffviz.models.steering import matching_classifier
from diffviz.ui.widgets.denoise_panel import DenoiserOption, DenoiseSettings
from diffviz.ui.widgets.start_fields import StartSettings


def settings_of(state: SessionState, option: DenoiserOption | None) -> DenoiseSettings:
    """What the panel shows of a state, with the denoiser that is chosen."""
    return DenoiseSettings(
        denoiser=state.denoiser,
        class_index=state.class_index,
        device=state.device,
        sampler=state.sampler,
        guidance_scale=state.guidance_scale,
        start=StartSettings(
            state.start.value,
            state.start_t,
            state.start_fit,
            state.reverse_seed,
            state.path_seed,
            state.path_image,
            state.num_samples,
            state.num_timesteps,
        ),
        num_samples=state.num_samples,
        exact_size=state.exact_size,
        num_timesteps=state.num_timesteps,
        guidance_rescale=state.guidance_rescale,
        path_guidance=state.path_guidance,
        classifier_scale=state.classifier_scale,
        remark=_remark(state),
        denoiser_remark=denoiser_remark(state, option),
    )


def session_changes(changes: dict[str, object]) -> dict[str, object]:
    """What an edit in the panel means for the session."""
    named = dict(changes)
    if "start" in named:
        named["start"] = StartFrom(str(named["start"]))
    if "seed" in named:
        named["reverse_seed"] = named.pop("seed")
    return named


def denoiser_options(shelf: DenoiserShelf, exact_size: int) -> list[DenoiserOption]:
    """The denoisers at hand as the panel offers them."""
    classifiers = list_classifiers()
    return [
        DenoiserOption(
            info.key,
            info.name,
            info.class_names,
            info.detail,
            kind=info.kind,
            any_size=info.key in (EXACT_PICTURES, GAUSSIAN_PICTURES, BLUR_PICTURES),
            trained_schedule=info.schedule,
            image_shape=info.image_shape,
            has_classifier=matching_classifier(info, classifiers) is not None,
        )
        for info in shelf.infos(exact_size)
        # A network of points in the plane draws no pictures.
        if info.kind != "network" or info.image_shape is not None
    ]


def _remark(state: SessionState) -> str:
    """What is wrong with the steps of a run from pure noise."""
    schedule = build_schedule(state.schedule)
    times = sampling_timesteps(schedule, state.sampler.num_sampling_steps, state.sampler.spacing)
    return late_start(schedule, times)


def times_known_to(option: DenoiserOption | None, state: SessionState) -> tuple[int, int] | None:
    """First and last time whose noise the denoiser was trained at; None where it knows every level.

    A network that knows none of them is given the one time (0, 0).
    """
    if option is None or option.trained_schedule is None:
        return None
    return known_times(build_schedule(state.schedule), build_schedule(option.trained_schedule)) or (0, 0)


def denoiser_remark(state: SessionState, option: DenoiserOption | None) -> str:
    """Which noise levels of the schedule a network was not trained at."""
    known, total = times_known_to(option, state), state.num_timesteps
    if option is None or known is None or known == (1, total):
        return ""
    if known == (0, 0):
        return f"{option.name} was trained at no noise level of this schedule: it is told the nearest one."
    ends = [f"below t = {known[0]}"] if known[0] > 1 else []
    ends += [f"above t = {known[1]}"] if known[1] < total else []
    return (
        f"{option.name} was not trained at the noise {' and '.join(ends)}: there it is told the nearest "
        "level that it knows. The curve shows where."
    )
