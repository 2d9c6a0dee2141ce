"""The makes of network by name: building one from its description, and giving it its first weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import torch
from torch import nn

from diffviz.models.convnet import ConvNet, ConvNetConfig
from diffviz.models.mlp import Mlp, MlpConfig
from diffviz.models.unet import UNet, UNetConfig

NetworkConfig = UNetConfig | ConvNetConfig | MlpConfig
Network = UNet | ConvNet | Mlp

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


def describe(config: NetworkConfig) -> dict[str, Any]:
    """Plain values from which `make_config` makes an equal description, with the `kind` among them."""
    kind = next(name for name, config_type in _CONFIGS.items() if type(config) is config_type)
    return {"kind": kind, **asdict(config)}


def build_network(config: NetworkConfig) -> Network:
    """Make the network of a description, with PyTorch's own (unseeded) first weights."""
    if isinstance(config, UNetConfig):
        return UNet(config)
    if isinstance(config, ConvNetConfig):
        return ConvNet(config)
    return Mlp(config)


@torch.no_grad()
def initialise(network: nn.Module, seed: int) -> None:
    """Redraw the first weights from a seed, by PyTorch's own rules; layers that are zero stay zero."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, generator=generator)
        elif isinstance(module, nn.Linear | nn.Conv2d) and bool(module.weight.any()):
            nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=generator)
            if module.bias is not None:
                bound = 1 / math.sqrt(module.weight[0].numel())
                nn.init.uniform_(module.bias, -bound, bound, generator=generator)
