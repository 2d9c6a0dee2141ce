"""Everything that the window shows and does, as one small value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from diffviz.core.forward import NoiseMode
from diffviz.core.samplers import Clip, SamplerKind, SamplerSpec, Variance
from diffviz.core.schedules import ScheduleError, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing
from diffviz.engine.lab_spec import LabSpec
from diffviz.engine.lab_spec import settled as settled_lab

__all__ = [
    "BOUND_OVER",
    "EXACT_SIZES",
    "FITS",
    "MAX_BOUND_DRAWS",
    "MAX_BOUND_PICTURES",
    "MAX_BOUND_TERMS",
    "MAX_CHURN",
    "MAX_GUIDANCE_SCALE",
    "MAX_SAMPLES",
    "MAX_SEED",
    "NO_CLASS",
    "OWN_CLASS",
    "QUANTITIES",
    "REVERSE_SHOWS",
    "VIEW_FIELDS",
    "SessionState",
    "StartFrom",
    "StateError",
    "Workspace",
    "settle",
]

QUANTITIES = ("beta", "alpha_cumprod", "log_snr", "sigma")
REVERSE_SHOWS = ("x_t", "x_0", "noise")
FITS = ("crop", "pad", "resize")
BOUND_OVER = ("image", "data")
MAX_BOUND_DRAWS = 64
MAX_BOUND_PICTURES = 1000
MAX_BOUND_TERMS = 4000
MAX_CLASSES = 100_000
OWN_CLASS, NO_CLASS = -1, -2
MAX_SEED = 2**31 - 1
MAX_SAMPLES = 64
MAX_GUIDANCE_SCALE = 20.0
MAX_CHURN = 200.0
EXACT_SIZES = (8, 256)

# How one looks, not what one has made: these fields make no undo entry and outlive an undo.
VIEW_FIELDS = frozenset({"workspace", "quantity", "ghost", "t", "reverse_shows", "device"})

_Choice = TypeVar("_Choice", bound=StrEnum)


class StateError(ValueError):
    """A value that no session can have, from a damaged session file for instance; one sentence."""


class Workspace(StrEnum):
    """The rooms of the window."""

    FORWARD = "forward"
    REVERSE = "reverse"
    TRAIN = "train"
    LAB = "lab"
    THEORY = "theory"


class StartFrom(StrEnum):
    """Where a reverse run begins."""

    NOISE = "noise"
    IMAGE = "image"
    INVERTED = "inverted"


@dataclass(frozen=True)
class SessionState:
    """The state of the session: hashable values only, pictures and networks by key.

    Attributes
    ----------
    workspace
        The room that is open.
    image
        Key of the picture in the `ImageStore`.
    schedule, ghost
        The noise schedule, and one to compare it with; both have the same T.
    quantity
        The curve shown: one of `QUANTITIES`.
    t
        The playhead, 0…T.
    seed, noise_mode
        Noise of the forward process.
    denoiser, class_index, guidance_scale
        Who denoises, towards which class, and how strongly; guidance 1 is off.
    guidance_rescale, classifier_scale
        Contrast given back to guided pictures, 0…1, and how strongly a classifier steers; 0 is off.
    sampler, start, start_t
        How the reverse run steps and where it begins; `start_t` in 1…T counts for a start from a picture.
    start_fit
        How that picture is brought to the denoiser's shape: one of `FITS`.
    path_seed, path_image, path_guidance
        What several samples lead to: the noise of that seed, what that picture comes from, that guidance
        scale; None: nothing.
    reverse_seed, num_samples
        Noise of the reverse run, and how many pictures it makes at once, 1…64.
    device
        Key of the device that the denoiser runs on.
    reverse_shows
        What the reverse strip shows: one of `REVERSE_SHOWS`.
    exact_size
        Side in pixels at which the exact denoiser sees the pictures.
    bound_over, bound_pictures, bound_draws
        Whether the bound is that of the picture or of the denoiser's data (one of `BOUND_OVER`), from how
        many pictures of the data, and from how many draws of noise for the picture.
    bound_terms, bound_variance
        At how many times the denoiser is asked for it, 0 for every one, and σ_t² of its steps.
    bound_class
        As which class the denoiser is asked there: its number, `NO_CLASS`, or `OWN_CLASS` for that of the
        picture, or where that is not known `class_index`.
    lab
        What the 2-D lab shows.
    """

    workspace: Workspace = Workspace.FORWARD
    image: str = "sample:chelsea"
    schedule: ScheduleSpec = field(default_factory=ScheduleSpec)
    ghost: ScheduleSpec | None = field(default_factory=lambda: ScheduleSpec("cosine"))
    quantity: str = "alpha_cumprod"
    t: int = 270
    seed: int = 7
    noise_mode: NoiseMode = NoiseMode.FROZEN
    denoiser: str = "exact:pictures"
    class_index: int | None = None
    guidance_scale: float = 1.0
    guidance_rescale: float = 0.0
    classifier_scale: float = 0.0
    sampler: SamplerSpec = field(default_factory=SamplerSpec)
    start: StartFrom = StartFrom.NOISE
    start_t: int = 500
    start_fit: str = "crop"
    path_seed: int | None = None
    path_image: str | None = None
    path_guidance: float | None = None
    reverse_seed: int = 211
    num_samples: int = 1
    device: str = "cpu"
    reverse_shows: str = "x_0"
    exact_size: int = 64
    bound_over: str = "image"
    bound_pictures: int = 32
    bound_draws: int = 4
    bound_terms: int = 60
    bound_variance: Variance = Variance.TILDE
    bound_class: int = OWN_CLASS
    lab: LabSpec = field(default_factory=LabSpec)

    @property
    def num_timesteps(self) -> int:
        """T of the schedule."""
        return self.schedule.num_timesteps


def settle(state: SessionState, num_classes: int | None = None) -> SessionState:
    """Make the parts of a state agree with each other.

    Shortening the chain pulls the playhead, the number of sampling steps and the start of a reverse run
    back into it; the ghost follows T, and goes where it cannot. Pure and idempotent. Whether the schedule
    itself can be built is asked by `build_schedule`, not here.

    Parameters
    ----------
    state
        Any state.
    num_classes
        Classes of its denoiser; None where unknown. A class that the denoiser does not have is let go.

    Raises
    ------
    StateError
        If a value is none of the known choices or no number.
    """
    total = max(1, state.schedule.num_timesteps)
    sampler = state.sampler
    return replace(
        state,
        workspace=_choice(Workspace, state.workspace),
        ghost=_ghost(state.ghost, total),
        quantity=_word("quantity", state.quantity, QUANTITIES),
        t=_whole("t", state.t, 0, total),
        seed=_whole("seed", state.seed, 0, MAX_SEED),
        noise_mode=_choice(NoiseMode, state.noise_mode),
        class_index=_class_index(state.class_index, num_classes),
        guidance_scale=_within("guidance_scale", state.guidance_scale, 0.0, MAX_GUIDANCE_SCALE),
        guidance_rescale=_within("guidance_rescale", state.guidance_rescale, 0.0, 1.0),
        classifier_scale=_within("classifier_scale", state.classifier_scale, 0.0, MAX_GUIDANCE_SCALE),
        sampler=replace(
            sampler,
            kind=_choice(SamplerKind, sampler.kind),
            num_sampling_steps=_whole("num_sampling_steps", sampler.num_sampling_steps, 1, total),
            spacing=_choice(Spacing, sampler.spacing),
            variance=_choice(Variance, sampler.variance),
            eta=_within("eta", sampler.eta, 0.0, 1.0),
            clip=_choice(Clip, sampler.clip),
            interpolation=_within("interpolation", sampler.interpolation, 0.0, 1.0),
            churn=_within("churn", sampler.churn, 0.0, MAX_CHURN),
        ),
        start=_choice(StartFrom, state.start),
        start_t=_whole("start_t", state.start_t, 1, total),
        start_fit=_word("start_fit", state.start_fit, FITS),
        path_seed=None if state.path_seed is None else _whole("path_seed", state.path_seed, 0, MAX_SEED),
        path_guidance=(
            None
            if state.path_guidance is None
            else _within("path_guidance", state.path_guidance, 0.0, MAX_GUIDANCE_SCALE)
        ),
        reverse_seed=_whole("reverse_seed", state.reverse_seed, 0, MAX_SEED),
        num_samples=_whole("num_samples", state.num_samples, 1, MAX_SAMPLES),
        reverse_shows=_word("reverse_shows", state.reverse_shows, REVERSE_SHOWS),
        exact_size=_whole("exact_size", state.exact_size, *EXACT_SIZES),
        lab=_lab(state.lab),
        bound_over=_word("bound_over", state.bound_over, BOUND_OVER),
        bound_pictures=_whole("bound_pictures", state.bound_pictures, 1, MAX_BOUND_PICTURES),
        bound_draws=_whole("bound_draws", state.bound_draws, 1, MAX_BOUND_DRAWS),
        bound_terms=_whole("bound_terms", state.bound_terms, 0, MAX_BOUND_TERMS),
        bound_variance=_choice(Variance, state.bound_variance),
        bound_class=_bound_class(state.bound_class, num_classes),
    )


def _lab(lab: LabSpec) -> LabSpec:
    try:
        return settled_lab(lab)
    except ValueError as error:
        raise StateError(str(error)) from error


def _within(name: str, value: float, low: float, high: float) -> float:
    if not math.isfinite(value):
        raise StateError(f"{name} has to be a number from {low:g} to {high:g}, not {value}.")
    return min(max(float(value), low), high)


def _whole(name: str, value: int, low: int, high: int) -> int:
    return round(_within(name, value, low, high))


def _choice(kind: type[_Choice], value: str) -> _Choice:
    try:
        return kind(value)
    except ValueError as error:
        known = ", ".join(member.value for member in kind)
        raise StateError(f"{value!r} is no {kind.__name__}; choose from {known}.") from error


def _word(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise StateError(f"{value!r} is no {name}; choose from {', '.join(known)}.")
    return value


def _class_index(class_index: int | None, num_classes: int | None) -> int | None:
    if class_index is None or class_index < 0:
        return None
    return class_index if num_classes is None or class_index < num_classes else None


def _bound_class(bound_class: int, num_classes: int | None) -> int:
    known = MAX_CLASSES if num_classes is None else num_classes
    bound_class = _whole("bound_class", bound_class, NO_CLASS, MAX_CLASSES)
    return bound_class if bound_class < known else OWN_CLASS


def _ghost(ghost: ScheduleSpec | None, num_timesteps: int) -> ScheduleSpec | None:
    if ghost is None or ghost.num_timesteps == num_timesteps:
        return ghost
    ghost = replace(ghost, num_timesteps=num_timesteps)
    try:
        build_schedule(ghost)
    except ScheduleError:
        return None
    return ghost
