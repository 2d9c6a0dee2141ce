"""Several processes that train one network, as torchrun starts them; one process is a team of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Team:
    """The processes that share the batches of a run.

    Every process draws the whole batch, computes its share, and adds its gradient to those of the others, so
    that all take the same step: the result is that of one process, up to the order in which float32 numbers
    are added. This is what `DistributedDataParallel` does through hooks of `backward`. It is not used, since
    gradients here come from `torch.autograd.grad`, which runs no hooks, and since a process that repeats its
    share in smaller pieces for want of memory would leave the others waiting in the middle of a reduction.

    Attributes
    ----------
    rank
        Which process this is; 0 is the one that writes, prints and samples.
    size
        How many there are.
    device
        Where messages between them lie.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def add(self, loss: float, gradients: list[Tensor]) -> tuple[float, list[Tensor]]:
        """Sum of the losses and of the gradients of all processes."""
        if self.size == 1:
            return loss, gradients
        numbers = [*(gradient.flatten() for gradient in gradients), gradients[0].new_tensor([loss])]
        message = torch.cat(numbers)
        distributed.all_reduce(message)
        *parts, total = torch.split(message, [number.numel() for number in numbers])
        return float(total), [part.view(gradient.shape) for part, gradient in zip(parts, gradients)]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any of the processes."""
        if self.size == 1:
            return flag
        message = torch.tensor([float(flag)], device=self.device)
        distributed.all_reduce(message)
        return bool(message)

    def wait(self) -> None:
        """Go on when all processes have come here."""
        self.any(False)


def started_by_torchrun() -> bool:
    """Whether this process is one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ


def local_device() -> str:
    """The device of this process where a person did not name one: a graphics card for each, or the CPU."""
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"


def join_team(device: str) -> Team:
    """Meet the other processes that torchrun started, over NCCL between graphics cards and Gloo elsewhere."""
    on_cuda = torch.device(device).type == "cuda"
    if on_cuda:
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if on_cuda else "gloo")
    return Team(distributed.get_rank(), distributed.get_world_size(), device if on_cuda else "cpu")


def leave_team(team: Team) -> None:
    """Part from the other processes."""
    if team.size > 1:
        distributed.destroy_process_group()
