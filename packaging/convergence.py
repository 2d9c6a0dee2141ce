"""How fast the samplers converge: measures the orders of docs/convergence.md and draws its picture.

    python packaging/convergence.py [--picture FILE.svg]

Data are Gaussian, so that denoiser and solution are known in closed form and what is left is the error of the
sampler alone. Deterministic samplers are measured at the smallest noise level of a grid with ρ = 7 from
σ = 80 to 0.002 (Karras et al., 2022), the ancestral one by the variance of what it draws, the round trip of
inversion by what comes back of a picture.
"""

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from diffviz.core.inversion import invert
from diffviz.core.noise import Stream
from diffviz.core.samplers import SamplerKind, SamplerSpec, Variance, sample
from diffviz.core.schedules import NoiseLevel, NoiseSchedule, ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing, sampling_timesteps
from diffviz.models.gaussian import GaussianMixtureDenoiser

MEAN, VARIANCE = 0.3, 0.25
GRIDS = (9, 17, 33, 65, 129, 257, 513)
CHAINS = (25, 50, 100, 200, 400)
ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "convergence.svg"

WIDTH, HEIGHT = 720, 440
LEFT, TOP, RIGHT, BOTTOM = 74, 46, 190, 52
INK, QUIET, GRID, PAPER = "#14181E", "#576170", "#D3D9E0", "#FFFFFF"


@dataclass(frozen=True)
class Curve:
    """Errors of one sampler over its numbers of steps."""

    name: str
    order: int
    steps: tuple[int, ...]
    errors: tuple[float, ...]
    colour: str
    dash: str = ""

    @property
    def slopes(self) -> list[float]:
        """Observed orders from one number of steps to the next."""
        pairs = pairwise(zip(self.steps, self.errors, strict=True))
        return [math.log(e / f) / math.log(n / m) for (m, e), (n, f) in pairs]


def denoiser() -> GaussianMixtureDenoiser:
    """The exact denoiser of N(MEAN, VARIANCE)."""
    one = torch.ones(1, 1, dtype=torch.float64)
    return GaussianMixtureDenoiser(MEAN * one, VARIANCE * one[None])


def karras_schedule(count: int) -> NoiseSchedule:
    """A chain whose times 1…N are the σ grid with ρ = 7 from σ_min up to σ_max."""
    high, low = 80.0 ** (1 / 7), 0.002 ** (1 / 7)
    sigma = (high + np.arange(count) / (count - 1) * (low - high)) ** 7
    return NoiseSchedule.from_log_alphas_cumprod(-np.log1p(sigma[::-1] ** 2))


def flow(x: torch.Tensor, start: NoiseLevel, end: NoiseLevel) -> torch.Tensor:
    """The probability-flow ODE of Gaussian data, solved (Song et al., 2021)."""
    spread = [VARIANCE * level.alpha_cumprod + level.one_minus_alpha_cumprod for level in (start, end)]
    centred = x - start.sqrt_alpha_cumprod * MEAN
    return end.sqrt_alpha_cumprod * MEAN + math.sqrt(spread[1] / spread[0]) * centred


def no_noise(stream: Stream, index: int) -> torch.Tensor:
    """The noise of a deterministic sampler, which asks for none."""
    raise AssertionError((stream, index))


def solver_errors(kind: SamplerKind) -> tuple[float, ...]:
    """Distance to the solution at σ_min, in units of the data."""
    y, errors = torch.tensor([[-60.0], [25.0], [80.0]], dtype=torch.float64), []
    for count in GRIDS:
        grid = karras_schedule(count)
        x = y * float(grid.sqrt_alphas_cumprod[-1])
        *_, last = sample(denoiser().predict, x, grid, SamplerSpec(kind, count), no_noise)
        wanted = flow(x, grid.level(count), grid.level(1))
        errors.append(float((last.x_t - wanted).abs().mean() / grid.sqrt_alphas_cumprod[1]))
    return tuple(errors)


def ancestral_errors(variance: Variance) -> tuple[float, ...]:
    """How far the variance of what ancestral sampling draws is from that of the data.

    A step is linear in x and its noise, so that two starts and the coefficients tell the variance exactly.
    """
    schedule, errors = build_schedule(ScheduleSpec()), []
    x = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    silent = torch.zeros_like(x)
    for count in CHAINS:
        spec = SamplerSpec(SamplerKind.DDPM, count, Spacing.TRAILING, variance)
        spread = 1.0
        for step in sample(denoiser().predict, x, schedule, spec, lambda *_: silent):
            gain = float((step.x_s[1] - step.x_s[0]) / (step.x_t[1] - step.x_t[0]))
            spread = gain**2 * spread + step.coefficients.noise**2
        errors.append(abs(spread - VARIANCE))
    return tuple(errors)


def round_trip_errors() -> tuple[float, ...]:
    """What inversion and sampling back miss of pictures, over the number of steps each way."""
    schedule, errors = build_schedule(ScheduleSpec("cosine")), []
    x_0 = torch.tensor([[-0.9], [0.1], [0.75]], dtype=torch.float64)
    for count in CHAINS:
        times = sampling_timesteps(schedule, count)
        *_, up = invert(denoiser().predict, x_0, schedule, times)
        spec = SamplerSpec(SamplerKind.DDIM, count)
        *_, down = sample(denoiser().predict, up.x_t, schedule, spec, no_noise)
        errors.append(float((down.x_s - x_0).abs().mean()))
    return tuple(errors)


def measured() -> list[Curve]:
    """All curves."""
    return [
        Curve("Euler, DDIM", 1, GRIDS, solver_errors(SamplerKind.EULER), "#8A5400"),
        Curve("Heun", 2, GRIDS, solver_errors(SamplerKind.HEUN), "#6E1E52"),
        Curve("DPM-Solver++ 2M", 2, GRIDS, solver_errors(SamplerKind.DPMPP2M), "#303FB0"),
        Curve("DDPM, variance", 1, CHAINS, ancestral_errors(Variance.BETA), "#007256", "6 4"),
        Curve("Inversion and back", 1, CHAINS, round_trip_errors(), "#576170", "2 4"),
    ]


def svg(curves: list[Curve]) -> str:
    """The curves on logarithmic axes."""
    steps = [n for curve in curves for n in curve.steps]
    errors = [error for curve in curves for error in curve.errors]
    low, high = math.floor(math.log10(min(errors))), math.ceil(math.log10(max(errors)))
    across = _axis(math.log(min(steps)), math.log(max(steps)), LEFT, WIDTH - RIGHT)
    up = _axis(low, high, HEIGHT - BOTTOM, TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13" role="img" aria-label="Error of five samplers over the number of steps">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        _text(LEFT, 26, "Error over the number of steps, Gaussian data", INK, "font-weight='600'"),
    ]
    for power in range(low, high + 1):
        y = up(power)
        lines.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        label = f'10<tspan dy="-5" font-size="9">{str(power).replace("-", "−")}</tspan>'
        lines.append(_text(LEFT - 10, y + 4, label, QUIET, "text-anchor='end'"))
    for count in (10, 30, 100, 300):
        lines.append(
            _text(across(math.log(count)), HEIGHT - BOTTOM + 20, str(count), QUIET, "text-anchor='middle'")
        )
    lines.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "steps", QUIET, "text-anchor='middle'"))
    taken: list[float] = []
    for curve in sorted(curves, key=lambda one: -one.errors[-1]):
        spots = [
            (across(math.log(n)), up(math.log10(error)))
            for n, error in zip(curve.steps, curve.errors, strict=True)
        ]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
        lines.append(
            f'<path d="M{path}" fill="none" stroke="{curve.colour}" stroke-width="2" '
            f'stroke-dasharray="{curve.dash or "none"}"/>'
        )
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{curve.colour}"/>' for x, y in spots]
        y = max([spots[-1][1] + 4, *(other + 32 for other in taken)])
        taken.append(y)
        lines.append(_text(WIDTH - RIGHT + 12, y, curve.name, curve.colour, "font-weight='600'"))
        lines.append(
            _text(WIDTH - RIGHT + 12, y + 14, f"order {curve.slopes[-1]:.2f}", QUIET, "font-size='11'")
        )
    return "\n".join([*lines, "</svg>", ""])


def _axis(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _text(x: float, y: float, words: str, colour: str, more: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" {more}>{words}</text>'


def main() -> int:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--picture", type=Path, default=PICTURE)
    chosen = parser.parse_args()
    curves = measured()
    for curve in curves:
        found = " ".join(f"{slope:.2f}" for slope in curve.slopes)
        print(f"| {curve.name} | {curve.order} | {curve.steps[0]} … {curve.steps[-1]} | {found} |")
    chosen.picture.write_text(svg(curves), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
