"""What the lab's plane shows at one time: density, arrows of the score, and where a network errs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.engine.lab_cloud import spread_over
from diffviz.engine.lab_spec import EXACT, LabSpec, exact_points

if TYPE_CHECKING:
    from diffviz.engine.lab_denoisers import LabDenoisers
    from diffviz.engine.state import SessionState
    from diffviz.models.exact_points import ExactPoints

FloatArray: TypeAlias = NDArray[np.float64]

_NARROWEST_CELLS = 0.6
# Smoothed to 640 px, so many differ from 640 × 640 cells by 5 in 255 at most, as 128 × 128 do by 4.
_CELLS_PER_DEVIATION, _FEWEST_CELLS = 8, 48
_JUDGED = 2000


@dataclass(frozen=True)
class View:
    """The part of the plane that is seen: its middle and half its width, in units of the data."""

    x: float = 0.0
    y: float = 0.0
    reach: float = 3.0

    def axes(self, count: int) -> tuple[FloatArray, FloatArray]:
        """Middles of `count` columns from left to right, and of as many rows from top to bottom."""
        offsets = self.reach * ((2.0 * np.arange(count) + 1.0) / count - 1.0)
        return self.x + offsets, self.y - offsets

    def grid(self, count: int) -> FloatArray:
        """Middles of count × count cells, row by row from the top; shape (count², 2)."""
        xs, ys = self.axes(count)
        return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class DensityPicture:
    """p_t over a view.

    Attributes
    ----------
    shades
        uint8 (n, n), 0 … 255: √(p/p_max), rows from the top.
    is_widened
        Whether the noise is narrower than the cells can show and was drawn wider.
    width
        Standard deviation as drawn, in units of the data.
    """

    shades: NDArray[np.uint8]
    is_widened: bool
    width: float


def enough_cells(level: NoiseLevel, view: View, most: int) -> int:
    """How many cells across show p_t as well as ``most`` would: it is no finer than its noise."""
    wanted = math.ceil(
        _CELLS_PER_DEVIATION * 2.0 * view.reach / max(level.sqrt_one_minus_alpha_cumprod, 1e-9)
    )
    return min(max(wanted, _FEWEST_CELLS), most)


def density_picture(exact: ExactPoints, level: NoiseLevel, view: View, cells: int) -> DensityPicture:
    """The exact density, never estimated from samples."""
    narrowest = (_NARROWEST_CELLS * 2.0 * view.reach / cells) ** 2
    is_widened = level.one_minus_alpha_cumprod < narrowest
    if is_widened:
        level = NoiseLevel(level.t, level.alpha_cumprod, narrowest)
    xs, ys = view.axes(cells)
    density = exact.density(xs, ys, level)
    largest = float(density.max())
    if largest > 0.0:
        density *= np.float32(1.0 / largest)
    np.sqrt(density, out=density)
    shades = np.asarray(density * np.float32(255.0), np.uint8)
    return DensityPicture(shades, is_widened, level.sqrt_one_minus_alpha_cumprod)


@dataclass(frozen=True)
class PhaseRequest:
    """All that the picture of one coordinate over time depends on."""

    lab: LabSpec
    schedule: ScheduleSpec
    times: tuple[int, ...]


def phase_picture(request: PhaseRequest, cells: int, reach: float) -> NDArray[np.uint8]:
    """The exact density of the first coordinate over times, each column by its own largest value.

    Returns
    -------
    ndarray
        uint8 (cells, len(times)), √(p/p_max), rows from `reach` down to −`reach`.
    """
    exact, schedule = exact_points(request.lab), build_schedule(request.schedule)
    _, places = View(reach=reach).axes(cells)
    narrowest = (_NARROWEST_CELLS * 2.0 * reach / cells) ** 2
    columns = []
    for t in request.times:
        level = schedule.level(t)
        v = max(level.one_minus_alpha_cumprod, narrowest)
        density = exact.marginal(places, 0, NoiseLevel(level.t, level.alpha_cumprod, v))
        columns.append(np.sqrt(density / density.max()))
    return np.asarray(np.stack(columns, axis=1) * 255.0, np.uint8)


def arrow_lengths(vectors: FloatArray, longest: float) -> FloatArray:
    """Vectors with lengths compressed by asinh, so that the largest of any noise level still fits.

    Parameters
    ----------
    vectors
        Shape (n, 2).
    longest
        Length that none exceeds.
    """
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])
    largest = float(lengths.max(initial=0.0))
    if largest == 0.0:
        return np.zeros_like(vectors)
    squeezed = np.arcsinh(lengths) * (longest / math.asinh(largest))
    return np.asarray(vectors * (squeezed / np.maximum(lengths, 1e-300))[:, None])


@dataclass(frozen=True, eq=False)
class NetworkField:
    """What a network answers over a view at one time, beside the exact answer.

    Attributes
    ----------
    scores
        −ε̂/√(1 − ᾱ) at the places of the arrows, (n², 2).
    errors
        ‖ε̂ − ε*‖ over a finer grid, float32 (m, m), rows from the top.
    loss, floor
        Mean squared error of ε̂ and of ε* on noised data at this time, per value.
    """

    t: int
    view: View
    scores: FloatArray
    errors: NDArray[np.float32]
    loss: float
    floor: float


def network_field(
    state: SessionState, view: View, denoisers: LabDenoisers, *, arrows: int, cells: int
) -> NetworkField | None:
    """Ask the state's network at its time; None where the exact score is at work. For a worker thread."""
    import torch

    lab, t = state.lab, max(1, state.t)
    if lab.denoiser == EXACT:
        return None
    level = build_schedule(state.schedule).level(t)
    exact, network = exact_points(lab), denoisers.network(lab.denoiser)
    judged = spread_over(exact.points, _JUDGED)
    noise = draw_noise(judged.shape, state.seed, Stream.TRAIN, t)
    x_t = level.sqrt_alpha_cumprod * judged + level.sqrt_one_minus_alpha_cumprod * noise
    fine = view.grid(cells)
    places = np.concatenate([view.grid(arrows), fine, x_t]).astype(np.float64)
    answer = np.asarray(network.predict(torch.from_numpy(places), level).noise.numpy(), np.float64)
    ideal = _exact_noise(exact, places[arrows**2 :], level)
    errors = np.hypot(*(answer[arrows**2 :] - ideal).T)[: cells**2]
    of_net, of_exact = answer[arrows**2 + cells**2 :] - noise, ideal[cells**2 :] - noise
    return NetworkField(
        t,
        view,
        answer[: arrows**2] / -level.sqrt_one_minus_alpha_cumprod,
        errors.reshape(cells, cells).astype(np.float32),
        float(np.square(of_net).mean()),
        float(np.square(of_exact).mean()),
    )


def _exact_noise(exact: ExactPoints, places: FloatArray, level: NoiseLevel) -> FloatArray:
    x_0 = exact.posterior(places, level).x_0
    return (places - level.sqrt_alpha_cumprod * x_0) / level.sqrt_one_minus_alpha_cumprod
