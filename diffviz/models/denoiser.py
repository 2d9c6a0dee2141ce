"""What every denoiser offers, and how a trained network becomes one. Importing this does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from diffviz.core.guidance import classifier_free, classifier_guided, rescaled
from diffviz.core.posterior import posterior_coefficients
from diffviz.core.prediction import Prediction, PredictionType, to_prediction
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.core.timesteps import matching_time

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.core.samplers import Predict
    from diffviz.models.architecture import Network

EXACT_PREFIX, GAUSSIAN_PREFIX, BLUR_PREFIX = "exact:", "gaussian:", "blur:"
"""Keys of denoisers without a network begin so. A data set or a folder follows, or for a blur the size of its
pictures: HEIGHTxWIDTHxCHANNELS."""

_LARGEST_BLUR = 1024

ClassIndex: TypeAlias = "int | Sequence[int | None] | None"


@dataclass(frozen=True)
class DenoiserInfo:
    """What a person should know of a denoiser before using it.

    Attributes
    ----------
    key
        How it is asked for.
    image_shape
        (C, H, W) of the pictures it was made for; `None`: any.
    parameters, file_bytes
        Zero for denoisers without a network.
    detail
        One short line for a badge.
    schedule
        The schedule it was trained with; `None` for denoisers that know every noise level.
    fingerprint
        That of the points that a network learned from a person's own file; empty otherwise.
    """

    key: str
    name: str
    trained_on: str = ""
    image_shape: tuple[int, int, int] | None = None
    class_names: tuple[str, ...] = ()
    parameters: int = 0
    file_bytes: int = 0
    kind: Literal["network", "exact", "gaussian", "blur"] = "network"
    detail: str = ""
    schedule: ScheduleSpec | None = None
    fingerprint: str = ""


def picture_set(key: str) -> str | None:
    """The data set or folder that a denoiser without a network knows; None for others."""
    for prefix in (EXACT_PREFIX, GAUSSIAN_PREFIX):
        if key.startswith(prefix):
            return key.removeprefix(prefix)
    return None


def needs_no_network(key: str) -> bool:
    """Whether a key names an exact denoiser, a Gaussian one or a blur."""
    return key.startswith((EXACT_PREFIX, GAUSSIAN_PREFIX, BLUR_PREFIX))


def blur_info(shape: tuple[int, int, int]) -> DenoiserInfo:
    """The blur for pictures of shape (C, H, W)."""
    channels, height, width = shape
    return DenoiserInfo(
        f"{BLUR_PREFIX}{height}x{width}x{channels}",
        f"Gaussian blur, {height}×{width} {'grey' if channels == 1 else 'colour'}",
        "nothing",
        shape,
        kind="blur",
        detail="Gaussian blur",
    )


def blur_shape(key: str) -> tuple[int, int, int]:
    """The shape (C, H, W) of the pictures of a blur: of ``blur:HEIGHTxWIDTHxCHANNELS``, or ``blur:SIDE``.

    Raises
    ------
    ValueError
        If the key says no size of pictures.
    """
    numbers = [int(word) if word.isdecimal() else 0 for word in key.removeprefix(BLUR_PREFIX).split("x")]
    if len(numbers) == 1:
        numbers = [*numbers, *numbers, 3]
    height, width, channels = numbers if len(numbers) == 3 else (0, 0, 0)
    if not (1 <= height <= _LARGEST_BLUR and 1 <= width <= _LARGEST_BLUR and channels in (1, 3)):
        raise ValueError(f"{key} names no size of pictures: write blur:64, or blur:28x28x1 for grey ones.")
    return channels, height, width


class Denoiser(Protocol):
    """Anything that guesses the clean picture in a noised one."""

    @property
    def info(self) -> DenoiserInfo:
        """What it is."""
        ...

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """Estimate x_0 and ε.

        Parameters
        ----------
        x_t
            Noised pictures, shape (B, C, H, W) or (B, d).
        level
            How noisy they are; all alike.
        class_index
            One class for all, one for each (`None` among them: no class), or `None` for no class.
        """
        ...


class GradientSource(Protocol):
    """A classifier of noisy pictures."""

    def gradient(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex) -> Tensor:
        """∇_{x_t} log p(class | x_t), shape of x_t; zero for a sample without a class."""
        ...


class NetworkDenoiser:
    """A trained network, asked at noise levels of any schedule.

    Parameters
    ----------
    network
        A network in evaluation mode.
    prediction
        What its output means.
    schedule
        The schedule it was trained with, whose one-based time it was told in training.
    info
        What it is.
    """

    def __init__(
        self, network: Network, prediction: PredictionType, schedule: ScheduleSpec, info: DenoiserInfo
    ) -> None:
        self.network = network
        self.prediction = prediction
        self.schedule = build_schedule(schedule)
        self.info = info

    def predict(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex = None) -> Prediction:
        """Estimate x_0 and ε; the network computes in float32, the answer has x_t's dtype and device.

        Raises
        ------
        ValueError
            If the pictures have another number of channels, or the class is none of the network's.
        """
        import torch

        shape = self.info.image_shape
        if shape is not None and (x_t.ndim != 4 or x_t.shape[1] != shape[0]):
            raise ValueError(f"{self.info.name} works on {_size(shape)}, not {tuple(x_t.shape[1:])}.")
        device = next(self.network.parameters()).device
        time, posterior = matching_time(level, self.schedule), None
        if self.prediction is PredictionType.MEAN:
            # A mean is that of one step of the chain it was trained on, so it is asked for at a whole time.
            time = float(round(time))
            posterior = posterior_coefficients(self.schedule, int(time) - 1, int(time))
        times = torch.full((len(x_t),), time, device=device)
        with torch.no_grad():
            output = self.network(x_t.to(device, torch.float32), times, self._classes(class_index, len(x_t)))
        return to_prediction(output.to(x_t.device, x_t.dtype), self.prediction, x_t, level, posterior)

    def _classes(self, class_index: ClassIndex, batch: int) -> Tensor | None:
        import torch

        if class_index is None:
            return None
        wanted = [class_index] * batch if isinstance(class_index, int) else list(class_index)
        null = self.network.config.num_classes
        if any(index is not None and not 0 <= index < null for index in wanted):
            raise ValueError(
                f"{self.info.name} knows {null} classes, and class {class_index} is none of them."
            )
        if null == 0:
            return None
        indices = [null if index is None else index for index in wanted]
        return torch.tensor(indices, device=next(self.network.parameters()).device)


def guided(
    denoiser: Denoiser,
    class_index: ClassIndex,
    guidance_scale: float | Sequence[float] = 1.0,
    guidance_rescale: float = 0.0,
    classifier: GradientSource | None = None,
    classifier_scale: float = 0.0,
) -> Predict:
    """Tell a denoiser what to draw, by classifier-free guidance and by a classifier.

    Parameters
    ----------
    denoiser
        A denoiser that also works without a class.
    class_index
        The class, or one for each picture; `None` for none, which leaves guidance without effect.
    guidance_scale
        g (Ho & Salimans, 2022): 1 is the plain conditional answer, 0 the unconditional one; both cost one
        evaluation per step. Other values cost two, computed as one batch. One for all, or one for each
        picture.
    guidance_rescale
        φ in [0, 1] (Lin et al., 2024): how much of the conditional answer's contrast is given back.
    classifier
        Gives ∇ log p(class | x_t), for classifier guidance (Dhariwal & Nichol, 2021); it may be used with a
        guidance scale of 0, where the denoiser itself is told no class.
    classifier_scale
        w; 0 never asks the classifier.
    """
    steered = _classifier_free(denoiser, class_index, guidance_scale, guidance_rescale)
    if classifier is None or classifier_scale == 0.0 or class_index is None:
        return steered

    def predict(x_t: Tensor, level: NoiseLevel) -> Prediction:
        gradient = classifier.gradient(x_t, level, class_index)
        return classifier_guided(steered(x_t, level), gradient, level, classifier_scale)

    return predict


def _classifier_free(
    denoiser: Denoiser,
    class_index: ClassIndex,
    guidance_scale: float | Sequence[float],
    guidance_rescale: float,
) -> Predict:
    if class_index is None or guidance_scale == 0.0:
        return lambda x_t, level: denoiser.predict(x_t, level)
    if guidance_scale == 1.0:
        return lambda x_t, level: denoiser.predict(x_t, level, class_index)

    def predict(x_t: Tensor, level: NoiseLevel) -> Prediction:
        import torch

        batch = len(x_t)
        wanted = [class_index] * batch if isinstance(class_index, int) else list(class_index)
        both = denoiser.predict(torch.cat([x_t, x_t]), level, [*wanted, *[None] * batch])
        conditional = Prediction(both.x_0[:batch], both.noise[:batch])
        unconditional = Prediction(both.x_0[batch:], both.noise[batch:])
        mixed = classifier_free(conditional, unconditional, guidance_scale)
        return rescaled(mixed, conditional, x_t, level, guidance_rescale)

    return predict


def _size(shape: tuple[int, int, int]) -> str:
    colours = "grey" if shape[0] == 1 else "colour"
    return f"{colours} pictures of {shape[1]}×{shape[2]}"
