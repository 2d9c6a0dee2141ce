"""What the Theory workspace asks about: a picture, a denoiser and a chain, said in hashable values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffviz.core.forward import ForwardProcess, NoiseMode
from diffviz.core.sampler_spec import SamplerSpec
from diffviz.core.sampler_steps import Variance
from diffviz.core.schedules import build_schedule
from diffviz.data.images import from_uint8, to_uint8
from diffviz.engine.request import ReverseRequest
from diffviz.engine.run_start import fitted_picture
from diffviz.engine.state import NO_CLASS, OWN_CLASS
from diffviz.models.denoiser import picture_set

if TYPE_CHECKING:
    from diffviz.core.schedules import NoiseSchedule
    from diffviz.data.images import Picture
    from diffviz.engine.images import ImageStore
    from diffviz.engine.state import SessionState

__all__ = [
    "AskedClass",
    "BoundQuestion",
    "TheoryQuestion",
    "asked_class",
    "eight_bit_picture",
    "known_variance",
]


@dataclass(frozen=True)
class AskedClass:
    """As which class a denoiser is asked about a picture.

    Attributes
    ----------
    index
        None: without a class.
    origin
        "own" of the picture, "session" as for sampling, "chosen" for these questions, or "none".
    """

    index: int | None
    origin: str


def asked_class(state: SessionState, images: ImageStore, class_names: tuple[str, ...]) -> AskedClass:
    """The class that a settled state asks for of a denoiser with these classes."""
    if not class_names or state.bound_class == NO_CLASS:
        return AskedClass(None, "none")
    if state.bound_class != OWN_CLASS:
        return AskedClass(state.bound_class, "chosen")
    own = images.entry(state.image).class_name
    if own in class_names:
        return AskedClass(class_names.index(own), "own")
    return AskedClass(state.class_index, "none" if state.class_index is None else "session")


@dataclass(frozen=True)
class TheoryQuestion:
    """A picture on its way through a chain, and who denoises it; equal questions have equal answers.

    Attributes
    ----------
    request
        Chain, denoiser and class; what else is in it does not matter.
    image, version, fit
        The picture, at which reading of its file, and how it is brought to the denoiser's shape.
    seed, noise_mode
        Noise of the forward process.
    variance
        σ_t² of p_θ(x_{t−1} | x_t).
    """

    request: ReverseRequest
    image: str
    version: int
    fit: str
    seed: int
    noise_mode: NoiseMode
    variance: Variance

    @classmethod
    def from_state(
        cls, state: SessionState, images: ImageStore, class_names: tuple[str, ...] = ()
    ) -> TheoryQuestion:
        """The question that a settled state asks of a denoiser with these classes."""
        return cls(
            _request(state, images, asked_class(state, images, class_names).index),
            state.image,
            images.version,
            state.start_fit,
            state.seed,
            state.noise_mode,
            known_variance(state),
        )

    @property
    def schedule(self) -> NoiseSchedule:
        """The chain."""
        return build_schedule(self.request.schedule)

    def process(self, x_0: Picture) -> ForwardProcess:
        """The forward process of the picture at the denoiser's shape."""
        return ForwardProcess(x_0, self.schedule, self.seed, self.noise_mode)


@dataclass(frozen=True)
class BoundQuestion:
    """Of what the bound is wanted, and how well.

    Attributes
    ----------
    request
        Chain and denoiser.
    image, version, fit
        The picture; None, 0 and "crop" for the bound of the denoiser's data.
    count
        Pictures of the data, or draws of noise for the one picture.
    num_terms
        Times at which each of them is asked about.
    variance, seed
        σ_t² of the steps; seed of pictures, times and noise.
    has_own_classes
        Whether each picture of the data is asked about as its own class.
    """

    request: ReverseRequest
    image: str | None
    version: int
    fit: str
    count: int
    num_terms: int
    variance: Variance
    seed: int
    has_own_classes: bool = False

    @property
    def schedule(self) -> NoiseSchedule:
        """The chain."""
        return build_schedule(self.request.schedule)

    @classmethod
    def from_state(
        cls, state: SessionState, images: ImageStore, class_names: tuple[str, ...] = ()
    ) -> BoundQuestion:
        """The bound that a settled state asks for of a denoiser with these classes."""
        is_data = state.bound_over == "data"
        has_own_classes = is_data and bool(class_names) and state.bound_class == OWN_CLASS
        asked = None if has_own_classes else asked_class(state, images, class_names).index
        return cls(
            _request(state, images, asked),
            None if is_data else state.image,
            0 if is_data else images.version,
            "crop" if is_data else state.start_fit,
            state.bound_pictures if is_data else state.bound_draws,
            min(state.bound_terms, state.num_timesteps) or state.num_timesteps,
            known_variance(state),
            state.seed,
            has_own_classes,
        )


def known_variance(state: SessionState) -> Variance:
    """σ_t² that is asked for; only who knows its pictures knows the optimal one."""
    if state.bound_variance is Variance.OPTIMAL and picture_set(state.denoiser) is None:
        return Variance.TILDE
    return state.bound_variance


def eight_bit_picture(images: ImageStore, key: str, shape: tuple[int, int, int], fit: str) -> Picture:
    """A picture at (C, H, W) with 8-bit values, of which L_0 is the probability: float32 (H, W, C)."""
    return from_uint8(to_uint8(fitted_picture(images, key, shape, fit)))


def _request(state: SessionState, images: ImageStore, class_index: int | None) -> ReverseRequest:
    """Chain and denoiser of the run that the state asks for, and a class, without what makes it a run."""
    asked = ReverseRequest.from_state(state, images)
    return ReverseRequest(
        schedule=asked.schedule,
        sampler=SamplerSpec(),
        denoiser=asked.denoiser,
        class_index=class_index,
        device=asked.device,
        exact_size=asked.exact_size,
        picture_keys=asked.picture_keys,
    )
