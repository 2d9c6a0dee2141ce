"""The 2-D lab: points instead of pictures, so that density, score and paths can be seen whole."""

from __future__ import annotations

import secrets
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.core.schedules import build_schedule
from diffviz.engine.lab_cloud import next_rest, rests_of, steps_made
from diffviz.engine.lab_denoisers import point_networks
from diffviz.engine.lab_driver import LabDriver
from diffviz.engine.lab_spec import DRAWN, EXACT, LIVE, LabMotion, data_title
from diffviz.engine.painted_points import painting_problem
from diffviz.engine.session import Session, SessionState
from diffviz.engine.trainer import Trainer
from diffviz.engine.training_records import NetworkShared
from diffviz.models.denoiser import DenoiserInfo
from diffviz.ui.widgets.lab_data import LabData
from diffviz.ui.widgets.lab_panel import LabPanel
from diffviz.ui.widgets.lab_stage import LabStage
from diffviz.ui.widgets.stage_bar import StageBar
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspaces.denoise_fields import times_known_to
from diffviz.ui.workspaces.lab_edits import LabEdits
from diffviz.ui.workspaces.lab_formula import LabFormula
from diffviz.ui.workspaces.lab_picture import LabPicture
from diffviz.ui.workspaces.lab_strip import LabStrip, data_cards
from diffviz.ui.workspaces.lab_training import LabTraining
from diffviz.ui.workspaces.lab_views import LabViews
from diffviz.ui.workspaces.lab_words import (
    HINT,
    MODES,
    denoiser_choices,
    fit_readings,
    loss_readings,
    moving_words,
    option_of,
    settings_of,
)

_MAX_SEED = 2**31 - 1


class Lab2DWorkspace(QObject):
    """
    Shows the session's time on points in the plane and turns what the user does there into session changes.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure.
    training_wanted(str)
        The user wants a network to learn the set of that key, or the points in that file.
    known_times_changed(object)
        First and last time whose noise the network was trained at; None where there is nothing to mark.
    """

    noted = Signal(str)
    failed = Signal(str, str)
    training_wanted = Signal(str)
    known_times_changed = Signal(object)

    def __init__(self, session: Session, trainer: Trainer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.driver = LabDriver(self)
        self._is_active = False
        self._networks: dict[str, DenoiserInfo] = {}
        self._build()
        self.live = LabTraining(trainer, self.panel.training, session, self)
        self._connect()

    def _build(self) -> None:
        self.bar = StageBar("noise", MODES)
        self.stage = LabStage()
        self.bar.add_widget(self.stage.column_button)
        self.plane = self.stage.plane
        self.centre = QWidget()
        column = QVBoxLayout(self.centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.stage, 1)
        self.panel = LabPanel()
        self.formula = LabFormula(self.stage, self.panel, self)
        column.addWidget(self.formula.line)
        self.left_head = LabData()
        self.timeline = Timeline()
        self.timeline.filmstrip.clean_word = "data"
        self.timeline.set_strips([("Density", "with particles", "text")])
        self._views = LabViews(self.stage, self.timeline, self._session, self.driver, self)
        self._views.failed.connect(self.failed)
        self._picture = LabPicture(self.stage, self.driver, self._views)
        self._strip = LabStrip(self.timeline, self._session, self.driver, self)
        self._edits = LabEdits(self._session, self.plane, self.panel, self.left_head, self)
        self._edits.noted.connect(self.noted)
        self.stage.set_hint(HINT)

    def _connect(self) -> None:
        self._session.changed.connect(self._on_session_changed)
        driver, plane, panel, data = self.driver, self.plane, self.panel, self.left_head
        driver.cloud_changed.connect(self._on_cloud_changed)
        driver.paths_changed.connect(self._on_paths_changed)
        driver.field_changed.connect(self._on_field_changed)
        driver.fit_changed.connect(self._show_fit)
        driver.failed.connect(self.failed)
        self.live.network_came.connect(self._on_network_came)
        plane.painting_ended.connect(data.lay_brush_down)
        plane.hovered.connect(self._on_hovered)
        plane.view_changed.connect(self._on_view_changed)
        self.bar.mode_selected.connect(self.set_mode)
        self.stage.layers_changed.connect(self._on_layers_changed)
        panel.new_seed_requested.connect(self.draw_new_noise)
        panel.training_requested.connect(self.live.want_training)
        self.live.training_wanted.connect(self.training_wanted)
        self.live.failed.connect(self.failed)
        block = panel.run_block
        block.run_requested.connect(self.run)
        block.pause_requested.connect(self.pause)
        block.step_requested.connect(self.step)
        block.back_requested.connect(self.step_back)
        block.restart_requested.connect(self.restart)
        data.data_chosen.connect(self.choose_data)
        data.painting_chosen.connect(self.set_painting)
        self.timeline.timestep_requested.connect(self._on_timestep_requested)
        self.timeline.playing_changed.connect(self._on_playing_changed)

    # What the window asks for

    def activate(self) -> None:
        """Become the workspace that is seen; catch up with what changed meanwhile."""
        self._is_active = True
        self.live.activate()
        self.refresh_denoisers()
        if not self.left_head.cards.current:
            self.left_head.set_cards(data_cards(self._session.state))
        state = self._session.state
        self.timeline.set_alphas_cumprod(build_schedule(state.schedule).alphas_cumprod)
        self._show_everything()

    def deactivate(self) -> None:
        """Rest while another workspace is seen; particles on their way arrive."""
        self._is_active = False
        self.known_times_changed.emit(None)
        self.live.deactivate()
        self.timeline.stop()
        self._strip.stop()
        self.left_head.lay_brush_down()

    def shutdown(self) -> None:
        """End the workers; the window is closing."""
        self.deactivate()
        self.driver.shutdown()
        self._views.shutdown()

    def set_compact(self, compact: bool) -> None:
        """Shrink the strip and the formula in a low window."""
        self.timeline.set_compact(compact)
        self.formula.line.set_compact(compact)

    @Slot()
    def refresh_denoisers(self) -> None:
        """Look again which networks of points there are."""
        self._networks = {info.key: info for info in point_networks()}
        self.panel.set_denoisers(denoiser_choices(self._networks.values(), self.live.words))

    @Slot(str)
    def take_network(self, key: str) -> None:
        """A network was trained or trained further: offer it anew."""
        self.driver.reload(key)
        self.refresh_denoisers()
        if self._is_active:
            self._show_everything()

    @Slot(object)
    def _on_network_came(self, shared: NetworkShared) -> None:
        self.driver.take_live(shared.denoiser)
        self.refresh_denoisers()
        if self._is_active:
            self._show_everything()

    @Slot()
    def draw_new_noise(self) -> None:
        """Take another seed of what is seen: of the walk from noise, or of the forward process."""
        self._edits.take_seed(secrets.randbelow(_MAX_SEED))

    @Slot()
    def toggle_play(self) -> None:
        """Play or pause."""
        self.timeline.toggle_play()

    @Slot()
    def run(self) -> None:
        """Play on from here, from the start where it has come to the end."""
        if not self.timeline.is_playing:
            self.timeline.toggle_play()

    @Slot()
    def pause(self) -> None:
        """Hold."""
        self.timeline.stop()

    @Slot()
    def step(self) -> None:
        """Go to the next time at which the particles rest."""
        self._move_along_walk(1)

    @Slot()
    def step_back(self) -> None:
        """Go to the time before."""
        self._move_along_walk(-1)

    @Slot()
    def restart(self) -> None:
        """Go back to where the walk began."""
        self.timeline.stop()
        self._session.update(t=rests_of(self._session.state)[0])

    @Slot(str)
    def set_mode(self, mode: str) -> None:
        """Show "plane", "phase" or "cut"."""
        self.bar.modes.set_current(mode)
        self.stage.set_mode(mode)
        if mode != "plane":
            self.left_head.lay_brush_down()
        self._picture.show_all(self._session.state)

    @Slot(bool)
    def set_painting(self, paints: bool) -> None:
        """Take up the brush, at t = 0 where the points are, or lay it down."""
        self.timeline.stop()
        self.plane.set_paints(paints)
        if paints:
            lab = self._session.state.lab
            self._session.update(t=0, lab=replace(lab, data=DRAWN))
            self.plane.show_all()
            self.set_mode("plane")
        self._show_data()
        if self._is_active:
            self._picture.show_all(self._session.state)

    def _move_along_walk(self, direction: int) -> None:
        self.timeline.stop()
        t = next_rest(self._session.state, direction)
        if t is not None:
            self._session.update(t=t)

    # From the session to the screen

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if not self._is_active:
            return
        if old.schedule != new.schedule:
            self.timeline.set_alphas_cumprod(build_schedule(new.schedule).alphas_cumprod)
        if replace(new, t=old.t) != old:
            self._show_everything()
            return
        self._follow()
        self.timeline.set_t(new.t)
        self._picture.show_all(new)
        self.formula.show(new)
        self._show_progress()
        if old.lab.data != new.lab.data:
            self._show_data()

    def _show_everything(self) -> None:
        """Show settings, layers, strip and figures."""
        state = self._session.state
        if state.lab.denoiser not in self.panel.denoiser.keys():  # noqa: SIM118  (a method, not a mapping)
            self._session.update(lab=replace(state.lab, denoiser=EXACT))
            return
        is_forward = state.lab.motion is LabMotion.FORWARD
        self.timeline.set_play_direction(1 if is_forward else -1)
        self.timeline.set_t(state.t)
        self._follow()
        self._show_settings()
        self._show_data()
        self.bar.set_title(data_title(state.lab), moving_words(state))
        self.stage.set_has_network(state.lab.denoiser != EXACT)
        self._picture.show_all(state)
        self.formula.show(state)
        self._show_progress()
        self._show_fit()
        self._strip.refresh()

    def _follow(self) -> None:
        self.driver.follow(self._session.state, self._picture.view, wants_paths=self._picture.wants_paths)

    def _show_settings(self) -> None:
        state = self._session.state
        key = state.lab.denoiser
        info = self.live.info if key == LIVE else self._networks.get(key)
        self.panel.show_settings(settings_of(state, info))
        self.known_times_changed.emit(times_known_to(option_of(info), state))
        reason = painting_problem(state.lab.drawn) if state.lab.data == DRAWN else ""
        self.panel.set_training_offered(reason)

    def _show_data(self) -> None:
        lab = self._session.state.lab
        self.left_head.show_data(
            lab.data,
            lab.count,
            is_own=lab.data == DRAWN,
            is_painting=self.plane.paints,
            painted=len(lab.drawn),
        )

    def _show_progress(self) -> None:
        rests, block = rests_of(self._session.state), self.panel.run_block
        made = steps_made(self._session.state)
        total = len(rests) - 1
        block.set_progress(
            made,
            total,
            is_running=self.timeline.is_playing,
            is_finished=made == total,
            can_resume=True,
            steps_per_s=None,
        )
        cloud = self.driver.cloud
        is_late = self.driver.is_walking and cloud is not None and cloud.reached > self._session.state.t
        is_forward = self._session.state.lab.motion is LabMotion.FORWARD
        block.set_note(
            f"The particles have come to $t$ = {min(cloud.reached, rests[0])}"
            if is_late and cloud is not None and not is_forward
            else ""
        )

    @Slot()
    def _show_fit(self) -> None:
        state = self._session.state
        self.panel.show_fit(*fit_readings(state, self.driver.fit, is_walking=self.driver.is_walking))
        self.panel.show_losses(*loss_readings(state, self.driver.field))

    @Slot()
    def _on_cloud_changed(self) -> None:
        if self._is_active:
            self._picture.show_dots(self._session.state)
            self._show_progress()
            self._show_fit()
            self._strip.refresh()

    @Slot()
    def _on_paths_changed(self) -> None:
        if self._is_active:
            self._picture.show_paths(self._session.state)

    @Slot()
    def _on_field_changed(self) -> None:
        if self._is_active:
            self._picture.show_field(self._session.state)
            self._show_fit()

    @Slot(bool)
    def _on_playing_changed(self, playing: bool) -> None:
        del playing
        self._show_progress()

    # From the user

    @Slot(int)
    def _on_timestep_requested(self, t: int) -> None:
        self._session.update(t=t)

    @Slot()
    def _on_layers_changed(self) -> None:
        self._follow()
        self._picture.show_all(self._session.state)

    @Slot()
    def _on_view_changed(self) -> None:
        self.stage.set_moved(not self.plane.area.is_whole)
        if self._is_active:
            self._follow()
            self._picture.show_density(self._session.state)
            self._picture.show_field(self._session.state)

    @Slot(object)
    def _on_hovered(self, place: tuple[float, float] | None) -> None:
        state = self._session.state
        self.stage.show_pointer(None if place is None else self._picture.readings(state, place))

    @Slot(str)
    def choose_data(self, key: str) -> None:
        """Take another set of points; the brush is laid down."""
        self.left_head.lay_brush_down()
        self._edits.choose_data(key)
