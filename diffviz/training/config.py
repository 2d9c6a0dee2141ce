"""Everything that decides the outcome of a training run, as one frozen value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from diffviz.core.losses import TRAINABLE, Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.data.schedule_files import spec_from_json, spec_to_json
from diffviz.models.network_config import MlpConfig, NetworkConfig, UNetConfig, describe, make_config
from diffviz.training.draws import TimestepDraw

PRECISIONS = ("float32", "bfloat16")
SHEET_GUIDANCE = 2.0
"""Guidance of the sheets of a network that knows classes: it shows sooner what was learned of them."""


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
    gradient_clip
        The gradient is shortened to this norm where it is longer; 0 switches that off.
    class_dropout
        How often a label is hidden, so that the network also learns to do without (guidance needs this).
    timestep_draw
        How the times of a batch are drawn.
    mirror
        Whether each picture is mirrored left to right with probability 1/2.
    precision
        "bfloat16" computes the network in mixed precision; weights and optimiser stay float32.
    channels_last
        Whether pictures lie in memory pixel by pixel instead of channel by channel.
    compile
        Whether the network is compiled by `torch.compile`, on devices where that pays.
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
    timestep_draw: TimestepDraw = TimestepDraw.STRATIFIED
    mirror: bool = False
    precision: str = "float32"
    channels_last: bool = False
    compile: bool = False
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
            (self.gradient_clip >= 0, "The gradient clip must not be negative."),
            (self.seed >= 0, "The seed must not be negative."),
            (self.precision in PRECISIONS, f"The precision must be one of {', '.join(PRECISIONS)}."),
            (
                self.timestep_draw in tuple(TimestepDraw),
                f"Times are drawn {', '.join(TimestepDraw)}, not “{self.timestep_draw}”.",
            ),
            (
                getattr(self.network, "dropout", 0.0) == 0.0,
                "Networks are trained without dropout, whose draws could not be repeated.",
            ),
            (self.prediction in TRAINABLE, f"The prediction must be one of {', '.join(TRAINABLE)}."),
            (
                not (self.mirror and isinstance(self.network, MlpConfig)),
                "Only pictures can be mirrored, not points.",
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
        """Rebuild a recipe from `to_json`; entries that an older version did not have take their defaults.

        Raises
        ------
        ValueError
            If a value is unknown or not allowed.
        """
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"The recipe has no entry “{unknown[0]}”.")
        parts = dict(values)
        for name, read in _READERS.items():
            if name in parts:
                parts[name] = read(parts[name])
        return cls(**parts)


def _network_from_json(values: Mapping[str, Any]) -> NetworkConfig:
    options = dict(values)
    return make_config(options.pop("kind"), options)


_READERS: dict[str, Callable[[Any], Any]] = {
    "network": _network_from_json,
    "schedule": spec_from_json,
    "prediction": PredictionType,
    "loss": Loss,
    "timestep_draw": TimestepDraw,
}
