"""The window: header, side panels, stage, timeline and status line around the workspaces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QSettings, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.run_driver import RunDriver
from diffviz.engine.session import Session, SessionState, Workspace
from diffviz.engine.tasks import TorchReady
from diffviz.engine.trainer import Trainer
from diffviz.engine.training_files import state_file
from diffviz.ui.commands import Command, bind_commands
from diffviz.ui.drops import data_offer, drop_offer, dropped_data
from diffviz.ui.export_controller import ExportController
from diffviz.ui.lessons import LessonGuide
from diffviz.ui.palette_entries import palette_entries
from diffviz.ui.picture_opener import PictureOpener
from diffviz.ui.regions import focus_next_region
from diffviz.ui.schedule_controller import ScheduleController, describe
from diffviz.ui.session_files import SessionFiles
from diffviz.ui.theme import Scheme, apply_theme, current_tokens, metric, notifier
from diffviz.ui.torch_loader import TorchLoader
from diffviz.ui.widgets.chart import charts_in
from diffviz.ui.widgets.command_palette import CommandPalette
from diffviz.ui.widgets.drop_overlay import DropOffer, DropOverlay
from diffviz.ui.widgets.header import Header
from diffviz.ui.widgets.hint_card import HintCard
from diffviz.ui.widgets.message_bar import MessageBar
from diffviz.ui.widgets.schedule_panel import SchedulePanel
from diffviz.ui.widgets.segmented import Segment
from diffviz.ui.widgets.side_panel import Divider
from diffviz.ui.widgets.status_line import StatusLine
from diffviz.ui.window_commands import window_commands
from diffviz.ui.workspace_building import HasWorkspaces, workspace_builders
from diffviz.ui.workspace_pages import Computes, Room, Speaks, WorkspacePages

SMALLEST = (1100, 700)
_COMPACT_BELOW_PX = 820
_NARROW_BELOW_PX = 1280
_WORKSPACES = (
    Segment(Workspace.FORWARD, "Forward", "An image dissolves into noise  (Alt+1)", narrow_icon="image"),
    Segment(Workspace.REVERSE, "Reverse", "A denoiser brings images back  (Alt+2)", narrow_icon="git-branch"),
    Segment(Workspace.TRAIN, "Train", "A network learns to denoise  (Alt+3)", narrow_icon="network"),
    Segment(
        Workspace.LAB,
        "2-D Lab",
        "Points in the plane: density, score and paths  (Alt+4)",
        narrow_icon="noise",
    ),
    Segment(Workspace.THEORY, "Theory", "Where the bits go, step by step  (Alt+5)", narrow_icon="schedule"),
)


class MainWindow(HasWorkspaces, QMainWindow):
    """
    Puts the workspaces together and does what concerns all of them: files, messages, theme, commands.

    Signals
    -------
    torch_ready()
        Torch is loaded and the devices are known.
    network_saved(str)
        There is another network, of that key.
    """

    torch_ready = Signal()
    network_saved = Signal(str)

    def __init__(self, session: Session, images: ImageStore, shelf: DenoiserShelf) -> None:
        super().__init__()
        self.session = session
        self.images = images
        self.shelf = shelf
        self._device_label = "CPU"
        self.setWindowTitle("diffviz")
        self.setMinimumSize(*SMALLEST)
        self.resize(1440, 900)
        self.driver = RunDriver(session, images, shelf, self)
        self.trainer = Trainer(self)
        self.schedule_panel = SchedulePanel()
        self.schedule = ScheduleController(session, self.schedule_panel, self)
        self.pages = WorkspacePages(workspace_builders(self), self.schedule_panel, self)
        self.panels = self.pages.columns
        self.opener = PictureOpener(session, images, self)
        self.torch_loader = TorchLoader(self)
        self.files = SessionFiles(session, images, shelf, self)
        self.export = ExportController(session, images, self.driver.history, self)
        self._build()
        self.lessons = LessonGuide(self)
        self.commands = window_commands(self)
        self.actions_by_key = bind_commands(self, self.commands)
        self._connect()
        self._show_workspace(session.state.workspace)
        self.show_status()
        self._restore_geometry()
        for problem in shelf.problems():
            self.message_bar.show_message("warn", "A network cannot be used:", problem)
        if state_file().is_file():
            self.note("The last training run is kept: Alt+3 shows it")

    # Building

    def _build(self) -> None:
        self.header = Header(_WORKSPACES)
        self.message_bar = MessageBar()
        self.status = StatusLine()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.message_bar)
        column.addWidget(self.panels, 1)
        column.addWidget(Divider())
        column.addWidget(self.pages.timelines)
        column.addWidget(self.status)
        self.setCentralWidget(body)
        self.drop_overlay = DropOverlay(self, self._drop_offer)
        self.palette_popup = CommandPalette(self)
        self.hint = HintCard(self)
        self.hint.hide()

    def _connect(self) -> None:
        self.session.followed.connect(self._on_session_changed)
        self.session.history_changed.connect(self._on_history_changed)
        header = self.header
        header.workspace_selected.connect(self.show_workspace)
        header.open_requested.connect(self.choose_files)
        header.export_requested.connect(self.open_export)
        header.palette_requested.connect(self.open_palette)
        header.lessons_requested.connect(self.lessons.open_list)
        header.theme_requested.connect(self.toggle_theme)
        header.undo_requested.connect(self.session.undo)
        header.redo_requested.connect(self.session.redo)
        sources: list[Speaks] = [self.pages, self.schedule, self.export, self.lessons, self.files]
        sources += charts_in(self.schedule_panel)
        for source in sources:
            source.noted.connect(self.note)
            source.failed.connect(self.fail)
        self.opener.noted.connect(self.note)
        self.opener.failed.connect(self.fail)
        self.drop_overlay.dropped.connect(self._on_dropped)
        self.hint.open_requested.connect(self.choose_files)
        self.hint.play_requested.connect(self._on_hint_play)
        self.opener.unreadable.connect(self._on_unreadable)
        self.opener.lesson_opened.connect(self.lessons.open_file)
        self.opener.schedule_dropped.connect(self.schedule.import_file)
        self.opener.session_opened.connect(self.files.open)
        self.files.opening.connect(self.lessons.leave)
        self.files.named.connect(self._on_session_named)
        self.torch_loader.ready.connect(self._on_torch_ready)
        self._on_history_changed()

    # Workspaces

    @Slot(str)
    def show_workspace(self, key: str) -> None:
        """Go to the workspace of that name."""
        self.session.update(workspace=Workspace(key))

    def current_workspace(self) -> Room:
        """Return the workspace that is seen."""
        return self.pages.room(self.session.state.workspace)

    def _show_workspace(self, key: Workspace) -> None:
        self.pages.show(key)
        self.schedule_panel.show_head(key is Workspace.LAB)
        self.header.workspaces.set_current(key)

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if old.workspace is not new.workspace:
            self._show_workspace(new.workspace)
        if replace(new, image=old.image, device=old.device) != old:
            # Something was tried; what opens or is found at the start is not of the person's doing.
            self.hint.hide()
        self.show_status()

    @Slot()
    def _on_history_changed(self) -> None:
        self.header.undo.setEnabled(self.session.can_undo)
        self.header.redo.setEnabled(self.session.can_redo)

    @Slot()
    def show_status(self) -> None:
        """Say at the right of the status line what is computed with."""
        state = self.session.state
        is_training = state.workspace is Workspace.TRAIN
        schedule = self.train.recipe.plan.config.schedule if is_training else state.schedule
        kind = describe(schedule).split(",")[0]
        self.status.set_facts([kind, f"$T$ = {schedule.num_timesteps}", self._device_label])

    @Slot()
    def choose_files(self) -> None:
        """Ask for pictures and open them."""
        self.opener.choose(self)

    def open_files(self, files: list[Path]) -> None:
        """Open picture files."""
        self.opener.open(files)

    def _drop_offer(self, mime: QMimeData) -> DropOffer:
        data = self._training_data(mime)
        return drop_offer(mime) if data is None else data_offer(data, self.train.why_locked)

    def _training_data(self, mime: QMimeData) -> Path | None:
        """Folder or points that are dropped to train on; elsewhere they are opened."""
        return dropped_data(mime) if self.session.state.workspace is Workspace.TRAIN else None

    @Slot(object)
    def _on_dropped(self, mime: QMimeData) -> None:
        data = self._training_data(mime)
        if data is None:
            self.opener.take_drop(mime)
        else:
            self.train.recipe.take_data(str(data))

    @Slot(str)
    def train_on(self, data: str) -> None:
        """Go to the Train workspace with the data of that key."""
        self.show_workspace(Workspace.TRAIN)
        self.train.recipe.take_data(data)

    @Slot(str)
    def _on_session_named(self, name: str) -> None:
        self.setWindowTitle(f"{name} – diffviz")

    @Slot(str)
    def use_network(self, key: str) -> None:
        """Go to the Reverse workspace with the network of that key."""
        self.session.update(workspace=Workspace.REVERSE, denoiser=key)

    # Messages

    @Slot(str)
    @Slot(str, str)
    def note(self, sentence: str, icon: str = "check") -> None:
        """Say in the status line what happened."""
        self.status.set_message(sentence, icon)

    @Slot(str, str)
    def fail(self, headline: str, reason: str) -> None:
        """Say in the message bar what failed and why."""
        self.message_bar.show_message("error", headline, _sentence(reason))

    @Slot(str, str)
    def _on_unreadable(self, headline: str, reason: str) -> None:
        still = f"Still showing {self.images.entry(self.session.state.image).title}."
        actions = [("Choose another", self.choose_files)]
        self.message_bar.show_message("error", f"{headline}:", f"{_sentence(reason)} {still}", actions)

    # Commands

    @Slot()
    def open_palette(self) -> None:
        """Show the list of all commands."""
        self.palette_popup.open(palette_entries(self, self.commands))

    @Slot()
    def open_export(self) -> None:
        """Show the export dialog."""
        self.export.open(self)

    @Slot()
    def toggle_theme(self) -> None:
        """Change between dark and light colours and remember it."""
        scheme: Scheme = "light" if current_tokens().is_dark else "dark"
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, scheme, notifier.reduce_motion)
            QSettings().setValue("theme", scheme)

    @Slot()
    def toggle_reduced_motion(self) -> None:
        """Switch movements off or on and remember it."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, notifier.scheme, not notifier.reduce_motion)
            QSettings().setValue("reduce_motion", notifier.reduce_motion)
            self.note("Movements are off" if notifier.reduce_motion else "Movements are on")

    def show_hint(self) -> None:
        """Show the first-run card, unless a lesson has begun."""
        self._place_hint()
        self.hint.setVisible(not self.lessons.is_on)
        self.hint.raise_()

    def _place_hint(self) -> None:
        """Put the card above the gallery, in the middle of the stage."""
        centre = self.pages.centre
        width = min(self.hint.sizeHint().width(), centre.width() - 48)
        height = self.hint.heightForWidth(width)
        corner = centre.mapTo(self, centre.rect().bottomLeft())
        left = corner.x() + (centre.width() - width) // 2
        gallery = self.forward.gallery
        above = 16 + (gallery.height() if gallery.isVisible() else 0)
        self.hint.setGeometry(left, corner.y() - height - above, width, height)

    @Slot()
    def _on_hint_play(self) -> None:
        self.hint.hide()
        self.current_workspace().toggle_play()

    def next_region(self) -> None:
        """Move the keyboard to the next region."""
        focus_next_region([*self.pages.regions, self.header, self.lessons.card])

    # Torch, behind the first picture

    def preload_torch(self) -> None:
        """Load torch in a thread; the forward process works without it."""
        self.torch_loader.start()

    @Slot(object)
    def _on_torch_ready(self, torch: TorchReady) -> None:
        for room in self.pages.built.values():
            if isinstance(room, Computes):
                room.set_devices(torch)
        self._device_label = next((d.label for d in torch.devices if d.key == torch.best_device), "CPU")
        if torch.best_device != "cpu" and not QSettings().contains("device"):
            self.session.update(device=torch.best_device)
        self.show_status()
        self.torch_ready.emit()

    # Geometry and end

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_compact = self.height() < metric(_COMPACT_BELOW_PX)
        self.pages.set_compact(is_compact)
        self.schedule_panel.set_compact(is_compact)
        self.panels.set_narrow(self.width() < metric(_NARROW_BELOW_PX))
        if self.hint.isVisible():
            self._place_hint()
        self.lessons.place_card()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # What has the keyboard did not want this key.
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.hint.isVisible():
            self.hint.hide()
        elif self.message_bar.messages:
            self.message_bar.close_newest()
        else:
            self.lessons.leave()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "pages"):
            QTimer.singleShot(0, self, self.pages.fit_timeline)

    def _restore_geometry(self) -> None:
        stored = QSettings().value("geometry")
        if isinstance(stored, QByteArray):
            self.restoreGeometry(stored)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        QSettings().setValue("geometry", self.saveGeometry())
        self.export.shutdown()
        self.opener.shutdown()
        self.files.shutdown()
        self.torch_loader.shutdown()
        self.pages.shutdown()
        self.driver.shutdown()
        self.trainer.shutdown()
        super().closeEvent(event)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


__all__ = ["Command", "MainWindow"]
