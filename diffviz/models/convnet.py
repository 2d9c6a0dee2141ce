"""The five-layer network of the coursework: small enough to draw, good enough to learn digits."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffviz.models.embedding import COURSE_FREQUENCIES, course
from diffviz.models.network_config import ConvNetConfig


class ConvNet(nn.Module):
    """Four 7×7 convolutions and one 3×3, all of the picture's size; the time enters after the first."""

    def __init__(self, config: ConvNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or ConvNetConfig()
        channels = config.image_channels
        self.conv1 = nn.Conv2d(channels, 16, 7, padding=3)
        self.conv2 = nn.Conv2d(16, 32, 7, padding=3)
        self.conv3 = nn.Conv2d(32, 32, 7, padding=3)
        self.conv4 = nn.Conv2d(32, 16, 7, padding=3)
        self.conv5 = nn.Conv2d(16, channels, 3, padding=1)
        self.time = nn.Sequential(
            nn.Linear(2 * COURSE_FREQUENCIES, 128),
            nn.GELU(),
            nn.Linear(128, 128),
            nn.GELU(),
            nn.Linear(128, 16),
        )

    def forward(self, x_t: Tensor, t: Tensor, class_index: Tensor | None = None) -> Tensor:
        """Predict from noisy pictures (B, C, H, W) at one-based times (B,); it knows no classes.

        Raises
        ------
        ValueError
            If classes are asked for.
        """
        if class_index is not None:
            raise ValueError("The five-layer network knows no classes.")
        fraction = t.float() / self.config.num_timesteps
        time = self.time(course(fraction if self.config.knows_time else torch.zeros_like(fraction)))
        h = functional.gelu(self.conv1(x_t)) + time[:, :, None, None]
        for layer in (self.conv2, self.conv3, self.conv4):
            h = functional.gelu(layer(h))
        h = self.conv5(h)
        return functional.gelu(h) if self.config.gelu_output else cast("Tensor", h)
