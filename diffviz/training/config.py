"""Everything that decides the outcome of a training run, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.data.schedule_files import spec_from_json, spec_to_json
from diffviz.models.architecture import NetworkConfig, describe, make_config
from diffviz.models.unet import UNetConfig

PRECISIONS = ("float32", "bfloat16")
TIMESTEP_DRAWS = ("stratified", "uniform")


@dataclass(frozen=True)
class TrainingConfig:
    """The recipe of a run; two runs with equal recipes give equal weights on the CPU.

    Attributes
    ----------
    data
        A data set by name, a folder of pictures, or a toy set of points.
    image_size
        Side in pixels to which the pictures of a folder are scaled; named sets come as they are.
    images
        Length of the run in images seen (examples drawn, with repetition).
    batch_parts
        Each batch is computed in this many parts, side by side on the CPU, and the gradients are added. On
        busy cores that is faster than sharing each operation among threads, which wait for each other.
    warmup_images
        The learning rate rises linearly over these first images.
    decay_fraction
        The learning rate falls linearly to zero over this last part of the run; before, it is constant,
        so that a run can be prolonged while it has not begun to fall.
    ema_decay
        Long-run decay of the weights' moving average; 0 switches it off.
    class_dropout
        How often a label is hidden, so that the network also learns to do without (guidance needs this).
    timestep_draw
        "uniform", or "stratified": each batch holds one time from every equal part of the chain.
    precision
        "bfloat16" computes the network in mixed precision; weights and optimiser stay float32.
    name
        What the network is called; empty: after its data and architecture.
    """

    data: str = "fashion-mnist"
    image_size: int = 32
    images: int = 600_000
    network: NetworkConfig = field(default_factory=UNetConfig)
    schedule: ScheduleSpec = field(default_factory=lambda: ScheduleSpec(kind="cosine"))
    prediction: PredictionType = PredictionType.V
    loss: Loss = Loss.V
    batch_size: int = 128
    batch_parts: int = 1
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.0
    warmup_images: int = 50_000
    decay_fraction: float = 0.4
    gradient_clip: float = 1.0
    ema_decay: float = 0.999
    class_dropout: float = 0.1
    timestep_draw: str = "stratified"
    precision: str = "float32"
    seed: int = 0
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with; the message is one sentence for the user."""
        allowed = (
            (4 <= self.image_size <= 512, "Pictures can be 4 to 512 pixels wide."),
            (self.images >= 1, "The number of images must be at least 1."),
            (self.batch_size >= 1, "The batch must hold at least 1 image."),
            (1 <= self.batch_parts <= self.batch_size, "A batch has 1 to as many parts as images."),
            (0 < self.learning_rate < 1, "The learning rate must lie between 0 and 1."),
            (self.weight_decay >= 0, "The weight decay must not be negative."),
            (0 <= self.ema_decay < 1, "The decay of the average must be at least 0 and below 1."),
            (0 <= self.class_dropout <= 1, "The class dropout must lie between 0 and 1."),
            (0 <= self.decay_fraction <= 1, "The decay fraction must lie between 0 and 1."),
            (self.gradient_clip > 0, "The gradient clip must be above 0."),
            (self.seed >= 0, "The seed must not be negative."),
            (self.precision in PRECISIONS, f"The precision must be one of {', '.join(PRECISIONS)}."),
            (
                self.timestep_draw in TIMESTEP_DRAWS,
                f"Times are drawn {' or '.join(TIMESTEP_DRAWS)}, not “{self.timestep_draw}”.",
            ),
        )
        for holds, sentence in allowed:
            if not holds:
                raise ValueError(sentence)

    def learning_rate_at(self, images_seen: int) -> float:
        """Learning rate of the step that starts after `images_seen` images: rise, plateau, linear fall."""
        rise = min(1.0, (images_seen + self.batch_size) / max(self.warmup_images, 1))
        left = max(self.images - images_seen, 0)
        fall = min(1.0, left / max(self.decay_fraction * self.images, 1))
        return self.learning_rate * min(rise, fall)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a file."""
        return asdict(self) | {"network": describe(self.network), "schedule": spec_to_json(self.schedule)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainingConfig:
        """Rebuild a recipe from `to_json`.

        Raises
        ------
        ValueError
            If a value is missing, unknown or not allowed.
        """
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"The recipe has no entry “{unknown[0]}”.")
        parts = dict(values)
        network = dict(parts["network"])
        parts["network"] = make_config(network.pop("kind"), network)
        parts["schedule"] = spec_from_json(parts["schedule"])
        parts["prediction"] = PredictionType(parts["prediction"])
        parts["loss"] = Loss(parts["loss"])
        return cls(**parts)
