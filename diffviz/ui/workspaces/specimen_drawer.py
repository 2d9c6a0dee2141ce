"""Takes pictures out of a denoiser's data set, to be looked at as if they had been opened."""

from __future__ import annotations

import secrets
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner
from diffviz.engine.outcome import JobOutcome, JobStatus
from diffviz.engine.session import Session
from diffviz.engine.theory_question import TheoryQuestion
from diffviz.engine.theory_tasks import RealPicture, real_picture
from diffviz.ui.widgets.forward_inspector import MAX_SEED

__all__ = ["SpecimenDrawer"]


class SpecimenDrawer(QObject):
    """
    Adds one picture of the data set to the gallery and makes it the session's.

    Signals
    -------
    noted(str)
        A picture was taken.
    failed(str, str)
        Headline and reason of a failure.
    """

    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(
        self, session: Session, images: ImageStore, shelf: DenoiserShelf, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._images, self._shelf = session, images, shelf
        self._runner = JobRunner(self)
        self._runner.available.connect(self._on_available)
        self._runner.ended.connect(self._on_ended)

    @Slot()
    def draw(self) -> None:
        """Take a picture of the data set of the session's denoiser."""
        request = TheoryQuestion.from_state(self._session.state, self._images).request
        seed = secrets.randbelow(MAX_SEED)
        self._runner.start(partial(real_picture, request, seed, self._shelf), name="Reading the data set")

    def shutdown(self) -> None:
        """End the worker."""
        self._runner.shutdown()

    @Slot()
    def _on_available(self) -> None:
        for record in self._runner.drain():
            if isinstance(record, RealPicture):
                named = record.class_name
                self._session.update(
                    image=self._images.add_paste(record.pixels, record.title, class_name=named)
                )
                self.noted.emit(f"Took {record.title}{f', {named}' if named else ''}")

    @Slot(object)
    def _on_ended(self, outcome: JobOutcome) -> None:
        if outcome.status is JobStatus.FAILED:
            self.failed.emit(outcome.headline, f"{outcome.reason.rstrip('.')}. {outcome.hint}".strip())
