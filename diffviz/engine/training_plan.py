"""What the Train workspace is asked to do: a recipe, with how often it is looked at and where it is computed.

Importing this does not import torch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.data.point_files import learns_points
from diffviz.models.network_config import ConvNetConfig, MlpConfig, UNetConfig, architecture_of
from diffviz.training.config import TrainingConfig

__all__ = ["TrainingPlan", "count_parameters", "fitted", "recommended"]


@dataclass(frozen=True)
class TrainingPlan:
    """A run as a person sets it up; what the data decide (channels, classes) is filled in when they are read.

    Attributes
    ----------
    config
        The recipe.
    sheet_every
        Images between two sheets of samples.
    num_sampling_steps
        DDIM steps of a sample.
    device
        Key of the device that the network is computed on.
    """

    config: TrainingConfig = field(default_factory=TrainingConfig)
    sheet_every: int = 4000
    num_sampling_steps: int = 25
    device: str = "cpu"

    @property
    def is_points(self) -> bool:
        """Whether it learns points in the plane and not pictures."""
        return learns_points(self.config.data)

    @property
    def architecture(self) -> str:
        """Kind of its network: "unet", "convnet" or "mlp"."""
        return architecture_of(self.config.network)

    def begins_as(self, other: TrainingPlan) -> bool:
        """Whether a run of this plan can go on as the other: all but learning rate, length and device."""
        return _bare(self.config) == _bare(other.config)

    def to_text(self) -> str:
        """All of it as JSON."""
        values = {name: getattr(self, name) for name in ("sheet_every", "num_sampling_steps", "device")}
        return json.dumps(values | {"config": self.config.to_json()}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> TrainingPlan:
        """Read `to_text`.

        Raises
        ------
        ValueError
            If it is something else.
        """
        try:
            values = dict(json.loads(text))
            return cls(config=TrainingConfig.from_json(values.pop("config")), **values)
        except (KeyError, TypeError) as error:
            raise ValueError("This is no plan of a training run.") from error


def fitted(config: TrainingConfig, shape: tuple[int, ...], num_classes: int) -> TrainingConfig:
    """The recipe with a network that fits the data: channels or dimensions, classes, and T where it counts.

    Parameters
    ----------
    config
        The recipe.
    shape
        Of one example: (C, H, W) or (d,).
    num_classes
        0 where there are none.
    """
    network = config.network
    if isinstance(network, UNetConfig):
        return replace(config, network=replace(network, image_channels=shape[0], num_classes=num_classes))
    if isinstance(network, ConvNetConfig):
        num_timesteps = config.schedule.num_timesteps
        network = replace(network, image_channels=shape[0], num_timesteps=num_timesteps)
        return replace(config, network=network)
    return replace(config, network=replace(network, dim=shape[0]))


def count_parameters(config: TrainingConfig) -> int:
    """How many weights a fitted recipe's network has; imports torch."""
    from diffviz.models.architecture import build_network

    return sum(parameter.numel() for parameter in build_network(config.network).parameters())


def recommended(data: str) -> TrainingPlan:
    """A recipe that learns a data set well in minutes on two CPU cores.

    Parameters
    ----------
    data
        A data set by name, a folder, or a file of points.
    """
    if learns_points(data):
        config = TrainingConfig(
            data=data,
            images=512_000,
            network=MlpConfig(depth=4),
            schedule=ScheduleSpec("cosine"),
            prediction=PredictionType.V,
            loss=Loss.V,
            batch_size=256,
            learning_rate=4e-3,
            warmup_images=5_000,
            decay_fraction=0.0,
            ema_decay=0.99,
        )
        return TrainingPlan(config, sheet_every=25_600, num_sampling_steps=25)
    config = TrainingConfig(
        data=data,
        images=120_000 if data == "emoji" else 60_000,
        network=UNetConfig(base_channels=16),
        schedule=ScheduleSpec("cosine"),
        prediction=PredictionType.V,
        loss=Loss.V,
        batch_size=32,
        learning_rate=2e-3,
        warmup_images=3_200,
        decay_fraction=0.0,
        ema_decay=0.998,
        mirror=data not in ("mnist", "fashion-mnist"),
    )
    return TrainingPlan(config, sheet_every=4_000, num_sampling_steps=25)


def _bare(config: TrainingConfig) -> TrainingConfig:
    """A recipe without what may change in the middle, and without what the data decide."""
    return fitted(replace(config, learning_rate=0.5, images=1), (1,), 0)
