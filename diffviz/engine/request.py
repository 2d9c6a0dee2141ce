"""What a reverse run is asked to do, and what it tells about itself before its first step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from diffviz.core.guidance import scales_between
from diffviz.core.samplers import SamplerSpec
from diffviz.core.schedules import ScheduleSpec
from diffviz.core.slips import Slip
from diffviz.engine.gate import Preparation
from diffviz.engine.state import SessionState, StartFrom
from diffviz.models.denoiser import needs_no_network

if TYPE_CHECKING:
    from diffviz.data.images import Picture
    from diffviz.engine.images import ImageStore
    from diffviz.models.denoiser import DenoiserInfo

__all__ = [
    "BLUR_PICTURES",
    "EXACT_PICTURES",
    "GAUSSIAN_PICTURES",
    "Fork",
    "ReverseContext",
    "ReverseRequest",
]

EXACT_PICTURES, GAUSSIAN_PICTURES, BLUR_PICTURES = "exact:pictures", "gaussian:pictures", "blur:pictures"


@dataclass(frozen=True)
class Fork:
    """Where a run leaves another one: it shares all steps of the parent above t."""

    parent: ReverseRequest
    t: int


@dataclass(frozen=True)
class ReverseRequest:
    """One reverse run, said in hashable values: equal requests give equal pictures.

    What does not matter to a run is left out of its request, so that looking at another picture, say, does
    not make a run from pure noise another one.

    Attributes
    ----------
    schedule, sampler
        The chain and how it is walked.
    denoiser, class_index, guidance_scale
        Who denoises, towards which class, how strongly.
    guidance_rescale
        How much of the unguided contrast is given back, 0…1.
    classifier_scale
        How strongly the classifier that belongs to the denoiser steers towards the class.
    seed
        Of all noise of the run; sample b of a batch is the same picture in every batch.
    num_samples
        How many pictures at once.
    device
        Key of the device that a network runs on.
    start_image, start_t
        The picture that is noised to `start_t` and brought back; None for a start from pure noise at T.
    start_fit, is_inverted
        How the picture is brought to the denoiser's shape, and whether instead of noising it the noise is
        sought that it comes from.
    path_seed, path_image, path_guidance
        The samples lead from the start to the noise of that seed, or to what that picture comes from, or from
        the guidance scale to that one.
    exact_size
        Side in pixels at which a denoiser without network sees pictures of different sizes; 0 for a network.
    picture_keys
        For ``exact:pictures`` and ``gaussian:pictures`` the pictures it knows.
    fork
        For a run that begins in the middle of another one.
    redrawn
        (t, seed): the noise of these steps alone comes from another seed.
    slip
        A mistake that is made on purpose.
    """

    schedule: ScheduleSpec
    sampler: SamplerSpec
    denoiser: str = EXACT_PICTURES
    class_index: int | None = None
    guidance_scale: float = 1.0
    seed: int = 211
    num_samples: int = 1
    device: str = "cpu"
    start_image: str | None = None
    start_t: int | None = None
    exact_size: int = 0
    picture_keys: tuple[str, ...] = ()
    guidance_rescale: float = 0.0
    classifier_scale: float = 0.0
    start_fit: str = "crop"
    is_inverted: bool = False
    path_seed: int | None = None
    path_image: str | None = None
    path_guidance: float | None = None
    fork: Fork | None = None
    redrawn: tuple[tuple[int, int], ...] = ()
    slip: Slip | None = None

    @classmethod
    def from_state(cls, state: SessionState, images: ImageStore) -> ReverseRequest:
        """The run that a settled state asks for, with the pictures that are at hand now."""
        from_image = state.start is not StartFrom.NOISE
        is_inverted = state.start is StartFrom.INVERTED
        has_path = state.num_samples > 1
        has_no_network = needs_no_network(state.denoiser)
        knows_pictures = state.denoiser in (EXACT_PICTURES, GAUSSIAN_PICTURES)
        has_class = state.class_index is not None
        return cls(
            schedule=state.schedule,
            sampler=state.sampler,
            denoiser=state.denoiser,
            class_index=state.class_index,
            guidance_scale=state.guidance_scale if has_class else 1.0,
            guidance_rescale=state.guidance_rescale if has_class else 0.0,
            classifier_scale=state.classifier_scale if has_class else 0.0,
            seed=state.reverse_seed,
            num_samples=state.num_samples,
            device="cpu" if has_no_network else state.device,
            start_image=state.image if from_image else None,
            start_t=state.start_t if from_image else None,
            start_fit=state.start_fit if from_image else "crop",
            is_inverted=is_inverted,
            path_seed=state.path_seed if has_path and not from_image else None,
            path_image=state.path_image if has_path and is_inverted else None,
            path_guidance=state.path_guidance if has_path and has_class else None,
            exact_size=state.exact_size if has_no_network else 0,
            picture_keys=images.keys if knows_pictures else (),
        )

    @property
    def is_path(self) -> bool:
        """Whether the samples lead from one start to another."""
        return any(end is not None for end in (self.path_seed, self.path_image, self.path_guidance))

    @property
    def guidance_scales(self) -> float | tuple[float, ...]:
        """The guidance scale, or that of each sample where they lead from one to another."""
        if self.path_guidance is None or self.num_samples < 2:
            return self.guidance_scale
        return scales_between(self.guidance_scale, self.path_guidance, self.num_samples)

    @property
    def settings(self) -> ReverseRequest:
        """What a person has set: without where it forks, what it draws anew and what it does wrong."""
        return replace(self, fork=None, redrawn=(), slip=None)

    def session_fields(self) -> dict[str, Any]:
        """The fields of the session that ask for a run like this one."""
        settings: dict[str, Any] = {
            "schedule": self.schedule,
            "sampler": self.sampler,
            "denoiser": self.denoiser,
            "class_index": self.class_index,
            "reverse_seed": self.seed,
            "num_samples": self.num_samples,
            "path_seed": self.path_seed,
            "path_image": self.path_image,
            "start": StartFrom.NOISE,
        }
        if self.class_index is not None:
            settings["guidance_scale"] = self.guidance_scale
            settings["path_guidance"] = self.path_guidance
            settings["guidance_rescale"] = self.guidance_rescale
            settings["classifier_scale"] = self.classifier_scale
        if self.exact_size:
            settings["exact_size"] = self.exact_size
        else:
            settings["device"] = self.device
        if self.start_image is not None:
            settings["start"] = StartFrom.INVERTED if self.is_inverted else StartFrom.IMAGE
            settings |= {"image": self.start_image, "start_t": self.start_t}
            settings["start_fit"] = self.start_fit
        return settings

    def forked(self, t: int, settings: ReverseRequest | None = None) -> ReverseRequest:
        """A run that leaves this one at t and goes on with other settings.

        What belongs to the beginning stays: the picture or noise it started from, and how many samples.

        Parameters
        ----------
        t
            Time of one of the steps.
        settings
            What counts from there on; None: the same as before.
        """
        wanted = settings or self
        return replace(
            wanted,
            num_samples=self.num_samples,
            start_image=self.start_image,
            start_t=self.start_t,
            start_fit=self.start_fit,
            is_inverted=self.is_inverted,
            path_seed=self.path_seed,
            path_image=self.path_image,
            path_guidance=self.path_guidance,
            fork=Fork(self, t),
            redrawn=self.redrawn if wanted.seed == self.seed else (),
        )

    def redrawn_at(self, t: int, seed: int) -> ReverseRequest:
        """A fork at t in which this one step's noise comes from another seed, and nothing else differs."""
        forked = self.forked(t)
        return replace(forked, redrawn=(*(pair for pair in self.redrawn if pair[0] != t), (t, seed)))


@dataclass(frozen=True, eq=False)
class ReverseContext(Preparation):
    """What is known of a run before its first step.

    Attributes
    ----------
    request
        What was asked for.
    info
        The denoiser, for the badge that every frame carries.
    shape
        (C, H, W) of each picture.
    times
        The times at which the denoiser is asked, falling, without the final 0; of a fork those of its parent
        above it, too.
    guide
        The picture that the run starts from at the denoiser's shape, float32 (H, W, C) in [-1, 1]; None for
        a start from pure noise.
    """

    request: ReverseRequest
    info: DenoiserInfo
    shape: tuple[int, int, int]
    times: tuple[int, ...]
    guide: Picture | None = None

    @property
    def num_steps(self) -> int:
        """How many steps the run has."""
        return len(self.times)
