"""Time embeddings: the vector by which a network is told how noisy its input is."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

MAX_PERIOD = 10_000.0
COURSE_FREQUENCIES = 16


def sin_ho(t: Tensor, dim: int) -> Tensor:
    """Sinusoids as in the code of Ho et al. (2020): sines first, slowest period exactly 2π·10000.

    Parameters
    ----------
    t
        Times, shape (B,), any real value; one-based for networks of this program.
    dim
        Even number of entries, at least 4.

    Returns
    -------
    Tensor
        Shape (B, dim), dtype of `t` or float32 where `t` holds integers.
    """
    half = dim // 2
    return _sines_first(t, half, half - 1)


def sin_guided(t: Tensor, dim: int) -> Tensor:
    """Sinusoids as in the code of Dhariwal and Nichol (2021): cosines first.

    Parameters
    ----------
    t
        Times, shape (B,), any real value.
    dim
        Even number of entries, at least 2.

    Returns
    -------
    Tensor
        Shape (B, dim), dtype of `t` or float32 where `t` holds integers.
    """
    angles = _angles(t, dim // 2, dim // 2)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def course(s: Tensor) -> Tensor:
    """Sixteen exponentially spaced frequencies of the coursework notebook, as sin and cos − 1.

    Parameters
    ----------
    s
        Fraction of the chain t/T, shape (B,), in [0, 1].

    Returns
    -------
    Tensor
        Shape (B, 32); all zeros at s = 0.
    """
    s = s if s.is_floating_point() else s.float()
    exponents = torch.arange(COURSE_FREQUENCIES - 1, dtype=s.dtype, device=s.device)
    frequencies = torch.cat([exponents.new_zeros(1), 2 * math.pi * 1.5**exponents])
    angles = s[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos() - 1], dim=-1)


def _angles(t: Tensor, count: int, divisor: int) -> Tensor:
    t = t if t.is_floating_point() else t.float()
    k = torch.arange(count, dtype=t.dtype, device=t.device)
    return t[:, None] * torch.exp(-math.log(MAX_PERIOD) * k / divisor)


def _sines_first(t: Tensor, count: int, divisor: int) -> Tensor:
    angles = _angles(t, count, divisor)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class TimeAndClass(nn.Module):
    """Sum of a time embedding and a class embedding whose last row means "no class".

    Parameters
    ----------
    dim
        Width of the sinusoid.
    embedding_dim
        Width of the result.
    num_classes
        Number of classes; 0 leaves the class table out.
    """

    def __init__(self, dim: int, embedding_dim: int, num_classes: int) -> None:
        super().__init__()
        self.dim = dim
        self.num_classes = num_classes
        self.time = nn.Sequential(
            nn.Linear(dim, embedding_dim), nn.SiLU(), nn.Linear(embedding_dim, embedding_dim)
        )
        self.classes = nn.Embedding(num_classes + 1, embedding_dim) if num_classes else None

    def forward(self, t: Tensor, class_index: Tensor | None) -> Tensor:
        """Embed times (B,) and classes (B,) into (B, embedding_dim); `None` is the null class."""
        embedding: Tensor = self.time(sin_guided(t.float(), self.dim))
        if self.classes is None:
            return embedding
        if class_index is None:
            class_index = torch.full(t.shape, self.num_classes, dtype=torch.long, device=t.device)
        return embedding + cast("Tensor", self.classes(class_index))
