"""Between the schedule panel and the session: one panel serves every workspace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from diffviz.core.schedule_lint import lint
from diffviz.core.schedules import SCHEDULE_KINDS, ScheduleError, ScheduleSpec, build_schedule
from diffviz.data.schedule_files import (
    ScheduleFileError,
    read_schedule,
    write_diffusers_config,
    write_schedule,
)
from diffviz.engine.session import Session, SessionState
from diffviz.ui.save_dialog import ask_where_to_save
from diffviz.ui.widgets.schedule_panel import SchedulePanel

_KINDS = {
    "csv": {"Table": ".csv"},
    "json": {"diffviz schedule": ".json"},
    "diffusers": {"diffusers configuration": ".json"},
}
_NAMES = {"csv": "schedule.csv", "json": "schedule.json", "diffusers": "scheduler_config.json"}


class ScheduleController(QObject):
    """
    Shows the session's schedule in the panel and brings what is edited there into the session.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a failure; the old schedule stays.
    """

    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, session: Session, panel: SchedulePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._panel = panel
        session.followed.connect(self._on_session_changed)
        panel.spec_requested.connect(self._on_spec_requested)
        panel.gesture_finished.connect(session.end_gesture)
        panel.ghost_requested.connect(self._on_ghost_requested)
        panel.quantity_requested.connect(self._on_quantity_requested)
        panel.timestep_requested.connect(self._on_timestep_requested)
        panel.import_requested.connect(self.choose_import)
        panel.export_requested.connect(self.choose_export)
        self._show(session.state)

    @Slot()
    def choose_import(self) -> None:
        """Ask for a file and take the schedule in it."""
        filters = "Schedules (*.json *.csv);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self._panel.window(), "Import a schedule", "", filters)
        if path:
            self.import_file(Path(path))

    @Slot(str)
    def choose_export(self, kind: str) -> None:
        """Ask where to and write the schedule as "csv", "json" or "diffusers"."""
        window = self._panel.window()
        path = ask_where_to_save(window, "Export the schedule", _NAMES[kind], _KINDS[kind])
        if path is not None:
            self.export_file(path, kind)

    def import_file(self, path: Path) -> None:
        """Take the schedule in a file, or say why it cannot be taken."""
        try:
            spec = read_schedule(path)
            self._session.update(schedule=spec)
        except (ScheduleFileError, ScheduleError) as error:
            self.failed.emit("The schedule was not imported", str(error))
        else:
            self.noted.emit(f"Imported {path.name}: {describe(spec)}")

    def export_file(self, path: Path, kind: str) -> None:
        """Write the schedule, or say why it cannot be written."""
        spec = self._session.state.schedule
        try:
            if kind == "diffusers":
                write_diffusers_config(path, spec)
            else:
                write_schedule(path, spec)
        except (OSError, ValueError) as error:
            self.failed.emit("The schedule was not exported", str(error))
        else:
            self.noted.emit(f"Saved {path.name}")

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if (old.schedule, old.ghost, old.quantity) != (new.schedule, new.ghost, new.quantity):
            self._show(new)
        elif old.t != new.t:
            self._panel.set_t(new.t)

    def _show(self, state: SessionState) -> None:
        schedule = build_schedule(state.schedule)
        ghost = build_schedule(state.ghost) if state.ghost is not None else None
        findings = lint(state.schedule, schedule)
        self._panel.show_schedule(
            state.schedule, schedule, state.ghost, ghost, state.quantity, state.t, findings
        )

    def take(self, spec: ScheduleSpec) -> None:
        """Use another schedule, as a step of its own in the history."""
        self._on_spec_requested(spec, "")

    @Slot(object, str)
    def _on_spec_requested(self, spec: ScheduleSpec, merge: str) -> None:
        try:
            self._session.update(merge=merge or None, schedule=spec)
        except ScheduleError as error:
            self._panel.show_problem(str(error))

    @Slot(object)
    def _on_ghost_requested(self, kind: object) -> None:
        state = self._session.state
        if not isinstance(kind, str) or kind not in SCHEDULE_KINDS:
            self._session.update(ghost=None)
            return
        ghost = ScheduleSpec(kind, state.num_timesteps)
        try:
            build_schedule(ghost)
        except ScheduleError as error:
            self.failed.emit("This schedule cannot be compared with", str(error))
            self._show(state)
        else:
            self._session.update(ghost=replace(ghost))

    @Slot(str)
    def _on_quantity_requested(self, quantity: str) -> None:
        self._session.update(quantity=quantity)

    @Slot(int)
    def _on_timestep_requested(self, t: int) -> None:
        self._session.update(t=t)


def describe(spec: ScheduleSpec) -> str:
    """A schedule in a few words: "Linear schedule, T = 1000"."""
    kind = SCHEDULE_KINDS[spec.kind].label if spec.kind in SCHEDULE_KINDS else spec.kind
    return f"{kind} schedule, T = {spec.num_timesteps}"
