"""Where a file is to go: the dialog that asks, and the folder that it begins in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

_FOLDER = "export/folder"


def ask_where_to_save(
    parent: QWidget, title: str, name: str, kinds: Mapping[str, str], folder: Path | None = None
) -> Path | None:
    """
    Ask for a place to write a file to.

    Parameters
    ----------
    parent
        The window or dialog that asks.
    title
        Of the dialog.
    name
        Suggested name of the file.
    kinds
        Words for each kind of file, and its ending with the dot; the first is chosen at the beginning.
    folder
        Where to begin; the folder that was saved to last without.

    Returns
    -------
    Path or None
        With an ending; None where the user gave no place.
    """
    settings = QSettings()
    dialog = QFileDialog(parent, title, str(folder or last_folder(settings)))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    endings = {f"{words} (*{ending})": ending for words, ending in kinds.items()}
    dialog.setNameFilters(list(endings))

    def add_ending_of(name_filter: str) -> None:
        dialog.setDefaultSuffix(endings[name_filter])

    # The ending is appended before the dialog asks whether to replace a file.
    add_ending_of(next(iter(endings)))
    dialog.filterSelected.connect(add_ending_of)
    dialog.selectFile(name)
    if not dialog.exec() or not dialog.selectedFiles():
        return None
    path = Path(dialog.selectedFiles()[0])
    remember_folder(settings, path.parent)
    return path


def last_folder(settings: QSettings) -> Path:
    """The folder that was saved to last, or the one for films."""
    stored = settings.value(_FOLDER)
    if isinstance(stored, str) and Path(stored).is_dir():
        return Path(stored)
    places = QStandardPaths.StandardLocation
    for place in (places.MoviesLocation, places.PicturesLocation):
        folder = Path(QStandardPaths.writableLocation(place))
        if folder.is_dir():
            return folder
    return Path.home()


def remember_folder(settings: QSettings, folder: Path) -> None:
    """Keep the folder that was saved to."""
    settings.setValue(_FOLDER, str(folder))
