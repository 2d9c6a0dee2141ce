"""The forward workspace: a picture dissolves into noise, at any time, as an equation in pictures."""

from __future__ import annotations

import math
import secrets

from PySide6.QtCore import QObject, QRect, QTimer, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.core.schedules import build_schedule
from diffviz.data.images import LoadedImage
from diffviz.engine.forward_frames import ForwardFrames, ForwardPictures, read_frame
from diffviz.engine.images import ImageStore
from diffviz.engine.latest import LatestWorker
from diffviz.engine.session import Session, SessionState
from diffviz.ui.symbol_links import SymbolLinks
from diffviz.ui.targets import Target, picture_of
from diffviz.ui.widgets.background_button import BackgroundButton
from diffviz.ui.widgets.curve_view import CurveView
from diffviz.ui.widgets.equation_stage import EquationStage
from diffviz.ui.widgets.formula_line import FormulaLine
from diffviz.ui.widgets.forward_formula import closed_form, one_step
from diffviz.ui.widgets.forward_inspector import MAX_SEED, ForwardInspector, StepReadings
from diffviz.ui.widgets.gallery import Gallery
from diffviz.ui.widgets.segmented import Segment
from diffviz.ui.widgets.stage_bar import StageBar
from diffviz.ui.widgets.timeline import Timeline
from diffviz.ui.workspaces.gallery_filler import GalleryFiller

_READ_AFTER_MS = 50
_CELLS_PER_TURN = 2
_MODES = (
    Segment("equation", "Equation", "x_t as the weighted sum of image and noise"),
    Segment("step", "One step", "x_t as the frame before plus what step t adds"),
    Segment("single", "Single", "x_t alone, large"),
    Segment("compare", "A / B", "Clean and noisy image with a divider to drag"),
)
_SOURCE_FIELDS = ("image", "schedule", "seed", "noise_mode")


class ForwardWorkspace(QObject):
    """
    Shows the forward process of the session and turns what the user does there into session changes.

    Two clocks: pictures follow the playhead at once, read-outs a moment after it rests, so that dragging
    stays smooth on large pictures.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure.
    """

    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, session: Session, images: ImageStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._frames = ForwardFrames(images)
        self._worker_frames = ForwardFrames(images)
        self._worker = LatestWorker(self)
        self._shown: tuple[SessionState, ForwardPictures] | None = None
        self._named: LoadedImage | None = None
        self._is_active = False
        self._cells_to_fill: list[int] = []
        self._mode = "equation"
        self._build()
        self._connect()

    def _build(self) -> None:
        self.bar = StageBar("image", _MODES)
        self.background = BackgroundButton()
        self.bar.add_widget(self.background)
        self.stage = EquationStage()
        self.formula = FormulaLine("The forward process as a formula")
        self.gallery = Gallery()
        self._gallery_filler = GalleryFiller(self.gallery, self._session, self._images, self)
        self.centre = QWidget()
        column = QVBoxLayout(self.centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.stage, 1)
        column.addWidget(self.formula)
        column.addWidget(self.gallery)
        self.panel = ForwardInspector()
        self.links = self._link_symbols()
        self.timeline = Timeline()
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(_READ_AFTER_MS)
        self._filling = QTimer(self)
        self._filling.setInterval(0)

    def _link_symbols(self) -> SymbolLinks:
        stage, read_outs, kernel = self.stage, self.panel.read_outs, self.panel.kernel
        return SymbolLinks(
            self.formula,
            {
                "x_t": [picture_of(stage.hero)],
                "before": [picture_of(stage.clean)],
                "noise": [picture_of(stage.noise)],
                "signal": [
                    Target(stage, lambda: stage.term_place("signal")),
                    Target(read_outs, lambda: self._read_out_place("Signal left $ᾱ_t$")),
                    Target(kernel, lambda: self._kernel_place("Mean")),
                ],
                "noise_level": [
                    Target(stage, lambda: stage.term_place("noise")),
                    Target(read_outs, lambda: self._read_out_place("Noise level $σ_t$")),
                    Target(kernel, lambda: self._kernel_place("Variance $β_t$")),
                ],
            },
        )

    def link_curve(self, curve: CurveView) -> None:
        """Link the dot on the curve of the schedule to the weight that this curve tells."""

        def dot(*, of_noise: bool) -> QRect:
            return curve.now_place() if (curve.quantity.key == "sigma") is of_noise else QRect()

        self.links.add("signal", Target(curve, lambda: dot(of_noise=False)))
        self.links.add("noise_level", Target(curve, lambda: dot(of_noise=True)))

    def _read_out_place(self, label: str) -> QRect:
        """Place of a read-out of the whole chain up to t."""
        return QRect() if self._mode == "step" else self.panel.read_outs.cell_place(label)

    def _kernel_place(self, label: str) -> QRect:
        """Place of a read-out of one step."""
        return self.panel.kernel.cell_place(label) if self._mode == "step" else QRect()

    def _connect(self) -> None:
        self._session.changed.connect(self._on_session_changed)
        self._images.changed.connect(self._on_images_changed)
        self._worker.answered.connect(self._on_worker_answered)
        self._worker.failed.connect(self._on_worker_failed)
        self._reading.timeout.connect(self._on_reading_timeout)
        self._filling.timeout.connect(self._on_filling_timeout)
        self.bar.mode_selected.connect(self.set_mode)
        self.stage.picture_saved.connect(self._on_picture_saved)
        self.stage.save_failed.connect(self._on_save_failed)
        self.stage.set_pixel_probe(self._probe)
        self.background.background_chosen.connect(self.set_background)
        self.gallery.picture_chosen.connect(self._on_picture_chosen)
        self.panel.mode_selected.connect(self._on_noise_mode_selected)
        self.panel.seed_edited.connect(self._on_seed_edited)
        self.panel.new_noise_requested.connect(self.draw_new_noise)
        self.timeline.timestep_requested.connect(self._on_timestep_requested)
        self.timeline.cells_changed.connect(self._on_cells_changed)

    # What the window asks for

    def activate(self) -> None:
        """Become the workspace that is seen; catch up with what changed meanwhile."""
        self._is_active = True
        self._show_everything()

    def deactivate(self) -> None:
        """Rest while another workspace is seen."""
        self._is_active = False
        self.timeline.stop()
        self._filling.stop()
        self._reading.stop()

    def shutdown(self) -> None:
        """End the worker; the window is closing."""
        self.deactivate()
        self._worker.shutdown()
        self._gallery_filler.shutdown()

    def set_compact(self, compact: bool) -> None:
        """Make room in a low window: the gallery hides, the strip shrinks."""
        self.gallery.setVisible(not compact)
        self.formula.set_compact(compact)
        self.timeline.set_compact(compact)

    @Slot(str)
    def set_mode(self, mode: str) -> None:
        """Show "equation", "step", "single" or "compare"."""
        self.bar.modes.set_current(mode)
        self._mode = mode
        as_step = mode == "step"
        if as_step:
            self.stage.clean.set_title("x_{t−1}", "Frame before", short_name="Before")
            self.stage.noise.set_title("z_t", "Step noise", short_name="Step")
        else:
            self.stage.clean.set_title("x_0", "Clean image", short_name="Image")
            self.stage.noise.set_title("ε", "Gaussian noise", short_name="Noise")
        self.stage.set_mode("equation" if as_step else mode)  # type: ignore[arg-type]
        self._show_frame(all_three=True)

    @Slot()
    def draw_new_noise(self) -> None:
        """Take another seed."""
        self._session.update(seed=secrets.randbelow(MAX_SEED))

    @Slot(object)
    def set_background(self, background: tuple[int, int, int]) -> None:
        """Lay the transparent parts of pictures over another colour."""
        self._images.set_background(background)
        self.noted.emit(f"Transparent parts lie over #{bytes(background).hex()}")

    @Slot()
    def toggle_play(self) -> None:
        """Play or pause."""
        self.timeline.toggle_play()

    # From the session to the screen

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if not self._is_active:
            return
        if old.schedule != new.schedule:
            self.timeline.set_alphas_cumprod(build_schedule(new.schedule).alphas_cumprod)
        if (old.noise_mode, old.seed) != (new.noise_mode, new.seed):
            self.panel.show_noise(new.noise_mode, new.seed)
        if old.image != new.image:
            self._show_picture_name()
        is_fresh = any(getattr(old, name) != getattr(new, name) for name in _SOURCE_FIELDS)
        if is_fresh or old.t != new.t:
            self._show_frame(all_three=is_fresh)
        self.timeline.set_t(new.t)
        if is_fresh:
            self._refill_cells(keep=old.image == new.image)

    def _show_everything(self) -> None:
        state = self._session.state
        self.timeline.set_alphas_cumprod(build_schedule(state.schedule).alphas_cumprod)
        self.timeline.set_t(state.t)
        self.panel.show_noise(state.noise_mode, state.seed)
        self._show_picture_name()
        self._show_frame(all_three=True)
        self._refill_cells(keep=False)

    @Slot()
    def _on_images_changed(self) -> None:
        if self._is_active and self._images.load(self._session.state.image) is not self._named:
            # The picture on the stage was read anew from its file.
            self._show_picture_name()
            self._show_frame(all_three=True)
            self._refill_cells(keep=False)

    def _show_picture_name(self) -> None:
        key = self._session.state.image
        picture = self._named = self._images.load(key)
        height, width, channels = picture.x_0.shape
        detail = f"{width} × {height} {'RGB' if channels == 3 else 'grey'}"
        self.bar.set_title(picture.name, f"{detail} · {picture.note}" if picture.note else detail)
        self.background.setVisible(picture.has_alpha)
        self.background.set_background(self._images.background)
        self.gallery.set_current(key)
        self.stage.hero.set_file_name(f"{picture.name} noisy")

    def _show_frame(self, *, all_three: bool) -> None:
        """Show x_t; ``all_three`` if more than t changed, so that the other pictures are others too."""
        state = self._session.state
        as_step = self._mode == "step"
        if self._frames.is_quick(state, as_step=as_step):
            answer = (
                self._frames.step(state) if as_step else self._frames.equation(state, all_three=all_three)
            )
            self._show_answer(state, answer)
        else:
            frames = self._worker_frames
            # Bound to this state alone: the worker must not read what the window goes on changing.
            self._worker.ask(
                (state, self._mode),
                (lambda: frames.step(state)) if as_step else (lambda: frames.equation(state, all_three=True)),
            )

    @Slot(object, object)
    def _on_worker_answered(self, tag: tuple[SessionState, str], answer: ForwardPictures) -> None:
        state, mode = tag
        now = self._session.state
        is_same_source = all(getattr(state, name) == getattr(now, name) for name in _SOURCE_FIELDS)
        # A late answer to an earlier t is shown all the same: while scrubbing, a little behind beats nothing.
        if self._is_active and mode == self._mode and is_same_source:
            self._show_answer(state, answer)

    @Slot(object, object)
    def _on_worker_failed(self, tag: object, error: Exception) -> None:
        del tag
        self.failed.emit("The frame could not be computed", str(error))

    def _show_answer(self, state: SessionState, answer: ForwardPictures) -> None:
        """Show pictures, x_t first and at once, and the numbers that belong to them."""
        self._shown = (state, answer)
        schedule = build_schedule(state.schedule)
        level = schedule.level(state.t)
        alpha, beta = float(schedule.alphas[state.t]), float(schedule.betas[state.t])
        self.stage.set_step(state.t)
        self.stage.set_pictures(answer.hero, answer.first, answer.second)
        as_step = self._mode == "step"
        weights = (
            (math.sqrt(alpha), math.sqrt(beta))
            if as_step
            else (level.sqrt_alpha_cumprod, level.sqrt_one_minus_alpha_cumprod)
        )
        self.stage.set_coefficients(*weights)
        self.formula.set_formula((one_step if as_step else closed_form)(state.t, *weights))
        self.panel.show_step(
            StepReadings(
                t=state.t,
                alpha_cumprod=level.alpha_cumprod,
                sigma=level.sqrt_one_minus_alpha_cumprod,
                snr=level.snr,
                ou_time=float(schedule.ou_time[state.t]),
                ou_step=float(schedule.ou_dt[state.t]),
                sqrt_alpha=math.sqrt(alpha),
                beta=beta,
            ),
            state.noise_mode,
        )
        self._reading.start()

    @Slot()
    def _on_reading_timeout(self) -> None:
        """Measure the frame that is shown, now that the playhead rests."""
        if self._shown is None:
            return
        state, answer = self._shown
        level = build_schedule(state.schedule).level(state.t)
        readings = read_frame(answer, self._images.x_0(state.image), level)
        self.panel.show_pixels(readings.mean, readings.std, readings.psnr_db, readings.values)

    def _probe(self, column: int, row: int, channel: int) -> tuple[float, float, float] | None:
        if self._shown is None:
            return None
        answer = self._shown[1]
        height, width, channels = answer.terms[0].shape
        if column >= width or row >= height or channel >= channels:
            return None
        return answer.values_at((row, column, channel))

    # The filmstrip

    @Slot()
    def _on_cells_changed(self) -> None:
        if self._is_active:
            self._refill_cells(keep=True)

    def _refill_cells(self, *, keep: bool) -> None:
        """Draw all cells again, a few at a time so that the window stays quick."""
        if not keep:
            self.timeline.clear_thumbnails(0)
        self._cells_to_fill = list(range(len(self.timeline.cell_times())))
        self._filling.start()

    @Slot()
    def _on_filling_timeout(self) -> None:
        state = self._session.state
        times = self.timeline.cell_times()
        height, width = self._images.x_0(state.image).shape[:2]
        small_width, small_height = self.timeline.thumbnail_size(width, height)
        for _ in range(_CELLS_PER_TURN):
            if not self._cells_to_fill:
                self._filling.stop()
                return
            cell = self._cells_to_fill.pop(0)
            if cell < len(times):
                picture = self._frames.thumbnail(state, times[cell], (small_height, small_width))
                self.timeline.set_thumbnail(0, cell, picture)

    # From the user to the session

    @Slot(int)
    def _on_timestep_requested(self, t: int) -> None:
        self._session.update(t=t)

    @Slot(str)
    def _on_picture_chosen(self, key: str) -> None:
        self._session.update(image=key)

    @Slot(str)
    def _on_noise_mode_selected(self, mode: str) -> None:
        self._session.update(noise_mode=mode)

    @Slot(int)
    def _on_seed_edited(self, seed: int) -> None:
        self._session.update(seed=seed, merge="seed")

    @Slot(str)
    def _on_picture_saved(self, path: str) -> None:
        self.noted.emit(f"Saved {path}")

    @Slot(str)
    def _on_save_failed(self, sentence: str) -> None:
        self.failed.emit("The picture was not saved", sentence)
