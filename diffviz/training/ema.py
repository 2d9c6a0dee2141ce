"""The exponential moving average of weights, which samples better than the weights themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


def ema_decay(decay: float, updates: int) -> float:
    """Decay of the next update after `updates` earlier ones: min(m, (1+n)/(10+n)).

    The warm-up keeps the random start from lingering in the average.
    """
    return min(decay, (1 + updates) / (10 + updates))


class WeightAverage:
    """A moving copy of a network's parameters.

    Parameters
    ----------
    network
        The network to follow; its parameters are copied at once.
    decay
        Long-run decay m in [0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights = {name: p.detach().clone() for name, p in network.named_parameters()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards the network: θ̄ ← m θ̄ + (1−m) θ."""
        step = 1 - ema_decay(self.decay, self.updates)
        current = [p.detach() for p in network.parameters()]
        torch._foreach_lerp_(list(self.weights.values()), current, step)
        self.updates += 1

    @torch.no_grad()
    def restore(self, weights: Mapping[str, Tensor], updates: int) -> None:
        """Continue from stored weights and their number of updates."""
        for name, average in self.weights.items():
            average.copy_(weights[name])
        self.updates = updates

    @torch.no_grad()
    def copy_to(self, parameters: Iterable[tuple[str, nn.Parameter]]) -> None:
        """Write the average into the named parameters of a network of the same make."""
        for name, parameter in parameters:
            parameter.copy_(self.weights[name])
