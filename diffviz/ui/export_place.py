"""Where an export goes: the save dialog, and the ending that belongs to a format."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from diffviz.export.settings import FORMATS
from diffviz.ui.save_dialog import ask_where_to_save
from diffviz.ui.widgets.export_choices import ExportChoices


def ending_of(choices: ExportChoices) -> str:
    """Ending of the file, with its dot; empty for a folder of pictures."""
    return ".png" if choices.is_strip else FORMATS[choices.format].suffix


def with_ending(path: Path, choices: ExportChoices) -> Path:
    """The path with the ending of its format; another format's ending gives way, other dots stay."""
    ending = ending_of(choices)
    known = {form.suffix for form in FORMATS.values()} | {".png"}
    if path.suffix.lower() == ending:
        return path
    if path.suffix.lower() in known - {""}:
        return path.with_suffix(ending)
    return path.with_name(path.name + ending)


def choose_export_path(parent: QWidget, suggestion: Path, choices: ExportChoices) -> Path | None:
    """
    Ask for a place to write to.

    Returns
    -------
    Path or None
        With the ending of the format; None where the user gave none.
    """
    ending = ending_of(choices)
    if ending:
        label = "PNG picture" if choices.is_strip else FORMATS[choices.format].label
        path = ask_where_to_save(parent, "Export", suggestion.name, {label: ending}, suggestion.parent)
        return with_ending(path, choices) if path is not None else None
    dialog = QFileDialog(parent, "Export numbered pictures to a new folder", str(suggestion.parent))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setLabelText(QFileDialog.DialogLabel.FileName, "Folder:")
    dialog.selectFile(suggestion.name)
    if not dialog.exec() or not dialog.selectedFiles():
        return None
    return with_ending(Path(dialog.selectedFiles()[0]), choices)
