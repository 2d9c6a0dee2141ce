"""How many processor cores torch may take while a window is open."""

from __future__ import annotations

import os

__all__ = ["leave_a_core_to_the_window"]


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


def _usable_cores() -> int:
    """Cores this process may run on, which in a container can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
