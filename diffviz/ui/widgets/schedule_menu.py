"""The menu of the schedule panel: presets, import, export."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from diffviz.core.schedules import PRESETS
from diffviz.ui import theme

_EXPORTS = (
    ("csv", "Table as CSV…"),
    ("json", "Schedule as JSON…"),
    ("diffusers", "diffusers configuration…"),
)


class ScheduleMenu(QMenu):
    """
    Whole schedules to take, and files to read and write.

    Signals
    -------
    preset_chosen(object)
        The user took a preset: its ``ScheduleSpec``.
    import_chosen
        The user wants to read a file.
    export_chosen(str)
        The user wants to write "csv", "json" or "diffusers".
    copy_chosen
        The user wants the values of the curve on the clipboard.
    """

    preset_chosen = Signal(object)
    import_chosen = Signal()
    export_chosen = Signal(str)
    copy_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        presets = self.addMenu("Presets")
        for label, spec in PRESETS:
            presets.addAction(label).setData(spec)
        presets.triggered.connect(self._on_preset_triggered)
        self.addSeparator()
        self._import = self.addAction("Import a schedule…")
        self._import.setToolTip("CSV, JSON, or scheduler_config.json of diffusers")
        self._import.triggered.connect(lambda: self.import_chosen.emit())
        exports = self.addMenu("Export")
        for kind, label in _EXPORTS:
            exports.addAction(label).setData(kind)
        exports.triggered.connect(self._on_export_triggered)
        self._copy = self.addAction("Copy the curve's values")
        self._copy.triggered.connect(lambda: self.copy_chosen.emit())
        self.aboutToShow.connect(self._dress)

    def _dress(self) -> None:
        self._import.setIcon(theme.icon("download"))
        self._copy.setIcon(theme.icon("copy"))

    def _on_preset_triggered(self, action: QAction) -> None:
        self.preset_chosen.emit(action.data())

    def _on_export_triggered(self, action: QAction) -> None:
        self.export_chosen.emit(str(action.data()))
