"""The samples of a run in a row: along a path, over guidance scales, or each from noise of its own."""

from __future__ import annotations

from PySide6.QtCore import QObject

from diffviz.data.images import to_uint8
from diffviz.engine.forward_frames import noise_pixels
from diffviz.engine.history import Run, Shows
from diffviz.engine.request import ReverseRequest
from diffviz.engine.run_words import run_words, sample_names
from diffviz.ui.widgets.moment_strip import MomentCell
from diffviz.ui.widgets.samples_stage import SamplesStage
from diffviz.ui.workspaces.comparison_subject import maker_words

_SYMBOLS = {"x_t": "x_t", "x_0": "x̂_0", "noise": "ε̂"}


class SamplesView(QObject):
    """Fills a stage with the samples of a run at one time."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stage = SamplesStage()
        self._shown: tuple[object, ...] | None = None

    def title(self, run: Run | None) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        return ("No run yet", "") if run is None else (f"Samples of run {run.id}", run_words(run))

    def show(self, run: Run | None, t: int, shows: Shows | str) -> None:
        """Show the samples of a run at time t."""
        frame = run.frame_at(t) if run is not None else None
        if run is None or frame is None:
            self._shown = None
            self.stage.set_samples((), _SYMBOLS[shows], None)
            words = "Press Run to start from noise" if run is None or not run.steps else "Not sampled yet"
            self.stage.set_words("", words)
            return
        # While they play nothing else changes, and 64 samples need not be drawn anew.
        if self._shown == (run, frame.t, frame.step, shows):
            return
        self._shown = (run, frame.t, frame.step, shows)
        pictures = frame.pictures(shows)  # type: ignore[arg-type]
        pixels = noise_pixels(pictures) if shows == "noise" else to_uint8(pictures)
        names = sample_names(run.request)
        cells = [
            MomentCell(short, f"{long} · t = {frame.t}", one)
            for (short, long), one in zip(names, pixels, strict=True)
        ]
        self.stage.set_samples(cells, _SYMBOLS[shows], None if shows == "x_t" else "model")
        self.stage.set_words(f"{_lesson(run.request)} [text3]{maker_words(run)}[/]".strip(), "")

    def leave(self) -> None:
        """Something else is shown."""
        self.stage.playback.stop()


def _lesson(request: ReverseRequest) -> str:
    """What tells the samples apart."""
    if isinstance(request.guidance_scales, tuple):
        return "All samples have the same noise; only the guidance scale $g$ differs."
    if request.path_image is not None:
        return "From what one picture comes from to what the other one does, on the sphere of noises."
    if request.is_path:
        return "From one noise to another on the sphere of noises; all steps draw the same noise."
    if request.num_samples == 1:
        return "A single sample. Choose more samples, or let them lead to other noise."
    return "Every sample has noise of its own."
