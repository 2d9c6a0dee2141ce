"""The small network for points in the plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from diffviz.models.embedding import sin_guided


@dataclass(frozen=True)
class MlpConfig:
    """Sizes of the network; `dim` is the dimension of the points."""

    dim: int = 2
    width: int = 128
    depth: int = 3
    time_dim: int = 32
    num_classes: int = 0


class Mlp(nn.Module):
    """Linear layers with SiLU on the point and the sinusoids of its time."""

    def __init__(self, config: MlpConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or MlpConfig()
        layers: list[nn.Module] = []
        width_in = config.dim + config.time_dim
        for _ in range(config.depth):
            layers += [nn.Linear(width_in, config.width), nn.SiLU()]
            width_in = config.width
        self.layers = nn.Sequential(*layers, nn.Linear(width_in, config.dim))

    def forward(self, x_t: Tensor, t: Tensor, class_index: Tensor | None = None) -> Tensor:
        """Predict from noisy points (B, dim) at one-based times (B,); it knows no classes.

        Raises
        ------
        ValueError
            If classes are asked for.
        """
        if class_index is not None:
            raise ValueError("The network for points knows no classes.")
        embedding = sin_guided(t.float(), self.config.time_dim)
        return cast("Tensor", self.layers(torch.cat([x_t, embedding], dim=-1)))
