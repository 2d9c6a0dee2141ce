"""Keeps the lab's particles, paths, field and figures in step with the session, each in its own worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from diffviz.core.schedules import NoiseLevel
from diffviz.data.toy2d import RING_MODES
from diffviz.engine.job import JobOutcome, JobRunner, JobStatus
from diffviz.engine.lab_cloud import (
    Cloud,
    CloudFrame,
    CloudRequest,
    ForwardCloud,
    Points,
    cloud_request,
    spread_over,
    walk_cloud,
)
from diffviz.engine.lab_denoisers import LabDenoisers
from diffviz.engine.lab_field import FloatArray, NetworkField, View, network_field
from diffviz.engine.lab_paths import (
    LinesRequest,
    PathSet,
    PathsRequest,
    ReversePaths,
    follow_paths,
    forward_lines,
    lines_request,
    paths_request,
)
from diffviz.engine.lab_spec import EXACT, LIVE, LabMotion, LabSpec, exact_points
from diffviz.engine.latest import LatestWorker
from diffviz.engine.state import SessionState
from diffviz.evaluation.cloud_distances import (
    Fit,
    chance_range,
    energy_distance,
    fit_to_data,
    ring_counts,
    sliced_wasserstein,
)

if TYPE_CHECKING:
    from diffviz.models.denoiser import NetworkDenoiser

ARROWS = 19
_ERROR_CELLS = 48
_MEASURED = 2000
_ENERGY_MEASURED = 500
_FARTHEST = 1e6


@dataclass(frozen=True)
class CloudFit:
    """How well the finished particles fit the data.

    Attributes
    ----------
    sliced, energy
        Both distances, each with what chance alone gives.
    measured
        How many particles were measured.
    counts, fair
        Particles of each Gaussian of the ring, and the range of a fair draw; None for other data.
    """

    sliced: Fit
    energy: Fit
    measured: int
    counts: tuple[int, ...] | None = None
    fair: tuple[int, int] | None = None


def measure(points: Points, lab: LabSpec) -> CloudFit:
    """Compare finished particles with the data; for a worker thread."""
    data = exact_points(lab).points
    # What a bad network flings away lies far, not nowhere.
    near = np.nan_to_num(points, nan=_FARTHEST, posinf=_FARTHEST, neginf=-_FARTHEST)
    samples = np.clip(near[:_MEASURED].astype(np.float64), -_FARTHEST, _FARTHEST)
    few = samples[:_ENERGY_MEASURED]
    some = spread_over(data, min(_ENERGY_MEASURED, len(data))).astype(np.float64)
    sliced = fit_to_data(samples, data, sliced_wasserstein)
    energy = fit_to_data(few, some, energy_distance, draws=12)
    if lab.data != "ring":
        return CloudFit(sliced, energy, len(samples))
    counts = tuple(int(count) for count in ring_counts(near.astype(np.float64), RING_MODES))
    return CloudFit(sliced, energy, len(samples), counts, chance_range(len(points), RING_MODES))


class LabDriver(QObject):
    """Answers what the lab shows, newest question first.

    Signals
    -------
    cloud_changed()
        There are more steps of the walk, or another walk has begun.
    paths_changed()
        There are other paths.
    field_changed()
        The network was asked about another time or view, or is at work no longer.
    fit_changed()
        The finished particles were measured, or are no longer those that were.
    failed(str, str)
        Headline and reason.
    """

    cloud_changed = Signal()
    paths_changed = Signal()
    field_changed = Signal()
    fit_changed = Signal()
    failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.denoisers = LabDenoisers()
        self.cloud: Cloud | None = None
        self.forward: ForwardCloud | None = None
        self.paths: ReversePaths | None = None
        self.lines: PathSet | None = None
        self.field: NetworkField | None = None
        self.fit: CloudFit | None = None
        self._paths_request: PathsRequest | None = None
        self._lines_request: LinesRequest | None = None
        self._field_request: tuple[SessionState, View] | None = None
        self._walker = JobRunner(self)
        self._walker.available.connect(self._on_frames_available)
        self._walker.ended.connect(self._on_walk_ended)
        self._follower, self._asker, self._measurer = (LatestWorker(self) for _ in range(3))
        self._follower.answered.connect(self._on_paths_answered)
        self._asker.answered.connect(self._on_field_answered)
        self._measurer.answered.connect(self._on_fit_answered)
        for worker in (self._follower, self._asker, self._measurer):
            worker.failed.connect(self._on_worker_failed)

    @property
    def is_walking(self) -> bool:
        """Whether the particles are still on their way."""
        return self._walker.busy

    def follow(self, state: SessionState, view: View, *, wants_paths: bool) -> None:
        """Bring everything up to a state; what it already knows is not asked again."""
        self._follow_cloud(state)
        self._follow_lines(state)
        if wants_paths:
            self._follow_paths(state)
        self._follow_field(state, view)

    def particles(self, state: SessionState) -> Points | None:
        """Where the particles are at the state's time; None while the walk has not begun."""
        if state.lab.motion is LabMotion.FORWARD:
            return self._forward_cloud(state).at(state.t)
        return None if self.cloud is None else self.cloud.at(state.t)

    def network_scores(self, state: SessionState, places: FloatArray, level: NoiseLevel) -> FloatArray:
        """What the state's network, which must have answered before, takes for the score at places (n, 2)."""
        import torch

        answer = self.denoisers.network(state.lab.denoiser).predict(torch.from_numpy(places), level)
        return np.asarray(answer.noise.numpy() / -level.sqrt_one_minus_alpha_cumprod, np.float64)

    def reload(self, key: str) -> None:
        """Take up a network whose file was written anew."""
        self.denoisers.forget(key)
        self._ask_anew(key)

    def take_live(self, network: NetworkDenoiser) -> None:
        """Take up the network in training as it is now."""
        self.denoisers.put_live(network)
        self._ask_anew(LIVE)

    def _ask_anew(self, key: str) -> None:
        """Forget what a network answered before."""
        if self.cloud is not None and self.cloud.request.lab.denoiser == key:
            self.cloud, self._paths_request, self._field_request = None, None, None

    def shutdown(self) -> None:
        """End all workers; returns when they are gone."""
        self._walker.shutdown()
        for worker in (self._follower, self._asker, self._measurer):
            worker.shutdown()

    def _forward_cloud(self, state: SessionState) -> ForwardCloud:
        cloud = ForwardCloud.keyed(state)
        if self.forward is None or self.forward.key != cloud:
            self.forward = ForwardCloud(state.lab, state.schedule, state.seed, state.noise_mode)
        return self.forward

    def _follow_cloud(self, state: SessionState) -> None:
        if state.lab.motion is LabMotion.FORWARD:
            return
        request = cloud_request(state)
        if self.cloud is not None and self.cloud.request == request:
            return
        self.cloud = Cloud(request)
        self._set_fit(None)
        self._walker.start(
            partial(walk_cloud, request, self.denoisers), name="Moving the particles", tag=request
        )
        self.cloud_changed.emit()

    def _follow_lines(self, state: SessionState) -> None:
        request = lines_request(state)
        if request != self._lines_request:
            self._lines_request = request
            self.lines = forward_lines(request)
            self.paths_changed.emit()

    def _follow_paths(self, state: SessionState) -> None:
        request = paths_request(state)
        if request == self._paths_request:
            return
        self._paths_request = request
        if request.starts:
            self._follower.ask(request, partial(follow_paths, request, self.denoisers))
        else:
            self.paths = None
            self.paths_changed.emit()

    def _follow_field(self, state: SessionState, view: View) -> None:
        if state.lab.denoiser == EXACT:
            if self.field is not None:
                self.field = None
                self.field_changed.emit()
            self._field_request = None
            return
        # What the field does not depend on must not have it asked again.
        lab = replace(state.lab, starts=(), particles=1, g=0.0, motion=LabMotion.FORWARD)
        asked = SessionState(schedule=state.schedule, t=state.t, seed=state.seed, lab=lab)
        if (asked, view) != self._field_request:
            self._field_request = (asked, view)
            work = partial(network_field, asked, view, self.denoisers, arrows=ARROWS, cells=_ERROR_CELLS)
            self._asker.ask(lab, work)

    @Slot()
    def _on_frames_available(self) -> None:
        frames = [record for record in self._walker.drain() if isinstance(record, CloudFrame)]
        if self.cloud is not None and self._walker.tag is self.cloud.request and frames:
            self.cloud.frames += frames
            self.cloud_changed.emit()
            if self.cloud.is_complete:
                work = partial(measure, self.cloud.frames[-1].points, self.cloud.request.lab)
                self._measurer.ask(self.cloud.request, work)

    @Slot(object)
    def _on_walk_ended(self, outcome: JobOutcome) -> None:
        self._on_frames_available()
        if outcome.status is JobStatus.FAILED:
            self.failed.emit(outcome.headline, outcome.reason)
        self.cloud_changed.emit()

    @Slot(object, object)
    def _on_paths_answered(self, request: PathsRequest, paths: ReversePaths) -> None:
        now = self._paths_request
        # A late answer to where a start was before is shown all the same, as long as it is the same walk.
        if now is not None and (request.walk, len(request.starts)) == (now.walk, len(now.starts)):
            self.paths = paths
            self.paths_changed.emit()

    @Slot(object, object)
    def _on_field_answered(self, lab: LabSpec, field: NetworkField | None) -> None:
        if self._field_request is not None and self._field_request[0].lab == lab:
            self.field = field
            self.field_changed.emit()

    @Slot(object, object)
    def _on_fit_answered(self, request: CloudRequest, fit: CloudFit) -> None:
        if self.cloud is not None and self.cloud.request == request:
            self._set_fit(fit)

    @Slot(object, object)
    def _on_worker_failed(self, tag: object, error: Exception) -> None:
        del tag
        self.failed.emit("The lab could not compute this", str(error))

    def _set_fit(self, fit: CloudFit | None) -> None:
        if fit is not self.fit:
            self.fit = fit
            self.fit_changed.emit()
