"""The small network for points in the plane."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from diffviz.models.embedding import sin_guided
from diffviz.models.network_config import MlpConfig


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
        time = t.float() if self.config.knows_time else torch.zeros_like(t, dtype=torch.float32)
        embedding = sin_guided(time, self.config.time_dim)
        return cast("Tensor", self.layers(torch.cat([x_t, embedding], dim=-1)))
