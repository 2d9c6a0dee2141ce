"""Puts what the lab knows at a time onto the plane, layer by layer."""

from __future__ import annotations

import math

import numpy as np

from diffviz.core.schedules import build_schedule
from diffviz.engine.lab_driver import ARROWS, LabDriver
from diffviz.engine.lab_field import View, arrow_lengths, density_picture, enough_cells
from diffviz.engine.lab_paths import PathSet
from diffviz.engine.lab_spec import EXACT, exact_points
from diffviz.engine.state import SessionState
from diffviz.ui.theme import Role
from diffviz.ui.widgets.lab_stage import LabStage
from diffviz.ui.widgets.plane_painting import PlanePath
from diffviz.ui.workspaces.lab_views import LabViews

_MOST_CELLS = 128
_MOST_DATA = 5000
_ARROW_SHARE = 0.92
_PATH_LAYERS = ("ode", "sde", "steps")


class LabPicture:
    """
    Keeps the plane in step with a state; each method touches one kind of layer.

    Parameters
    ----------
    stage
        The plane and its switches.
    driver
        What is known.
    views
        The two other views.
    """

    def __init__(self, stage: LabStage, driver: LabDriver, views: LabViews) -> None:
        self._stage, self._plane, self._driver, self._views = stage, stage.plane, driver, views

    @property
    def view(self) -> View:
        """The part of the plane that is seen."""
        area = self._plane.area
        return View(area.x, area.y, area.reach)

    @property
    def wants_paths(self) -> bool:
        """Whether a layer of paths is switched on."""
        return any(self._stage.is_on(layer) for layer in _PATH_LAYERS)

    def show_all(self, state: SessionState) -> None:
        """Show every layer of the view that is chosen."""
        if self._stage.mode != "plane":
            self._views.show(state)
            return
        self.show_density(state)
        self.show_field(state)
        self.show_dots(state)
        self.show_paths(state)
        self._plane.set_handles(state.lab.starts if self.wants_paths else ())

    def show_density(self, state: SessionState) -> None:
        """Show the exact density."""
        if not self._stage.is_on("density"):
            self._plane.set_density(None)
            return
        level = build_schedule(state.schedule).level(state.t)
        cells = enough_cells(level, self.view, _MOST_CELLS)
        picture = density_picture(exact_points(state.lab), level, self.view, cells)
        remark = f"Narrower than a cell, drawn {2 * picture.width:.2g} wide" if picture.is_widened else ""
        self._plane.set_density(picture.shades, remark)

    def show_field(self, state: SessionState) -> None:
        """Show the arrows of the score, and what the network answered about this time or one just before."""
        view, layers = self.view, []
        feet = view.grid(ARROWS)
        longest = _ARROW_SHARE * 2 * view.reach / ARROWS
        level = build_schedule(state.schedule).level(state.t)
        if self._stage.is_on("arrows") and state.t > 0:
            score = exact_points(state.lab).score(feet, level)
            role: Role = "noise"
            layers.append((feet, arrow_lengths(score, longest), role, 0.9))
        field = self._driver.field
        has_field = field is not None and field.view == view and state.lab.denoiser != EXACT
        if field is not None and has_field and self._stage.is_on("network"):
            layers.append((feet, arrow_lengths(field.scores, longest), "model", 0.9))
        self._plane.set_arrows(layers)
        shows_errors = has_field and self._stage.is_on("errors")
        self._plane.set_errors(field.errors if field is not None and shows_errors else None)

    def show_dots(self, state: SessionState) -> None:
        """Show data points and particles."""
        if self._stage.mode != "plane":
            self._views.show(state)
            return
        dots: list[tuple[np.ndarray, Role]] = []
        if self._stage.is_on("data") or self._plane.paints:
            dots.append((exact_points(state.lab).points[:_MOST_DATA], "signal"))
        if self._stage.is_on("particles"):
            particles = self._driver.particles(state)
            if particles is not None:
                dots.append((particles, "text"))
        self._plane.set_dots(dots)

    def show_paths(self, state: SessionState) -> None:
        """Show paths as far as they have come at this time, and the rest of them where that is wanted."""
        if self._stage.mode != "plane":
            self._views.show(state)
            return
        paths: list[PlanePath] = []
        markers: list[tuple[float, float]] = []
        if self._stage.is_on("lines") and self._driver.lines is not None:
            paths += _lines(self._driver.lines, state.t)
        known = self._driver.paths
        if known is not None and state.lab.starts:
            forms = {
                "sde": (known.sde, PlanePath(np.empty((0, 2)), "noise", 1.4)),
                "ode": (known.ode, PlanePath(np.empty((0, 2)), "model", 2.0)),
                "steps": (known.steps, PlanePath(np.empty((0, 2)), "model", 1.0, marks_steps=True)),
            }
            for layer, (track, form) in forms.items():
                if not self._stage.is_on(layer):
                    continue
                now = track.at(state.t)
                markers += [(float(x), float(y)) for x, y in now]
                paths += _walked(track, now, state.t, form, with_rest=self._stage.is_on("ahead"))
        self._plane.set_paths(paths, markers)

    def readings(self, state: SessionState, place: tuple[float, float]) -> tuple[tuple[str, str, str], ...]:
        """Label, value and unit of what lies at a place."""
        level = build_schedule(state.schedule).level(state.t)
        exact, at = exact_points(state.lab), np.array([place])
        count = float(exact.effective_count(at, level)[0])
        points = f"data point{'s' if round(count) != 1 else ''}"
        if level.one_minus_alpha_cumprod == 0.0:
            score, density, direction = "–", "–", ""
        else:
            (x, y), density_here = exact.score(at, level)[0], float(exact.posterior(at, level).log_density[0])
            score, direction = f"{math.hypot(x, y):.3g}", f"at {math.degrees(math.atan2(y, x)):.0f}°"
            density = f"{density_here:.2f}"
        minus = str.maketrans("-", "\u2212")
        return (
            ("Score $∇$ log $p$", score, direction.translate(minus)),
            ("Log density", density.translate(minus), "nats"),
            ("Pulled towards", f"{count:.0f}", points),
        )


def _walked(track: PathSet, now: np.ndarray, t: int, form: PlanePath, *, with_rest: bool) -> list[PlanePath]:
    """Lines of a set of paths: what lies behind, and dotted what lies ahead."""
    behind = sum(time >= t for time in track.times)
    lines = []
    for path, here in zip(track.places, now, strict=True):
        past = np.vstack([path[:behind], here])
        lines.append(PlanePath(past, form.role, form.width_px, marks_steps=form.marks_steps))
        if with_rest:
            rest = np.vstack([here, path[behind:]])
            lines.append(PlanePath(rest, form.role, form.width_px, is_dotted=True, opacity=0.75))
    return lines


def _lines(track: PathSet, t: int) -> list[PlanePath]:
    """Forward lines from the data up to this time."""
    first = sum(time > t for time in track.times)
    now = track.at(t)
    return [
        PlanePath(np.vstack([here, path[first:]]), "signal", 1.2, opacity=0.9)
        for path, here in zip(track.places, now, strict=True)
    ]
