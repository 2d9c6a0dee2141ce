"""Loss and gradient of a batch: in parts, in mixed precision, in smaller pieces where memory is short."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from diffviz.core.losses import per_example_error
from diffviz.models.memory import ran_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from diffviz.training.batch import Batch
    from diffviz.training.config import TrainingConfig


class GradientMachine:
    """Computes gradients of a network by a recipe.

    Parameters
    ----------
    network
        The network, on its device.
    config
        The recipe.
    device
        Where the network computes.

    Attributes
    ----------
    pieces
        A batch is computed in so many pieces, at least `batch_parts` of the recipe; as many of them at a time
        as the recipe has parts.
    """

    def __init__(self, network: nn.Module, config: TrainingConfig, device: torch.device) -> None:
        self.config = config
        self.device = device
        self.pieces = config.batch_parts
        self._parameters = list(network.parameters())
        self._notes: list[str] = []
        self._network: Callable[..., Any] = network
        if config.compile:
            if reason := _why_not_compiled(device):
                self._notes.append(f"The network is not compiled, since {reason}.")
            else:
                self._network = torch.compile(network)
        self._format = torch.channels_last if config.channels_last else torch.contiguous_format
        self._pool = ThreadPoolExecutor(config.batch_parts) if config.batch_parts > 1 else None

    def take_notes(self) -> str:
        """What a person should know of the gradients since this was asked before; mostly nothing."""
        notes, self._notes = self._notes, []
        return " ".join(notes)

    def compute(self, batch: Batch) -> tuple[float, list[Tensor]]:
        """The share of the loss that a batch contributes to a step, and its gradient.

        When memory runs out, the same batch is computed in pieces of half the size, from then on.

        Raises
        ------
        MemoryError
            If there is not enough memory for a single example.
        """
        while True:
            try:
                return self._accumulated(batch)
            except (RuntimeError, MemoryError) as error:
                if not ran_out_of_memory(error):
                    raise
            # Here the failed step's frames, and with them its tensors, are gone.
            if self.pieces >= len(batch):
                raise MemoryError(
                    "There is not enough memory to train on a single example: take a smaller network, "
                    "smaller pictures or another device."
                )
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            self.pieces = min(2 * self.pieces, len(batch))
            self._notes.append(
                f"The memory ran out, so a batch is now computed {-(-len(batch) // self.pieces)} at a time; "
                "the result is the same."
            )

    def _accumulated(self, batch: Batch) -> tuple[float, list[Tensor]]:
        loss, total = 0.0, None
        for piece_loss, gradients in self._of_pieces(batch.split(self.pieces)):
            loss += piece_loss
            if total is None:
                total = gradients
            else:
                torch._foreach_add_(total, gradients)
        assert total is not None
        return loss, total

    def _of_pieces(self, pieces: list[Batch]) -> Iterator[tuple[float, list[Tensor]]]:
        """Loss and gradient of each piece in order, side by side where the recipe says so."""
        return (self._pool.map if self._pool and len(pieces) > 1 else map)(self._of_piece, pieces)

    def _of_piece(self, piece: Batch) -> tuple[float, list[Tensor]]:
        piece = piece.to(self.device, self._format)
        half = self.config.precision == "bfloat16"
        # The cache of casts is shared by all threads, so that parts would see each other's graphs.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half, cache_enabled=False):
            prediction = self._network(piece.x_t, piece.t, piece.classes)
        error = per_example_error(prediction, piece.target)
        loss = (error * piece.weight).sum() / self.config.batch_size
        return float(loss.detach()), list(torch.autograd.grad(loss, self._parameters))


def _why_not_compiled(device: torch.device) -> str:
    """Why torch.compile is of no use here; empty where it is."""
    if device.type != "cuda":
        return f"that pays on CUDA devices, not on {device.type}"
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed"
    return ""
