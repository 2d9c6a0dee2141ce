"""A recipe in words: what the command line calls its entries, and the command that repeats a run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diffviz.core.losses import TRAINABLE, Loss
from diffviz.core.schedules import ScheduleSpec
from diffviz.data.schedule_files import spec_to_json
from diffviz.models.network_config import (
    ARCHITECTURES,
    UNetConfig,
    architecture_of,
    describe,
    make_config,
)
from diffviz.training.config import PRECISIONS, TrainingConfig
from diffviz.training.draws import TimestepDraw

if TYPE_CHECKING:
    from diffviz.training.examples import Material

_NONE = "none"
_UNET_LEVELS = UNetConfig().channel_mult


@dataclass(frozen=True)
class Option:
    """An option of `diffviz train`, and the entry of the recipe or of its network that it sets.

    Attributes
    ----------
    name
        As it is typed, without the dashes.
    kind
        Type of its value: `int`, `float`, `str`, `bool` (a switch that is given or not), or `tuple` (whole
        numbers with commas between them).
    entry
        Field of `TrainingConfig`, or of the network's description where there are `architectures`.
    help
        One short sentence; empty where the name says it.
    architectures
        The networks that have the entry; empty for entries of the recipe itself.
    choices
        The words that are allowed; empty: any.
    """

    name: str
    kind: type
    entry: str
    help: str = ""
    architectures: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


def _choice(name: str, entry: str, words: Iterable[str]) -> Option:
    words = tuple(str(word) for word in words)
    return Option(name, str, entry, f"{', '.join(words[:-1])} or {words[-1]}.", choices=words)


_UNET, _CONVNET, _MLP = (("unet",), ("convnet",), ("mlp",))
OPTIONS = (
    Option("batch", int, "batch_size", "Images per step."),
    Option("batch-parts", int, "batch_parts", "Parts of a batch computed side by side on the CPU."),
    Option("lr", float, "learning_rate", "Learning rate."),
    Option("warmup", int, "warmup_images", "Images over which the learning rate rises."),
    Option("decay-fraction", float, "decay_fraction", "Last part of the run, in which it falls to 0."),
    Option("weight-decay", float, "weight_decay"),
    Option("clip", float, "gradient_clip", "Largest gradient norm; 0: any."),
    _choice("prediction", "prediction", TRAINABLE),
    _choice("loss", "loss", Loss),
    Option("ema", float, "ema_decay", "Decay of the weights' average; 0: none."),
    Option("class-dropout", float, "class_dropout", "How often a label is hidden."),
    _choice("timestep-draw", "timestep_draw", TimestepDraw),
    Option("mirror", bool, "mirror", "Mirror each picture left to right half of the time."),
    _choice("precision", "precision", PRECISIONS),
    Option("channels-last", bool, "channels_last", "Pictures pixel by pixel in memory."),
    Option("compile", bool, "compile", "torch.compile, on CUDA."),
    Option("size", int, "image_size", "Side in pixels of a folder's pictures."),
    Option("seed", int, "seed"),
    Option("base", int, "base_channels", "U-Net: channels at full resolution.", _UNET),
    Option("mult", tuple, "channel_mult", "U-Net: factors of each level, such as 1,2,2.", _UNET),
    Option("blocks", int, "num_res_blocks", "U-Net: residual blocks of each level.", _UNET),
    Option(
        "attention", tuple, "attention_levels", "U-Net: levels with attention, such as 1,2; or none.", _UNET
    ),
    Option("heads", int, "num_heads", "U-Net: heads of the attention.", _UNET),
    Option("no-ada-gn", bool, "ada_gn", "U-Net: add the time instead of scaling by it.", _UNET),
    Option("gelu-output", bool, "gelu_output", "Five layers: GELU on the last, as a lesson.", _CONVNET),
    Option("width", int, "width", "MLP: units of each layer.", _MLP),
    Option("depth", int, "depth", "MLP: hidden layers.", _MLP),
    Option("time-dim", int, "time_dim", "MLP: numbers that say the time.", _MLP),
    Option("no-time", bool, "knows_time", "Hide the time from the network, as a lesson.", ARCHITECTURES),
    Option("name", str, "name", "What the network is called."),
)


def make_recipe(
    options: Mapping[str, Any],
    material: Material,
    *,
    architecture: str,
    images: int,
    data: str = TrainingConfig.data,
    schedule: ScheduleSpec | None = None,
    base: TrainingConfig | None = None,
) -> TrainingConfig:
    """Recipe from options as the command line names them; those left out have their defaults.

    Parameters
    ----------
    options
        Values by the names of `OPTIONS`; lists of numbers as words, such as "1,2,2".
    material
        The data that the network has to fit.
    architecture
        "unet", "convnet" or "mlp".
    images
        Length of the run.
    data
        The name of the data.
    schedule
        The noise that the network learns to remove; `None`: the default of a recipe.
    base
        The recipe, of the same architecture, that options which are left out come from; `None`: the defaults.

    Raises
    ------
    ValueError
        If a value is not allowed, or the architecture does not have what an option sets.
    """
    known = {option.name: option for option in OPTIONS}
    recipe: dict[str, Any] = {} if base is None else base.to_json()
    recipe |= {"data": data, "images": images}
    network = {} if base is None else describe(base.network)
    network |= _fitting(architecture, material, (schedule or TrainingConfig().schedule).num_timesteps)
    for name, value in options.items():
        option = known[name]
        if option.choices and value not in option.choices:
            raise ValueError(
                f"The {name.replace('-', ' ')} must be one of {', '.join(option.choices)}, not “{value}”."
            )
        if option.architectures and architecture not in option.architectures:
            raise ValueError(f"--{name} is for the architecture {option.architectures[0]} alone.")
        (network if option.architectures else recipe)[option.entry] = _read(option, value)
    if architecture == "unet":
        network.setdefault("attention_levels", [len(network.get("channel_mult", _UNET_LEVELS)) - 1])
    if schedule is not None:
        recipe["schedule"] = spec_to_json(schedule)
    return TrainingConfig.from_json(recipe | {"network": network})


def command_line(config: TrainingConfig) -> str:
    """The command that repeats a run, with the entries that differ from their defaults."""
    architecture = architecture_of(config.network)
    words = ["diffviz", "train", "--data", config.data, "--arch", architecture]
    words += ["--images", str(config.images), *_schedule_words(config.schedule)]
    plain = TrainingConfig().to_json() | describe(make_config(architecture, {}))
    if isinstance(config.network, UNetConfig):
        plain["attention_levels"] = (len(config.network.channel_mult) - 1,)
    values = config.to_json() | describe(config.network)
    for option in OPTIONS:
        if option.entry in values and values[option.entry] != plain[option.entry]:
            words += _write(option, values[option.entry])
    return shlex.join(words)


def default_word(option: Option) -> str:
    """What an option stands at where it is left out, as it would be typed; empty for switches and names."""
    architecture = option.architectures[0] if option.architectures else "unet"
    values = describe(make_config(architecture, {})) | TrainingConfig().to_json()
    return "" if option.kind is bool else _write(option, values[option.entry])[1]


def _fitting(architecture: str, material: Material, num_timesteps: int) -> dict[str, Any]:
    """What the data decide of a network."""
    if architecture == "mlp":
        return {"kind": architecture, "dim": material.shape[0]}
    network: dict[str, Any] = {"kind": architecture, "image_channels": material.shape[0]}
    if architecture == "unet":
        return network | {"num_classes": len(material.class_names)}
    return network | {"num_timesteps": num_timesteps}


def _schedule_words(schedule: ScheduleSpec) -> list[str]:
    plain = TrainingConfig().schedule
    if schedule.kind == "custom":
        return ["--schedule", json.dumps(spec_to_json(schedule))]
    words = [] if schedule.kind == plain.kind else ["--schedule", schedule.kind]
    if schedule.num_timesteps != plain.num_timesteps:
        words += ["--timesteps", str(schedule.num_timesteps)]
    for name, value in schedule.params:
        words += ["--param", f"{name}={value}"]
    return words + ["--zero-terminal-snr"] * schedule.zero_terminal_snr


def _read(option: Option, value: Any) -> Any:
    """The entry that an option's value stands for."""
    if option.kind is bool:
        return not option.name.startswith("no-")
    if option.kind is not tuple:
        return value
    try:
        return [] if value == _NONE else [int(word) for word in value.split(",")]
    except ValueError:
        raise ValueError(f"--{option.name} {value}: write whole numbers with commas, such as 1,2.") from None


def _write(option: Option, value: Any) -> list[str]:
    """The words that set an entry."""
    if option.kind is bool:
        return [f"--{option.name}"]
    if option.kind is tuple:
        value = ",".join(str(number) for number in value) or _NONE
    return [f"--{option.name}", str(value)]
