"""Sessions kept in files: saved, opened in a thread, taken over with what is found of their pictures."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from diffviz.data.images import ImageReadError, to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.job import JobRunner
from diffviz.engine.lab_denoisers import point_networks
from diffviz.engine.lab_spec import EXACT, LIVE
from diffviz.engine.outcome import JobOutcome
from diffviz.engine.session import Session
from diffviz.engine.session_file import SUFFIX, PictureRead, SessionRead, read_session, session_text
from diffviz.engine.state import SessionState
from diffviz.export.whole_file import ExportError, whole_file
from diffviz.ui.save_dialog import ask_where_to_save

_OWN = ("device",)


class SessionFiles(QObject):
    """
    Saves the session and opens others.

    Signals
    -------
    noted(str)
        Something was saved or opened.
    failed(str, str)
        Headline and reason; nothing has changed.
    opening()
        A session is about to take the place of this one.
    named(str)
        The session is kept under this name now.
    """

    noted = Signal(str)
    failed = Signal(str, str)
    opening = Signal()
    named = Signal(str)

    def __init__(self, session: Session, images: ImageStore, shelf: DenoiserShelf, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._images = images
        self._shelf = shelf
        self._window = parent
        self._path: Path | None = None
        self._runner = JobRunner(self)
        self._runner.ended.connect(self._on_ended)

    def shutdown(self) -> None:
        """Stop reading; the window is closing."""
        self._runner.shutdown()

    @Slot()
    def save(self) -> None:
        """Write the session to its file; ask for one where it has none."""
        if self._path is None:
            self.save_as()
        else:
            self.save_to(self._path)

    @Slot()
    def save_as(self) -> None:
        """Ask for a file and write the session to it."""
        name = self._path.name if self._path is not None else f"Session{SUFFIX}"
        kinds = {"diffviz session": SUFFIX}
        path = ask_where_to_save(self._window, "Save session", name, kinds)
        if path is not None:
            self.save_to(path)

    def save_to(self, path: Path) -> None:
        """Write the session, beside its place and moved in."""
        try:
            text = session_text(self._session.state, self._images)
            with whole_file(path) as stream:
                stream.write(text.encode())
        except (ExportError, ImageReadError) as error:
            self.failed.emit("The session could not be saved", str(error))
            return
        self._become(path)
        self.noted.emit(f"Saved {path.name}")

    def open(self, path: Path) -> None:
        """Read a session and take it over; undo brings the one before back."""
        self._runner.start(partial(read_session, path), name="Opening", tag=path)

    @Slot(object)
    def _on_ended(self, outcome: JobOutcome) -> None:
        records = self._runner.drain()
        path = self._runner.tag
        if outcome.error is not None:
            self.failed.emit("The session could not be opened", str(outcome.error))
        elif records and isinstance(path, Path):
            self._take(path, records)

    def _take(self, path: Path, records: list[object]) -> None:
        settings = next(record for record in records if isinstance(record, SessionRead))
        self.opening.emit()
        self._images.set_background(settings.background)
        pictures = [record for record in records if isinstance(record, PictureRead)]
        known = {picture.key: self._add(picture) for picture in pictures if picture.loaded is not None}
        state, lost = self._possible(settings.state, known)
        lost += [picture.error for picture in pictures if picture.loaded is None]
        changes = {f.name: getattr(state, f.name) for f in fields(SessionState) if f.name not in _OWN}
        self._session.update(**changes)
        self._become(path)
        self.noted.emit(f"Opened {path.name}")
        if lost:
            self.failed.emit(f"{path.name} was opened without all that belongs to it", " ".join(lost))

    def _add(self, picture: PictureRead) -> str:
        assert picture.loaded is not None
        if picture.path is not None:
            return self._images.add_loaded(picture.path, picture.loaded)
        loaded = picture.loaded
        return self._images.add_paste(to_uint8(loaded.x_0), loaded.name, class_name=picture.class_name)

    def _possible(self, state: SessionState, known: dict[str, str]) -> tuple[SessionState, list[str]]:
        """The state with keys that exist here, and sentences on what does not."""
        lost = []
        own = self._session.state
        image = known.get(state.image, state.image)
        state = replace(state, image=image if image in self._images else own.image)
        if state.path_image is not None:
            path_image = known.get(state.path_image, state.path_image)
            state = replace(state, path_image=path_image if path_image in self._images else None)
        keys = {info.key for info in self._shelf.infos(state.exact_size)}
        if state.denoiser not in keys:
            lost.append(f"The network “{state.denoiser}” is not on this computer.")
            state = replace(state, denoiser=SessionState().denoiser, class_index=None)
        if state.lab.denoiser not in {EXACT, *(info.key for info in point_networks())}:
            # The network in training is kept with its run, not with the session.
            if state.lab.denoiser != LIVE:
                lost.append(f"The lab's network “{state.lab.denoiser}” is not on this computer.")
            state = replace(state, lab=replace(state.lab, denoiser=EXACT))
        return state, lost

    def _become(self, path: Path) -> None:
        self._path = path
        self.named.emit(path.stem)
