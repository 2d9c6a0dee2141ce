"""The answers that guidance is made of, for the step under the playhead."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from diffviz.data.images import Pixels, image_grid, to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.forward_frames import noise_pixels
from diffviz.engine.guidance_parts import GuidanceAnswer, GuidanceParts, guidance_parts
from diffviz.engine.history import Run, Shows
from diffviz.engine.latest import LatestWorker
from diffviz.ui.widgets.choice_field import Choice
from diffviz.ui.widgets.columns_stage import Column, ColumnsStage
from diffviz.ui.workspaces.comparison_subject import maker_words
from diffviz.ui.workspaces.run_pictures import Pictures, difference_pixels

_SYMBOLS = {"x_0": "x̂_0", "noise": "ε̂"}


class GuidanceView(QObject):
    """
    Fills a stage with ε̂ (or x̂_0) without the class, with it, and guided.

    Signals
    -------
    failed(str, str)
        Headline and reason of a failure.
    """

    failed = Signal(str, str)

    def __init__(self, stage: ColumnsStage, shelf: DenoiserShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage, self._shelf = stage, shelf
        self._asked: tuple[str, int] | None = None
        self._answered: tuple[Run, int, GuidanceParts] | None = None
        self._shows: Shows = "noise"
        self._worker = LatestWorker(self)
        self._worker.answered.connect(self._on_answered)
        self._worker.failed.connect(self._on_failed)

    def choice(self, run: Run) -> Choice | None:
        """Offered where a run goes towards a class that its denoiser knows."""
        if run.request.class_index is None or run.context is None or not run.context.info.class_names:
            return None
        words = "The answers without the class, with it, and guided"
        return Choice("guidance", "Guidance", words)

    def title(self, run: Run) -> tuple[str, str]:
        """Name and detail for the bar above the stage."""
        return "What guidance is made of", f"on the steps of run {run.id}"

    def show(self, run: Run, t: int, shows: Shows) -> None:
        """Ask about the step of a run at time t; x̂_0 is shown where the strip shows it, ε̂ else."""
        frame = run.frame_at(t)
        if frame is None:
            self.leave()
            self._stage.set_columns([Column("", "", None)])
            self._stage.set_sentence("The run has not been here.")
            return
        self._shows = "x_0" if shows == "x_0" else "noise"
        question = (run.id, frame.t)
        if question == self._asked:
            self._show_answer()
            return
        self._asked = question
        request, shelf, x_t, at = run.request, self._shelf, frame.x_t, frame.t
        self._worker.ask((run, at), lambda: guidance_parts(request, shelf, x_t, at))

    def leave(self) -> None:
        """Take no late answers: something else is shown."""
        self._asked = self._answered = None

    def shutdown(self) -> None:
        """End the worker; the window is closing."""
        self._worker.shutdown()

    @Slot(object, object)
    def _on_answered(self, tag: tuple[Run, int], parts: GuidanceParts) -> None:
        run, t = tag
        if (run.id, t) == self._asked:
            self._answered = (run, t, parts)
            self._show_answer()

    def _show_answer(self) -> None:
        if self._answered is None:
            return
        run, t, parts = self._answered
        request, symbol = run.request, _SYMBOLS[self._shows]
        maker = maker_words(run)
        scale = "a scale of its own for each" if request.path_guidance is not None else ""
        answers = (
            ("No class", parts.unconditional, "unconditional"),
            ("Class", parts.conditional, "conditional"),
            ("Guided", parts.guided, scale or f"g = {request.guidance_scale:g}"),
        )
        columns = [
            Column(symbol, name, self._pixels(answer), f"{words} · {maker}", brief=words)
            for name, answer, words in answers
        ]
        guided, plain = (self._values(answer) for answer in (parts.guided, parts.unconditional))
        apart, largest = difference_pixels(plain, guided)
        columns.append(Column("", "Added", apart, f"brightest: {largest:.3g}", outline=None))
        self._stage.set_columns(columns)
        step = float(np.sqrt(np.mean((self._values(parts.conditional) - plain) ** 2)))
        whole = float(np.sqrt(np.mean((guided - plain) ** 2)))
        self._stage.set_sentence(
            f"At t = {t} the class changes ${symbol}$ by {step:.3g} (root mean square), and guidance makes "
            f"{whole:.3g} of it. Where it is added is shown at the right."
        )

    def _values(self, answer: GuidanceAnswer) -> Pictures:
        return answer.x_0 if self._shows == "x_0" else answer.noise

    def _pixels(self, answer: GuidanceAnswer) -> Pixels:
        pixels = to_uint8(answer.x_0) if self._shows == "x_0" else noise_pixels(answer.noise)
        return image_grid(list(pixels))

    @Slot(object, object)
    def _on_failed(self, tag: object, error: Exception) -> None:
        del tag
        self.failed.emit("The answers of the denoiser could not be had", str(error))
