"""What the 2-D lab shows, as one small value of the session."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np

from diffviz.core.flow import MAX_G
from diffviz.data.point_files import PLANE_REACH
from diffviz.data.toy2d import TOY_SETS, draw_points
from diffviz.models.exact_points import ExactPoints

DRAWN = "drawn"
"""Key of the points that the person paints."""
EXACT = "exact"
"""Key of the exact score among the lab's denoisers."""
LIVE = "live"
"""Key of the network in training among them."""

MAX_COUNT = 5000
MAX_PARTICLES = 100_000
MAX_DRAWN = 2000
MAX_STARTS = 24

Place = tuple[float, float]


class LabMotion(StrEnum):
    """What moves the particles."""

    SAMPLER = "sampler"
    FLOW = "flow"
    FORWARD = "forward"


@dataclass(frozen=True)
class LabSpec:
    """The lab's own part of a session; time, schedule, sampler, seeds and noise mode are the session's.

    Attributes
    ----------
    data
        A key of `TOY_SETS`, or `DRAWN`.
    drawn
        The points that were painted, at most 2000.
    count
        How many points of the set the exact score knows, 1…5000; of painted points it knows all.
    particles
        How many particles move, 1…100 000.
    motion
        What moves them.
    g
        Noise of the reverse process in continuous time, 0…1.5; 0 is the probability-flow ODE.
    denoiser
        `EXACT`, or the key of a network of points.
    starts
        Places at t = T from which paths are followed, at most 24.
    """

    data: str = "spirals"
    drawn: tuple[Place, ...] = ()
    count: int = 1000
    particles: int = 500
    motion: LabMotion = LabMotion.SAMPLER
    g: float = 1.0
    denoiser: str = EXACT
    starts: tuple[Place, ...] = ((-1.6, 1.4), (0.2, 1.9), (1.5, 0.6), (0.9, -1.6), (-0.8, -0.9))


# Asked at every change of the session, at every step of a scrub too.
@lru_cache(maxsize=8)
def settled(lab: LabSpec) -> LabSpec:
    """The spec with every number in its range.

    Raises
    ------
    ValueError
        If the set is unknown, or a number is none.
    """
    if lab.data != DRAWN and lab.data not in TOY_SETS:
        raise ValueError(f"{lab.data!r} is no set of points; choose from {', '.join((*TOY_SETS, DRAWN))}.")
    numbers = (
        lab.count,
        lab.particles,
        lab.g,
        *(value for place in (*lab.drawn, *lab.starts) for value in place),
    )
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("A number of the lab is none.")
    return replace(
        lab,
        drawn=tuple(_inside(place) for place in lab.drawn[:MAX_DRAWN]),
        count=min(max(round(lab.count), 1), MAX_COUNT),
        particles=min(max(round(lab.particles), 1), MAX_PARTICLES),
        motion=LabMotion(lab.motion),
        g=min(max(float(lab.g), 0.0), MAX_G),
        starts=tuple(_inside(place) for place in lab.starts[:MAX_STARTS]),
    )


def data_title(lab: LabSpec) -> str:
    """What a person calls the data."""
    return "Own points" if lab.data == DRAWN else TOY_SETS[lab.data][0]


def exact_points(lab: LabSpec) -> ExactPoints:
    """The exact score of the data; one point in the middle where nothing was painted yet."""
    return _exact_points(lab.data, lab.drawn if lab.data == DRAWN else (), lab.count)


@lru_cache(maxsize=8)
def _exact_points(data: str, drawn: tuple[Place, ...], count: int) -> ExactPoints:
    if data == DRAWN:
        return ExactPoints(np.array(drawn or ((0.0, 0.0),)), "points")
    return ExactPoints(draw_points(data, count), f"points of {TOY_SETS[data][0]}")


def _inside(place: Place) -> Place:
    x, y = (min(max(float(value), -PLANE_REACH), PLANE_REACH) for value in place)
    return x, y
