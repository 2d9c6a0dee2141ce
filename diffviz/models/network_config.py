"""Networks as small values: their sizes, and the plain form that files hold; needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

NORM_GROUPS = 8


@dataclass(frozen=True)
class UNetConfig:
    """Sizes of a U-Net; the defaults are the network that this repository ships.

    `attention_levels` counts levels from 0 (full resolution); `num_classes` 0 means unconditional. A network
    that does not know the time (`knows_time`) is told a constant in its place, and keeps its parameters.
    """

    image_channels: int = 1
    base_channels: int = 32
    channel_mult: tuple[int, ...] = (1, 2, 2)
    num_res_blocks: int = 1
    attention_levels: tuple[int, ...] = (2,)
    num_heads: int = 4
    num_classes: int = 0
    ada_gn: bool = True
    dropout: float = 0.0
    knows_time: bool = True

    def __post_init__(self) -> None:
        """Refuse sizes that no network can have; the message is one sentence for the user."""
        base, mult = self.base_channels, self.channel_mult
        _check(base >= 1 and base % NORM_GROUPS == 0, f"The base width is a multiple of {NORM_GROUPS}.")
        _check(len(mult) >= 1 and min(mult) >= 1, "Every level of a U-Net has a factor of at least 1.")
        _check(self.num_res_blocks >= 1, "Every level of a U-Net has at least 1 residual block.")
        _check(
            self.num_heads >= 1 and all(base * factor % self.num_heads == 0 for factor in mult),
            "The heads of the attention must divide the channels of every level.",
        )
        _check(0 <= self.dropout < 1, "The dropout must be at least 0 and below 1.")


@dataclass(frozen=True)
class ConvNetConfig:
    """What can vary in the five-layer network.

    `num_timesteps` is T of the schedule it is trained with, because it is told t/T. `gelu_output` puts the
    activation on the last layer too, as the course text prints it: such a network cannot say less than −0.17.
    """

    image_channels: int = 1
    num_timesteps: int = 1000
    gelu_output: bool = False
    num_classes: int = 0
    knows_time: bool = True


@dataclass(frozen=True)
class MlpConfig:
    """Sizes of the network for points; `dim` is their dimension."""

    dim: int = 2
    width: int = 128
    depth: int = 3
    time_dim: int = 32
    num_classes: int = 0
    knows_time: bool = True

    def __post_init__(self) -> None:
        """Refuse sizes that no network can have; the message is one sentence for the user."""
        _check(self.width >= 1 and self.depth >= 1, "The MLP has at least 1 layer of at least 1 unit.")
        _check(
            self.time_dim >= 2 and self.time_dim % 2 == 0, "The time is said by an even number of numbers."
        )


NetworkConfig: TypeAlias = UNetConfig | ConvNetConfig | MlpConfig

_CONFIGS: dict[str, type[UNetConfig] | type[ConvNetConfig] | type[MlpConfig]] = {
    "unet": UNetConfig,
    "convnet": ConvNetConfig,
    "mlp": MlpConfig,
}
ARCHITECTURES = tuple(_CONFIGS)


def make_config(kind: str, options: Mapping[str, Any]) -> NetworkConfig:
    """Description of a network from its kind and plain values (lists stand for tuples).

    Raises
    ------
    ValueError
        If the kind or an option is unknown.
    """
    if kind not in _CONFIGS:
        raise ValueError(f"There is no architecture “{kind}”; there are {', '.join(ARCHITECTURES)}.")
    known = {field.name for field in fields(_CONFIGS[kind])}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"The architecture “{kind}” has no option “{unknown[0]}”.")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in options.items()
    }
    return _CONFIGS[kind](**values)


def architecture_of(config: NetworkConfig) -> str:
    """The kind of network that a description is of: "unet", "convnet" or "mlp"."""
    return next(name for name, config_type in _CONFIGS.items() if type(config) is config_type)


def describe(config: NetworkConfig) -> dict[str, Any]:
    """Plain values from which `make_config` makes an equal description, with the `kind` among them."""
    return {"kind": architecture_of(config), **asdict(config)}


def _check(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)
