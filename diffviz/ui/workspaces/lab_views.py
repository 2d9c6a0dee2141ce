"""The lab's other two views: one coordinate over time, and a cut through the plane."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from diffviz.core.schedules import build_schedule
from diffviz.engine.lab_driver import LabDriver
from diffviz.engine.lab_field import PhaseRequest, phase_picture
from diffviz.engine.lab_paths import PathSet
from diffviz.engine.lab_spec import EXACT, LabSpec, exact_points
from diffviz.engine.latest import LatestWorker
from diffviz.engine.session import Session, SessionState
from diffviz.ui.widgets.lab_stage import LabStage
from diffviz.ui.widgets.line_chart import ChartAxes, Series
from diffviz.ui.widgets.phase_view import Track
from diffviz.ui.widgets.time_axis import positions_of
from diffviz.ui.widgets.timeline import Timeline

_COLUMNS, _ROWS, _REACH = 160, 160, 3.0
_SHOWN = 300
_CUTS = 181
_STRONGEST = 12.0


class LabViews(QObject):
    """
    Keeps both views in step with a state while they are seen.

    Signals
    -------
    failed(str, str)
        Headline and reason.
    """

    failed = Signal(str, str)

    def __init__(
        self,
        stage: LabStage,
        timeline: Timeline,
        session: Session,
        driver: LabDriver,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stage, self._timeline, self._session, self._driver = stage, timeline, session, driver
        self._request: PhaseRequest | None = None
        self._shades: np.ndarray | None = None
        self._height = 0.0
        self._worker = LatestWorker(self)
        self._worker.answered.connect(self._on_answered)
        self._worker.failed.connect(self._on_worker_failed)
        stage.phase.position_requested.connect(self._on_position_requested)
        stage.cut.line_height.value_edited.connect(self._on_height_edited)
        timeline.even_in_changed.connect(self._on_even_in_changed)

    def shutdown(self) -> None:
        """End the worker."""
        self._worker.shutdown()

    def show(self, state: SessionState) -> None:
        """Show what the chosen view shows of a state."""
        if self._stage.mode == "phase":
            self._show_phase(state)
        elif self._stage.mode == "cut":
            self._show_cut(state)

    def _show_phase(self, state: SessionState) -> None:
        positions = self._positions(state)
        steps = np.arange(len(positions))
        times = np.rint(np.interp((np.arange(_COLUMNS) + 0.5) / _COLUMNS, positions, steps))
        lab = LabSpec(data=state.lab.data, drawn=state.lab.drawn, count=state.lab.count, starts=())
        request = PhaseRequest(lab, state.schedule, tuple(int(t) for t in times))
        if request != self._request:
            self._request = request
            self._worker.ask(request, partial(phase_picture, request, _ROWS, _REACH))
        self._stage.phase.set_density(self._shades if self._stage.is_on("density") else None, _REACH)
        particles = self._driver.particles(state) if self._stage.is_on("particles") else None
        dots = np.empty(0) if particles is None else particles[:_SHOWN, 0]
        self._stage.phase.set_now(float(positions[state.t]), dots)
        tracks: list[Track] = []
        if self._stage.is_on("lines") and self._driver.lines is not None:
            tracks += _tracks(self._driver.lines, positions, Track(positions, positions, "signal", 1.2))
        paths = self._driver.paths
        if paths is not None and state.lab.starts:
            forms = (
                ("sde", paths.sde, Track(positions, positions, "noise", 1.4)),
                ("steps", paths.steps, Track(positions, positions, "model", 1.0, is_dotted=True)),
                ("ode", paths.ode, Track(positions, positions, "model", 2.0)),
            )
            for layer, paths_of_kind, form in forms:
                if self._stage.is_on(layer):
                    tracks += _tracks(paths_of_kind, positions, form)
        self._stage.phase.set_tracks(tracks)

    def _show_cut(self, state: SessionState) -> None:
        """Density and score along a horizontal line."""
        level, exact = build_schedule(state.schedule).level(max(state.t, 1)), exact_points(state.lab)
        if level.one_minus_alpha_cumprod == 0.0:
            self._stage.cut.show_nothing("Without noise the points have no density")
            return
        xs = np.linspace(-_REACH, _REACH, _CUTS)
        places = np.stack([xs, np.full(_CUTS, self._height)], axis=1)
        density = np.exp(exact.posterior(places, level).log_density)
        scores = [("exact score", "noise", "solid", exact.score(places, level)[:, 0])]
        if state.lab.denoiser != EXACT and self._driver.field is not None:
            answer = self._driver.network_scores(state, places, level)
            scores.append(("network", "model", "dash", answer[:, 0]))
        ticks = tuple((float(x), f"{x:g}".replace("-", "\u2212")) for x in (-3, -2, -1, 0, 1, 2, 3))
        top = max(float(density.max()), 1e-12)
        self._stage.cut.show_curves(
            [Series("$p_t$", "signal", xs, density, preferred=0.7)],
            ChartAxes((-_REACH, _REACH), (0.0, top), ticks, log_y=False),
            [
                Series(name, role, xs, np.clip(ys, -_STRONGEST, _STRONGEST), dash, preferred=0.2 + 0.5 * i)  # type: ignore[arg-type]
                for i, (name, role, dash, ys) in enumerate(scores)
            ],
            ChartAxes((-_REACH, _REACH), (-_STRONGEST, _STRONGEST), ticks, log_y=False),
        )

    def _positions(self, state: SessionState) -> np.ndarray:
        alphas = build_schedule(state.schedule).alphas_cumprod
        return positions_of(self._timeline.filmstrip.evenly, alphas)

    @Slot(object, object)
    def _on_answered(self, request: PhaseRequest, shades: np.ndarray) -> None:
        if request == self._request:
            self._shades = shades
            self.show(self._session.state)

    @Slot(object, object)
    def _on_worker_failed(self, request: object, error: Exception) -> None:
        del request
        self.failed.emit("The density over time could not be computed", str(error))

    @Slot(float)
    def _on_position_requested(self, position: float) -> None:
        positions = self._positions(self._session.state)
        self._session.update(t=int(np.rint(np.interp(position, positions, np.arange(len(positions))))))

    @Slot(float)
    def _on_height_edited(self, height: float) -> None:
        self._height = height
        self.show(self._session.state)

    @Slot(str)
    def _on_even_in_changed(self, even_in: str) -> None:
        del even_in
        self.show(self._session.state)


def _tracks(paths: PathSet, positions: np.ndarray, form: Track) -> list[Track]:
    places = positions[list(paths.times)]
    return [Track(places, path[:, 0], form.role, form.width_px, form.is_dotted) for path in paths.places]
