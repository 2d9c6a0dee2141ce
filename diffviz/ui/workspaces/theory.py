"""The Theory workspace: where the bits go, one step under the microscope, losses, spectra."""

from __future__ import annotations

import secrets
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.core.losses import Loss
from diffviz.core.schedules import build_schedule
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.latest import LatestWorker
from diffviz.engine.session import Session, SessionState
from diffviz.engine.step_view import StepView, StepViewer
from diffviz.engine.theory_question import TheoryQuestion
from diffviz.ui.theme import notifier
from diffviz.ui.widgets.bound_panel import BoundPanel
from diffviz.ui.widgets.forward_inspector import MAX_SEED
from diffviz.ui.widgets.page_stack import PageStack
from diffviz.ui.widgets.specimen_panel import SpecimenPanel
from diffviz.ui.widgets.stage_bar import StageBar
from diffviz.ui.widgets.theory_pages import BoundPage, LossesPage, SpectrumPage
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspaces.bound_estimate import BoundEstimate
from diffviz.ui.workspaces.denoise_fields import denoiser_options
from diffviz.ui.workspaces.loss_survey import LossSurvey
from diffviz.ui.workspaces.specimen_drawer import SpecimenDrawer
from diffviz.ui.workspaces.specimen_fields import specimen_settings
from diffviz.ui.workspaces.specimen_strip import SpecimenStrip
from diffviz.ui.workspaces.theory_pages_presenter import LossesPresenter, SpectrumPresenter
from diffviz.ui.workspaces.theory_presenter import TheoryPresenter
from diffviz.ui.workspaces.theory_words import MODES, TITLES, question_words


class TheoryWorkspace(QObject):
    """
    Asks about the session's picture, denoiser and chain, and shows the answers.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure.
    open_requested()
        The user wants to open another picture.
    """

    noted = Signal(str)
    failed = Signal(str, str)
    open_requested = Signal()

    def __init__(
        self, session: Session, images: ImageStore, shelf: DenoiserShelf, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._images, self._shelf = session, images, shelf
        self._viewer = StepViewer(shelf)
        self._worker = LatestWorker(self)
        self._is_active = False
        self.view: StepView | None = None
        self._asked: tuple[TheoryQuestion, int] | None = None
        self._bound_over = "image"
        self._pixel = (0, 0)
        self._channel = 0
        self._shows = "cost"
        self._unit = "noise"
        self._weights_shown: tuple[object, str] | None = None
        self._objective = Loss.ELBO_TILDE
        self._is_weighted = False
        self._build()
        self._connect()

    def _build(self) -> None:
        self.left = SpecimenPanel()
        self.panel = BoundPanel()
        self.bar = StageBar("schedule", MODES)
        self.bound_page, self.losses_page, self.spectrum_page = BoundPage(), LossesPage(), SpectrumPage()
        self.losses_page.objectives.set_current(self._objective.value)
        self.pages = PageStack()
        self._pages = {
            "bound": self.bound_page,
            "losses": self.losses_page,
            "spectrum": self.spectrum_page,
        }
        for page in self._pages.values():
            self.pages.addWidget(page)
        self.centre = QWidget()
        column = QVBoxLayout(self.centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        column.addWidget(self.panel.formula)
        self.timeline = Timeline()
        self.strip = SpecimenStrip(self.timeline, self)
        self._presenter = TheoryPresenter(self.left, self.bound_page, self.panel)
        self._losses = LossesPresenter(self.losses_page)
        self._spectrum = SpectrumPresenter(self.spectrum_page)
        self.estimate = BoundEstimate(self._shelf, self.bound_page.bars, self.panel, self)
        self.survey = LossSurvey(self._shelf, self)
        self.drawer = SpecimenDrawer(self._session, self._images, self._shelf, self)

    def _connect(self) -> None:
        self._session.changed.connect(self._on_session_changed)
        self._images.changed.connect(self._on_images_changed)
        notifier.changed.connect(self._on_theme_changed)
        self._worker.answered.connect(self._on_worker_answered)
        self._worker.failed.connect(self._on_worker_failed)
        self.bar.mode_selected.connect(self.set_mode)
        left, panel = self.left, self.panel
        left.changes_requested.connect(self._on_changes_requested)
        left.shows_selected.connect(self.show_picture)
        left.open_requested.connect(self.open_requested)
        left.real_picture_requested.connect(self.drawer.draw)
        left.view.pixel_clicked.connect(self._on_pixel_clicked)
        left.view.pixel_hovered.connect(self._on_pixel_hovered)
        left.view.picture_saved.connect(self._on_picture_saved)
        left.view.save_failed.connect(self._on_save_failed)
        panel.stop_requested.connect(self.estimate.stop)
        panel.estimate_requested.connect(self._on_estimate_requested)
        panel.new_noise_requested.connect(self.draw_new_noise)
        page = self.bound_page
        page.bars.timestep_requested.connect(self._on_timestep_requested)
        page.weights.place_requested.connect(self._on_place_requested)
        page.scale_selected.connect(self.set_scale)
        page.channel_selected.connect(self._on_channel_selected)
        page.unit_selected.connect(self._on_unit_selected)
        losses = self.losses_page
        losses.chart.place_requested.connect(self._on_place_requested)
        losses.scale_selected.connect(self._on_loss_scale_selected)
        losses.objective_chosen.connect(self._on_objective_chosen)
        losses.timing_requested.connect(self.toggle_timing)
        self.timeline.timestep_requested.connect(self._on_timestep_requested)
        self.estimate.changed.connect(self._on_estimate_changed)
        self.survey.changed.connect(self._show_losses)
        for source in (self.estimate, self.survey, self.drawer):
            source.noted.connect(self.noted)
            source.failed.connect(self.failed)

    def activate(self) -> None:
        """Become the workspace that is seen; catch up with what changed meanwhile."""
        self._is_active = True
        self.refresh_denoisers()
        self.timeline.set_alphas_cumprod(build_schedule(self._session.state.schedule).alphas_cumprod)
        self._show_settings()
        self._ask()

    def deactivate(self) -> None:
        """Rest while another workspace is seen; an estimate goes on."""
        self._is_active = False
        self.timeline.stop()
        self.strip.stop()
        self.survey.stop()

    def shutdown(self) -> None:
        """End the workers; the window is closing."""
        self.deactivate()
        self._worker.shutdown()
        self.estimate.shutdown()
        self.survey.shutdown()
        self.drawer.shutdown()

    def set_compact(self, compact: bool) -> None:
        """Make room in a low window: strip and picture shrink."""
        self.timeline.set_compact(compact)
        self.left.set_compact(compact)
        self.bound_page.set_compact(compact)
        self.panel.formula.set_compact(compact)

    def refresh_denoisers(self) -> None:
        """Look again which denoisers and pictures there are."""
        self.left.set_denoisers(denoiser_options(self._shelf, self._session.state.exact_size))
        self.left.set_pictures([(key, self._images.entry(key).title) for key in self._images.keys])

    @Slot()
    def toggle_play(self) -> None:
        """Play or pause."""
        self.timeline.toggle_play()

    @Slot(str)
    def set_mode(self, mode: str) -> None:
        """Show "bound", "losses" or "spectrum"."""
        self.bar.modes.set_current(mode)
        self.pages.setCurrentWidget(self._pages[mode])
        self._show_title()
        self._show_view()
        self._survey_if_seen()

    @Slot(str)
    def show_picture(self, shows: str) -> None:
        """Show "cost", "x_t", "x_0" or "guess" as the image under test."""
        self._shows = shows
        self.left.shows.set_current(shows)
        self._show_view()

    @Slot(str)
    def set_scale(self, scale: str) -> None:
        """Draw the bars on a "log" or a "linear" scale."""
        self.bound_page.scale.set_current(scale)
        self.bound_page.bars.set_log(scale == "log")

    @Slot()
    def toggle_timing(self) -> None:
        """Time the losses on their page, or stop that."""
        if self.pages.currentWidget() is not self.losses_page:
            self.set_mode("losses")
        self.survey.toggle_timing(self._question(), self._session.state.t)

    @Slot()
    def draw_new_noise(self) -> None:
        """Take another seed."""
        self._session.update(seed=secrets.randbelow(MAX_SEED))

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if not self._is_active:
            return
        if old.schedule != new.schedule:
            self.timeline.set_alphas_cumprod(build_schedule(new.schedule).alphas_cumprod)
        if replace(old, t=new.t) != new:
            self._show_settings()
        self._ask()

    @Slot()
    def _on_images_changed(self) -> None:
        if self._is_active:
            self.refresh_denoisers()
            self._show_settings()
            self._ask()

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._is_active:
            self._show_view()

    def _ask(self) -> None:
        """Put the questions of the present state; answers come when they are there."""
        state = self._session.state
        self.timeline.set_t(state.t)
        self._show_weights()
        self.estimate.show_t(state.t)
        for chart in (self.bound_page.weights, self.losses_page.chart):
            chart.set_now(float(max(1, state.t)))
        self._estimate()
        question = self._question()
        if self._asked != (question, state.t):
            self._asked = (question, state.t)
            viewer, t = self._viewer, state.t
            self._worker.ask((question, t), lambda: viewer.look(question, t))
        self._survey_if_seen()
        self._show_title()

    @property
    def _class_names(self) -> tuple[str, ...]:
        """The classes that the session's denoiser can be asked for."""
        option = self.left.options.get(self._session.state.denoiser)
        return () if option is None else option.class_names

    def _question(self) -> TheoryQuestion:
        return TheoryQuestion.from_state(self._session.state, self._images, self._class_names)

    def _estimate(self, *, anew: bool = False) -> None:
        state = replace(self._session.state, bound_over=self._bound_over)
        self.estimate.ask(state, self._images, self._class_names, anew=anew)

    def _survey_if_seen(self) -> None:
        if self._is_active and self.pages.currentWidget() is self.losses_page:
            self.survey.ask(self._question())
            self._show_losses()

    @Slot(object, object)
    def _on_worker_answered(self, tag: tuple[TheoryQuestion, int], view: StepView) -> None:
        if self._asked is None or tag[0] != self._asked[0]:
            return
        # A late answer to an earlier t is shown all the same: while scrubbing, a little behind beats nothing.
        if self.view is None or self.view.x_0.shape != view.x_0.shape:
            height, width = view.x_0.shape[:2]
            self._pixel = (width // 2, height // 2)
        self.view = view
        self.strip.show_process(view.question, view.x_0)
        if self._is_active:
            self._show_view()

    @Slot(object, object)
    def _on_worker_failed(self, tag: tuple[TheoryQuestion, int], error: Exception) -> None:
        if self._asked is not None and tag[0] == self._asked[0]:
            self._asked = None
            self.failed.emit("The denoiser could not be asked", str(error))

    def _show_settings(self) -> None:
        state = self._session.state
        option = self.left.options.get(state.denoiser)
        settings = specimen_settings(state, option, self._shelf.info(state.denoiser), self._images)
        self._bound_over = settings.bound_over
        self.left.show_settings(settings)

    def _show_title(self) -> None:
        words = question_words(self._session.state, self._images, self._class_names)
        self.bar.set_title(TITLES[self.bar.modes.current], words)
        self.bound_page.bar_words.set_markup(self.estimate.describe())

    def _show_weights(self) -> None:
        shown = (self._session.state.schedule, self._unit)
        if shown != self._weights_shown:
            self._weights_shown = shown
            self._presenter.show_weights(build_schedule(self._session.state.schedule), self._unit)

    def _show_view(self) -> None:
        view = self.view
        if view is None:
            return
        self._presenter.show_pictures(view, self._shows, self._pixel)
        self._presenter.show_step(view, self.estimate.total)
        page = self.pages.currentWidget()
        if page is self.bound_page:
            self._presenter.show_microscope(view, self._pixel, self._channel)
        elif page is self.losses_page:
            self._show_losses()
        else:
            self._spectrum.show(view)

    @Slot()
    def _show_losses(self) -> None:
        if not self._is_active or self.pages.currentWidget() is not self.losses_page:
            return
        schedule = build_schedule(self._session.state.schedule)
        self._losses.show_losses(self.survey.found, schedule, self._objective, weighted=self._is_weighted)
        self._losses.show_timings(self.survey.timings, is_running=self.survey.is_timing)
        view = self.view
        if view is not None and view.question.schedule is schedule:
            losses = None if view.answer is None else view.answer.losses
            self._losses.show_answer(losses, view.t, schedule, self._objective)

    @Slot()
    def _on_estimate_changed(self) -> None:
        if self._is_active:
            self._show_title()
            if self.view is not None:
                self._presenter.show_step(self.view, self.estimate.total)

    @Slot(dict)
    def _on_changes_requested(self, changes: dict[str, object]) -> None:
        merge = next((name for name in ("bound_draws", "bound_pictures") if name in changes), None)
        self._session.update(merge=merge, **changes)

    @Slot(int, int)
    def _on_pixel_clicked(self, column: int, row: int) -> None:
        self._pixel = (column, row)
        self._show_view()

    @Slot(int, int)
    def _on_pixel_hovered(self, column: int, row: int) -> None:
        # The arrow keys move the marker; the mouse only passes over.
        if self.left.view.marker == (column, row) != self._pixel:
            self._on_pixel_clicked(column, row)

    @Slot(str)
    def _on_channel_selected(self, channel: str) -> None:
        self._channel = int(channel)
        self._show_view()

    @Slot(str)
    def _on_unit_selected(self, unit: str) -> None:
        self._unit = unit
        self._show_weights()

    @Slot(str)
    def _on_loss_scale_selected(self, scale: str) -> None:
        self._is_weighted = scale == "weighted"
        self._show_losses()

    @Slot(str)
    def _on_objective_chosen(self, objective: str) -> None:
        self._objective = Loss(objective)
        self._show_losses()

    @Slot()
    def _on_estimate_requested(self) -> None:
        self._estimate(anew=True)

    @Slot(int)
    def _on_timestep_requested(self, t: int) -> None:
        self._session.update(t=t)

    @Slot(float)
    def _on_place_requested(self, place: float) -> None:
        self._session.update(t=round(place))

    @Slot(str)
    def _on_picture_saved(self, path: str) -> None:
        self.noted.emit(f"Saved {path}")

    @Slot(str)
    def _on_save_failed(self, sentence: str) -> None:
        self.failed.emit("The picture was not saved", sentence)
