"""The U-Net: residual blocks with adaptive normalisation, attention, skips, time and class embedding."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffviz.models.embedding import TimeAndClass
from diffviz.models.network_config import NORM_GROUPS, UNetConfig


class ResBlock(nn.Module):
    """GroupNorm, SiLU, 3×3; normalisation steered by the embedding; SiLU, 3×3 (zero at start); skip.

    Dhariwal and Nichol (2021), appendix: AdaGN(h, y) = (1 + y_s) GroupNorm(h) + y_b.
    """

    def __init__(
        self, channels_in: int, channels_out: int, embedding_dim: int, *, ada_gn: bool, dropout: float
    ) -> None:
        super().__init__()
        self.ada_gn = ada_gn
        self.norm_in = nn.GroupNorm(NORM_GROUPS, channels_in)
        self.conv_in = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.embedding = nn.Linear(embedding_dim, 2 * channels_out if ada_gn else channels_out)
        self.norm_out = nn.GroupNorm(NORM_GROUPS, channels_out)
        self.dropout = nn.Dropout(dropout)
        self.conv_out = _zeroed(nn.Conv2d(channels_out, channels_out, 3, padding=1))
        self.skip: nn.Module = (
            nn.Identity() if channels_in == channels_out else nn.Conv2d(channels_in, channels_out, 1)
        )

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Map (B, channels_in, H, W) to (B, channels_out, H, W)."""
        h = self.conv_in(functional.silu(self.norm_in(x)))
        projected = self.embedding(functional.silu(embedding))[:, :, None, None]
        if self.ada_gn:
            scale, shift = projected.chunk(2, dim=1)
            h = torch.addcmul(shift, self.norm_out(h), 1 + scale)
        else:
            h = self.norm_out(h + projected)
        return cast("Tensor", self.skip(x) + self.conv_out(self.dropout(functional.silu(h))))


class Attention(nn.Module):
    """Self-attention over all positions, with heads, a residual path and a zero-initialised output."""

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm = nn.GroupNorm(NORM_GROUPS, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.projection = _zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        batch, channels, height, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, 3, self.num_heads, channels // self.num_heads, -1)
        q, k, v = (part.transpose(-1, -2) for part in qkv.unbind(1))
        h = functional.scaled_dot_product_attention(q, k, v).transpose(-1, -2)
        return cast("Tensor", x + self.projection(h.reshape(batch, channels, height, width)))


class Stage(nn.Module):
    """A residual block, followed by attention at the levels that have it."""

    def __init__(self, channels_in: int, channels_out: int, config: UNetConfig, *, attention: bool) -> None:
        super().__init__()
        self.res = ResBlock(
            channels_in,
            channels_out,
            4 * config.base_channels,
            ada_gn=config.ada_gn,
            dropout=config.dropout,
        )
        self.attention: nn.Module = Attention(channels_out, config.num_heads) if attention else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Map (B, channels_in, H, W) to (B, channels_out, H, W)."""
        return cast("Tensor", self.attention(self.res(x, embedding)))


class Shrink(nn.Conv2d):
    """3×3 convolution of stride 2, which halves height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, ⌈H/2⌉, ⌈W/2⌉)."""
        # On CPUs the gradient of a strided bfloat16 convolution takes about ten times as long as in float32.
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


class UNet(nn.Module):
    """A denoising U-Net in the manner of Ho et al. (2020) and Dhariwal and Nichol (2021).

    Before training its output is exactly zero, because the last convolution starts at zero.
    """

    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UNetConfig()
        base = config.base_channels
        widths = [base * factor for factor in config.channel_mult]
        last = len(widths) - 1
        self.embedding = TimeAndClass(base, 4 * base, config.num_classes)
        self.conv_in = nn.Conv2d(config.image_channels, base, 3, padding=1)

        skips, channels = [base], base
        self.down = nn.ModuleList()
        for level, width in enumerate(widths):
            stages = nn.ModuleList()
            for _ in range(config.num_res_blocks):
                stages.append(Stage(channels, width, config, attention=level in config.attention_levels))
                channels = width
                skips.append(channels)
            shrink = Shrink(channels) if level < last else None
            if shrink is not None:
                skips.append(channels)
            self.down.append(nn.ModuleDict({"stages": stages} | ({"shrink": shrink} if shrink else {})))

        self.middle = nn.ModuleList(
            [
                Stage(channels, channels, config, attention=True),
                Stage(channels, channels, config, attention=False),
            ]
        )

        self.up = nn.ModuleList()
        for level, width in reversed(list(enumerate(widths))):
            stages = nn.ModuleList()
            for _ in range(config.num_res_blocks + 1):
                attention = level in config.attention_levels
                stages.append(Stage(channels + skips.pop(), width, config, attention=attention))
                channels = width
            grow = nn.Conv2d(channels, channels, 3, padding=1) if level else None
            self.up.append(nn.ModuleDict({"stages": stages} | ({"grow": grow} if grow else {})))

        self.norm_out = nn.GroupNorm(NORM_GROUPS, channels)
        self.conv_out = _zeroed(nn.Conv2d(channels, config.image_channels, 3, padding=1))

    def forward(self, x_t: Tensor, t: Tensor, class_index: Tensor | None = None) -> Tensor:
        """Predict from a noisy picture.

        Parameters
        ----------
        x_t
            Noisy pictures, float32, shape (B, C, H, W).
        t
            Times of the schedule that the network was trained with, one-based, shape (B,); any real value.
        class_index
            Classes, int64, shape (B,), where `num_classes` means none; `None`: no class for all.

        Returns
        -------
        Tensor
            What the network was trained to predict, shape (B, C, H, W).
        """
        embedding = self.embedding(t if self.config.knows_time else torch.zeros_like(t), class_index)
        h = self.conv_in(x_t)
        skips = [h]
        for level in self.down:
            parts = cast("nn.ModuleDict", level)
            for stage in cast("nn.ModuleList", parts["stages"]):
                h = stage(h, embedding)
                skips.append(h)
            if "shrink" in parts:
                h = parts["shrink"](h)
                skips.append(h)
        for stage in self.middle:
            h = stage(h, embedding)
        for level in self.up:
            parts = cast("nn.ModuleDict", level)
            for stage in cast("nn.ModuleList", parts["stages"]):
                h = stage(torch.cat([h, skips.pop()], dim=1), embedding)
            if "grow" in parts:
                h = parts["grow"](functional.interpolate(h, size=skips[-1].shape[-2:], mode="nearest"))
        return cast("Tensor", self.conv_out(functional.silu(self.norm_out(h))))


def _zeroed(convolution: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(convolution.weight)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return convolution
