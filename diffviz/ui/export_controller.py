"""Connects the export dialog with what is open: preview, estimate, and the job that writes the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QSettings, Signal, Slot
from PySide6.QtWidgets import QWidget

from diffviz.data.images import ImageReadError, Pixels
from diffviz.engine.export_scene import ExportFrames, Scene, SceneError, What, snapshot, thumbnail_shape
from diffviz.engine.export_sizes import ExportSize, SizeRule, nearest_size, next_size, usual_size
from diffviz.engine.export_task import (
    Direction,
    ExportRequest,
    ExportStep,
    animation_times,
    estimated_bytes,
    export_steps,
    strip_picture,
)
from diffviz.engine.history import Run, RunHistory
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner
from diffviz.engine.latest import LatestWorker
from diffviz.engine.outcome import JobOutcome, JobStatus
from diffviz.engine.session import Session, Workspace
from diffviz.export.animation import AnimationSettings, ExportError, encoders_available
from diffviz.export.frames import enlarge
from diffviz.ui.export_memory import recalled_choices, remember_choices
from diffviz.ui.export_place import choose_export_path, with_ending
from diffviz.ui.save_dialog import last_folder, remember_folder
from diffviz.ui.widgets.export_choices import ExportChoices, ExportOffer
from diffviz.ui.widgets.export_dialog import ExportDialog, size_text
from diffviz.ui.widgets.strip_pictures import shown_size

ChoosePath = Callable[[QWidget, Path, ExportChoices], Path | None]
_NO_RUN = "There is no reverse run yet: run the sampler in the Reverse workspace first."


class ExportController(QObject):
    """
    Opens the export dialog for what the session shows and does what it asks for.

    Parameters
    ----------
    session, images, history
        Where pictures, schedule and runs are.
    choose_path
        Asks the user for a place: gets the dialog, a suggestion and the choices; None where they give none.

    Signals
    -------
    noted(str)
        A file was saved; for the status line.
    failed(str, str)
        Headline and reason of what kept the dialog from opening.
    """

    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(
        self,
        session: Session,
        images: ImageStore,
        history: RunHistory,
        parent: QObject | None = None,
        *,
        choose_path: ChoosePath = choose_export_path,
    ) -> None:
        super().__init__(parent)
        self._session, self._images, self._history = session, images, history
        self.choose_path = choose_path
        self.dialog: ExportDialog | None = None
        self.runner = JobRunner(self)
        self._state = session.state
        self._run: Run | None = None
        self._target = Path()
        self._sizes: dict[tuple[Scene, SizeRule, int], ExportSize] = {}
        self._preview = LatestWorker(self)
        self._thumbnails = LatestWorker(self)
        self._sizing = LatestWorker(self)
        self._encoders = LatestWorker(self)
        # Each belongs to the thread of the worker of its name.
        self._preview_frames = ExportFrames(images)
        self._thumbnail_frames = ExportFrames(images)
        self._sizing_frames = ExportFrames(images)
        self._preview.answered.connect(self._on_previewed)
        self._preview.failed.connect(self._on_preview_failed)
        self._thumbnails.answered.connect(self._on_thumbnails_made)
        self._encoders.answered.connect(self._on_encoders_known)
        self._sizing.answered.connect(self._on_estimated)
        self._sizing.failed.connect(self._on_estimate_failed)
        self.runner.available.connect(self._on_steps_available)
        self.runner.ended.connect(self._on_export_ended)

    @Slot(QWidget)
    def open(self, parent: QWidget) -> None:
        """Show the dialog over a window, for the picture, schedule and run that are open now."""
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return
        self._state = self._session.state
        self._sizes.clear()
        run = self._history.current
        has_run = run is not None and run.context is not None and bool(run.steps)
        self._run = snapshot(run) if run is not None and has_run else None
        try:
            offer = self._offer()
            dialog = ExportDialog(offer, recalled_choices(QSettings(), self._usual_what(), offer), parent)
        except (ImageReadError, KeyError) as error:
            self.failed.emit("The export could not be prepared", str(error))
            return
        self.dialog = dialog
        dialog.frame_wanted.connect(self._on_frame_wanted)
        dialog.thumbnails_wanted.connect(self._on_thumbnails_wanted)
        dialog.estimate_wanted.connect(self._on_estimate_wanted)
        dialog.export_requested.connect(self._on_export_requested)
        dialog.cancel_requested.connect(self.runner.cancel)
        dialog.finished.connect(self._on_dialog_finished)
        self._show_present_time(dialog)
        # Asking for encoders loads them, which takes too long for the window's own thread.
        self._encoders.ask(dialog, encoders_available)
        dialog.open()

    def _show_present_time(self, dialog: ExportDialog) -> None:
        """Begin the preview where the playhead stands."""
        times = self._request(dialog.choices, Path("preview")).times
        nearest = min(range(len(times)), key=lambda index: abs(times[index] - self._state.t))
        dialog.preview.set_frame(nearest)

    def shutdown(self) -> None:
        """Stop an export under way and end the workers; the window is closing."""
        self.runner.shutdown()
        for worker in (self._preview, self._thumbnails, self._sizing, self._encoders):
            worker.shutdown()
        if self.dialog is not None:
            self.dialog.reject()

    @Slot(object, object)
    def _on_encoders_known(self, dialog: object, reasons: dict[str, str | None]) -> None:
        missing = {key: reason for key, reason in reasons.items() if reason is not None}
        if self.dialog is not None and dialog is self.dialog and missing:
            self.dialog.fields.set_missing(missing)

    # What there is, and what was chosen of it

    def _usual_what(self) -> What:
        is_reverse = self._state.workspace is Workspace.REVERSE and self._run is not None
        return "reverse" if is_reverse else "forward"

    def _offer(self) -> ExportOffer:
        total = self._state.num_timesteps
        limits, lengths = {"forward": (0, total)}, {"forward": total}
        unavailable = {"reverse": _NO_RUN, "both": _NO_RUN, "samples": _NO_RUN} if self._run is None else {}
        if self._run is not None:
            steps = self._run.steps
            for what in ("reverse", "both"):
                limits[what] = (steps[-1].s, steps[0].t)
                lengths[what] = self._run.request.schedule.num_timesteps
            count = self._run.request.num_samples
            if count > 1:
                limits["samples"], lengths["samples"] = (0, count - 1), count - 1
            else:
                unavailable["samples"] = "The run has a single sample"
        return ExportOffer(limits, lengths, self._size_of, self._next_width, unavailable)

    def _sized(self, choices: ExportChoices) -> ExportSize:
        """The scene of some choices at its size; kept, because dragging a handle asks many times."""
        scene, rule = self._scene(choices), _rule(choices)
        key = (scene, rule, choices.width)
        found = self._sizes.get(key)
        if found is None:
            if choices.width:
                found = nearest_size(scene, self._images, rule, choices.width)
            else:
                found = usual_size(scene, self._images, rule)
            self._sizes[key] = found
        return found

    def _size_of(self, choices: ExportChoices) -> tuple[int, int, str]:
        sized = self._sized(choices)
        note = ""
        if sized.scene.size is not None:
            height, width = sized.scene.size
            note = f"The picture is reduced to {width} × {height} before noise is added."
        return sized.width, sized.height, note

    def _next_width(self, choices: ExportChoices, direction: int) -> int:
        scene, rule = self._scene(choices), _rule(choices)
        return next_size(scene, self._images, rule, choices.width, direction).width

    def _scene(self, choices: ExportChoices) -> Scene:
        """The scene of some choices, at no size yet."""
        return Scene(
            cast("What", choices.what),
            choices.picture,
            self._state,
            self._run if choices.what != "forward" else None,
            is_smooth=choices.is_smooth,
            captions=choices.captions,
        )

    def _request(self, choices: ExportChoices, path: Path, scene: Scene | None = None) -> ExportRequest:
        direction = cast("Direction", choices.direction)
        settings = AnimationSettings(
            path,
            format="png" if choices.is_strip else choices.format,
            frame_rate_fps=choices.frame_rate_fps,
            loop=choices.loop,
            hold_last_s=choices.hold_last_s,
            exact_colour=choices.keeps_colour,
        )
        return ExportRequest(
            scene or self._sized(choices).scene,
            animation_times(choices.first_t, choices.last_t, choices.count, direction),
            settings,
            choices.is_strip,
        )

    # Preview, thumbnails, estimate: each in a thread that works on the newest question

    @Slot(int)
    def _on_frame_wanted(self, index: int) -> None:
        if self.dialog is None:
            return
        choices = self.dialog.choices
        room = self.dialog.preview.room()
        scene = self._scene_for_room(choices, room)
        request = self._request(choices, Path("preview"), scene)
        frames = self._preview_frames
        if choices.is_strip:
            self._preview.ask(self.dialog, lambda: _within(strip_picture(request, frames), room))
        else:
            t = request.times[min(index, len(request.times) - 1)]
            self._preview.ask(self.dialog, lambda: _within(frames.frame(scene, t), room))

    def _scene_for_room(self, choices: ExportChoices, room: tuple[int, int]) -> Scene:
        """The scene no larger than it is seen, so that a large export has a quick preview."""
        sized = self._sized(choices)
        share = min(1.0, room[0] / sized.width, room[1] / sized.height)
        scale = sized.scene.scale * share
        if not choices.is_smooth:
            scale = max(1, int(scale + 1e-6))
        return replace(sized.scene, scale=scale)

    @Slot(object, object)
    def _on_previewed(self, dialog: object, pixels: Pixels) -> None:
        if self.dialog is not None and dialog is self.dialog:
            self.dialog.preview.show_frame(pixels)

    @Slot(object, object)
    def _on_preview_failed(self, dialog: object, error: Exception) -> None:
        if self.dialog is not None and dialog is self.dialog:
            self.dialog.preview.show_sentence(str(error))

    @Slot()
    def _on_thumbnails_wanted(self) -> None:
        if self.dialog is None:
            return
        strip = self.dialog.fields.range
        scene, frames = self._scene(self.dialog.choices), self._thumbnail_frames
        height, width = thumbnail_shape(scene, self._images)
        times, cell = strip.cells_for(width / height)
        small_width, small_height = shown_size(width, height, *cell)
        size = (small_height, small_width)
        strip.clear_thumbnails()
        self._thumbnails.ask((self.dialog, scene), lambda: [frames.thumbnail(scene, t, size) for t in times])

    @Slot(object, object)
    def _on_thumbnails_made(self, tag: tuple[ExportDialog, Scene], pictures: list[Pixels]) -> None:
        if self.dialog is not None and tag[0] is self.dialog:
            self.dialog.show_thumbnails(pictures)

    @Slot()
    def _on_estimate_wanted(self) -> None:
        if self.dialog is None or self.dialog.is_exporting:
            return
        choices, frames = self.dialog.choices, self._sizing_frames
        request = self._request(choices, Path("estimate"))
        self._sizing.ask((self.dialog, choices), lambda: estimated_bytes(request, frames))

    @Slot(object, object)
    def _on_estimated(self, tag: tuple[ExportDialog, ExportChoices], num_bytes: int) -> None:
        if self.dialog is not None and tag == (self.dialog, self.dialog.choices):
            self.dialog.show_estimate(num_bytes)

    @Slot(object, object)
    def _on_estimate_failed(self, tag: tuple[ExportDialog, ExportChoices], error: Exception) -> None:
        if self.dialog is not None and tag == (self.dialog, self.dialog.choices):
            self.dialog.show_no_estimate(f"The size is not known: {error}")

    # The export itself

    @Slot(object)
    def _on_export_requested(self, choices: ExportChoices) -> None:
        if self.dialog is None:
            return
        settings = QSettings()
        suggestion = last_folder(settings) / with_ending(Path(self._suggested_stem(choices)), choices)
        path = self.choose_path(self.dialog, suggestion, choices)
        if path is None:
            return
        try:
            request = self._request(choices, path)
        except ExportError as error:
            self.dialog.show_problem(str(error))
            return
        remember_choices(settings, self.dialog.fields.lasting_choices, self.dialog.fields.is_whole_range)
        remember_folder(settings, path.parent)
        self._target = path
        images = self._images
        self.dialog.begin_export(path.name)
        self.runner.start(lambda: export_steps(request, images), name="The export")

    @Slot()
    def _on_steps_available(self) -> None:
        steps = [record for record in self.runner.drain() if isinstance(record, ExportStep)]
        if self.dialog is None or not steps:
            return
        step, pace = steps[-1], self.runner.seconds_per_step
        left = None if pace is None or step.index < 2 else pace * (step.count - step.index)
        self.dialog.show_progress(step.index, step.count, step.bytes_written, left)

    @Slot(object)
    def _on_export_ended(self, outcome: JobOutcome) -> None:
        self._on_steps_available()
        if self.dialog is None:
            return
        self.dialog.end_export()
        if outcome.status is JobStatus.SUCCEEDED:
            self.dialog.accept()
            size = size_text(_bytes_of(self._target))
            self.noted.emit(f"Saved {self._target.name}, {size} · {self._target.parent}")
        elif outcome.status is JobStatus.CANCELLED:
            self.dialog.show_note("The export was stopped; nothing of it was left behind.")
        elif isinstance(outcome.error, (ExportError, SceneError, ImageReadError)):
            self.dialog.show_problem(str(outcome.error))
        else:
            self.dialog.show_problem(outcome.message())

    @Slot(int)
    def _on_dialog_finished(self, result: int) -> None:
        del result
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
            # The run may be large, and the session may let go of it.
            self._run = None
            self._sizes.clear()

    def _suggested_stem(self, choices: ExportChoices) -> str:
        origin, _, name = self._state.image.partition(":")
        picture = {"sample": name, "file": Path(name).stem}.get(origin, "picture")
        if choices.what == "reverse" and self._run is not None and self._run.request.start_image is None:
            return f"reverse-run-{self._run.id}"
        return f"{picture}-{choices.what if choices.what != 'both' else 'forward-and-reverse'}"


def _within(pixels: Pixels, room: tuple[int, int]) -> Pixels:
    """Pixels no larger than the room (width, height), reduced in the thread that made them."""
    share = min(room[0] / pixels.shape[1], room[1] / pixels.shape[0])
    return enlarge(pixels, share, smooth=True) if share < 1 else pixels


def _rule(choices: ExportChoices) -> SizeRule:
    return SizeRule(not choices.keeps_colour, choices.num_pictures if choices.is_strip else 1)


def _bytes_of(path: Path) -> int:
    if path.is_dir():
        return sum(entry.stat().st_size for entry in path.iterdir())
    return path.stat().st_size
