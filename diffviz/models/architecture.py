"""Building a network from its description, and giving it its first weights."""

from __future__ import annotations

import math

import torch
from torch import nn

from diffviz.models.convnet import ConvNet
from diffviz.models.mlp import Mlp
from diffviz.models.network_config import ConvNetConfig, NetworkConfig, UNetConfig
from diffviz.models.unet import UNet

Network = UNet | ConvNet | Mlp


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
