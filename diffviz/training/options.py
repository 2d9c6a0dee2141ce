"""A recipe in words: what the command line calls its entries, and the command that repeats a run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.models.architecture import NetworkConfig, describe
from diffviz.models.convnet import ConvNetConfig
from diffviz.models.mlp import MlpConfig
from diffviz.models.unet import UNetConfig
from diffviz.training.config import TrainingConfig
from diffviz.training.examples import Material

_ENTRIES = {
    "batch": "batch_size",
    "batch-parts": "batch_parts",
    "lr": "learning_rate",
    "weight-decay": "weight_decay",
    "warmup": "warmup_images",
    "decay-fraction": "decay_fraction",
    "clip": "gradient_clip",
    "ema": "ema_decay",
    "class-dropout": "class_dropout",
    "timestep-draw": "timestep_draw",
    "precision": "precision",
    "size": "image_size",
    "seed": "seed",
    "prediction": "prediction",
    "loss": "loss",
    "name": "name",
}
DEFAULT_BASE = UNetConfig().base_channels


def make_recipe(
    options: Mapping[str, Any], material: Material, *, architecture: str, images: int
) -> TrainingConfig:
    """Recipe from options as the command line names them; those left out have their defaults.

    Parameters
    ----------
    options
        Values by option name without dashes in front; besides the entries of the recipe "data", "schedule" (a
        kind), "timesteps" and "base" (width of a U-Net).
    material
        The data that the network has to fit.
    architecture
        "unet", "convnet" or "mlp".
    images
        Length of the run.

    Raises
    ------
    ValueError
        If a value is not allowed.
    """
    schedule = ScheduleSpec(options.get("schedule", "cosine"), options.get("timesteps", 1000))
    values: dict[str, Any] = {_ENTRIES[name]: value for name, value in options.items() if name in _ENTRIES}
    if "prediction" in values:
        values["prediction"] = _one_of(PredictionType, values["prediction"], "prediction")
    if "loss" in values:
        values["loss"] = _one_of(Loss, values["loss"], "loss")
    return TrainingConfig(
        data=options.get("data", TrainingConfig.data),
        images=images,
        network=_network(architecture, material, schedule, options.get("base")),
        schedule=schedule,
        **values,
    )


def command_line(config: TrainingConfig) -> str:
    """The command that repeats a run, with the entries that differ from their defaults."""
    plain = TrainingConfig()
    described = describe(config.network)
    words = ["diffviz", "train", "--data", config.data, "--arch", described["kind"]]
    words += ["--images", str(config.images)]
    if config.schedule.kind != plain.schedule.kind:
        words += ["--schedule", config.schedule.kind]
    if config.schedule.num_timesteps != plain.schedule.num_timesteps:
        words += ["--timesteps", str(config.schedule.num_timesteps)]
    if described.get("base_channels", DEFAULT_BASE) != DEFAULT_BASE:
        words += ["--base", str(described["base_channels"])]
    for option, entry in _ENTRIES.items():
        value = getattr(config, entry)
        if value != getattr(plain, entry):
            words += [f"--{option}", str(value)]
    return shlex.join(words)


def _network(
    architecture: str, material: Material, schedule: ScheduleSpec, base: int | None
) -> NetworkConfig:
    if base is not None and (architecture != "unet" or base < 8 or base % 8):
        raise ValueError("The base width is for the U-Net alone, and a multiple of 8.")
    match architecture:
        case "unet":
            return UNetConfig(
                image_channels=material.shape[0],
                base_channels=base or DEFAULT_BASE,
                num_classes=len(material.class_names),
            )
        case "convnet":
            return ConvNetConfig(image_channels=material.shape[0], num_timesteps=schedule.num_timesteps)
        case "mlp":
            return MlpConfig(dim=material.shape[0])
        case _:
            raise ValueError(f"There is no architecture “{architecture}”: take unet, convnet or mlp.")


def _one_of(choices: type[PredictionType] | type[Loss], value: str, what: str) -> PredictionType | Loss:
    trainable = {PredictionType.NOISE, PredictionType.X_0, PredictionType.V}
    allowed = [c for c in choices if c in trainable or choices is Loss]
    if value not in [c.value for c in allowed]:
        raise ValueError(f"The {what} must be one of {', '.join(c.value for c in allowed)}, not “{value}”.")
    return choices(value)
