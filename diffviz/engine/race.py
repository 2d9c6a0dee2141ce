"""Samplers measured against each other: what a run cost, and how far it ended from the solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.timesteps import Spacing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diffviz.engine.run import Run

__all__ = [
    "MOST_CONTENDERS",
    "Standing",
    "measures_race",
    "network_calls",
    "reference_sampler",
    "standings",
]

MOST_CONTENDERS = 4
_REFERENCE_STEPS = 1000


@dataclass(frozen=True, eq=False)
class Standing:
    """A contender of a race.

    Attributes
    ----------
    run
        Its run.
    calls
        How often the denoiser was asked, so far.
    seconds
        How long that took; None where it was not measured.
    distance
        Root mean square of its end minus the reference's over the whole batch; None until both are there.
    distances
        The same of each sample; empty until then.
    miss
        Root mean square of its end minus the picture that it began with; None where it began with noise.
    """

    run: Run
    calls: int
    seconds: float | None
    distance: float | None
    miss: float | None = None
    distances: tuple[float, ...] = ()


def reference_sampler(num_timesteps: int) -> SamplerSpec:
    """The solution by which others are measured: Heun with 1000 steps, or as many as the chain has."""
    steps = min(_REFERENCE_STEPS, num_timesteps)
    return SamplerSpec(SamplerKind.HEUN, steps, spacing=Spacing.TRAILING)


def measures_race(run: Run) -> bool:
    """Whether a run is there to measure others by: of it only the end is wanted."""
    return run.race is not None and _is_reference(run)


def network_calls(run: Run) -> int:
    """How often a run has asked its denoiser: once a step, and twice where Heun looks ahead."""
    is_heun = run.request.sampler.kind is SamplerKind.HEUN
    made = run.num_made
    # A thinned run has let steps go; all but the last one look ahead.
    ahead = made - (1 if run.complete else 0) if is_heun else 0
    return made + ahead


def standings(runs: Sequence[Run]) -> tuple[tuple[Standing, ...], Run | None]:
    """The contenders of one race and the reference among its runs.

    Parameters
    ----------
    runs
        All runs of the race.

    Returns
    -------
    tuple
        Up to four standings in the order in which they ran, and the reference; None before it is there.
    """
    reference = next((run for run in runs if _is_reference(run)), None)
    end = reference.last.x_s if reference is not None and reference.complete and reference.last else None
    found = []
    for run in [run for run in runs if run is not reference][:MOST_CONTENDERS]:
        distance, distances = None, ()
        if end is not None and run.complete and run.last is not None and run.last.x_s.shape == end.shape:
            squares = (run.last.x_s - end).square().flatten(1).mean(dim=1)
            distance, distances = float(squares.mean().sqrt()), tuple(squares.sqrt().tolist())
        found.append(Standing(run, network_calls(run), run.seconds, distance, _miss(run), distances))
    return tuple(found), reference


def _miss(run: Run) -> float | None:
    guide = run.context.guide if run.context is not None else None
    frame = run.frame_at(0) if guide is not None and run.complete else None
    if guide is None or frame is None:
        return None
    return float(np.sqrt(np.mean((frame.shown("x_t") - guide) ** 2)))


def _is_reference(run: Run) -> bool:
    return run.request.sampler == reference_sampler(run.request.schedule.num_timesteps)
