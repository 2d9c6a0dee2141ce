"""How much of the machine work may take beside a window: all but a core, and only what is left over."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

__all__ = ["leave_a_core_to_the_window", "multiply_in_one_thread", "step_back_from_the_window"]

_NICER_BY = 10
_NICEST = 19


def leave_a_core_to_the_window() -> int:
    """Let torch compute on all cores but one, in the thread that calls this and in those that start later.

    The window's thread draws at every refresh of the screen. If torch took every core, each drawing would
    wait for a slice of a sampler's matrix product; one core less costs the sampler at most half (two cores)
    and typically an eighth (eight cores). A smaller number that the person asked for by OMP_NUM_THREADS
    stays. OpenMP counts threads for each calling thread, so every task calls this for itself.

    Returns
    -------
    int
        The number of threads.
    """
    import torch

    num_threads = max(1, min(torch.get_num_threads(), _usable_cores() - 1))
    torch.set_num_threads(num_threads)
    return num_threads


def multiply_in_one_thread() -> None:
    """Let numpy multiply matrices in the thread that asks for it; torch is not concerned.

    The window's thread multiplies small ones for the 2-D lab at every frame. Shared out, each waits for a
    thread on another core, and where a sampler or a training has that core, a frame took four times as long.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def step_back_from_the_window() -> None:
    """Let the thread that calls this, and those it starts, run only when nobody drawing wants the processor.

    Scrubbing beside a sampler on two busy cores took 30 ms a frame without this and 18 ms with it, as much
    as with no sampler at all. Linux keeps this setting for each thread and Qt's priorities have no effect
    there; elsewhere this does nothing and the thread is started with a low priority of Qt's.
    """
    if sys.platform == "linux":
        # A container may forbid it, and then work is merely less polite.
        with suppress(OSError):
            niceness = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, 0, min(_NICEST, niceness + _NICER_BY))


def _usable_cores() -> int:
    """Cores this process may run on, which in a container can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
