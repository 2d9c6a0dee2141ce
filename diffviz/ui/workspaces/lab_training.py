"""The lab's window on a training run of points: its loss, and the network as it is, again and again."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from diffviz.data.point_files import is_painting
from diffviz.engine.lab_spec import DRAWN, LIVE
from diffviz.engine.painted_points import is_painting_of, keep_painting
from diffviz.engine.session import Session, SessionState
from diffviz.engine.trainer import Trainer, TrainerState
from diffviz.engine.training_data import title_of
from diffviz.engine.training_log import TrainingLog
from diffviz.engine.training_records import NetworkShared, ShareNetwork
from diffviz.export.whole_file import ExportError
from diffviz.models.denoiser import DenoiserInfo
from diffviz.ui.widgets.training_glance import TrainingGlance

_ASK_EVERY_MS = 1500


class LabTraining(QObject):
    """
    Has points learned in the Train workspace, shows its run where it learns points, and asks for the network.

    Signals
    -------
    network_came(NetworkShared)
        The network in training as it is now.
    training_wanted(str)
        The user wants a network to learn the set of that key, or the painted points in that file.
    failed(str, str)
        Headline and reason.
    """

    network_came = Signal(object)
    training_wanted = Signal(str)
    failed = Signal(str, str)

    def __init__(
        self, trainer: Trainer, glance: TrainingGlance, session: Session, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._trainer, self._glance, self._session = trainer, glance, session
        self._known: TrainingLog | None = None
        self._steps_asked = 0
        self.info: DenoiserInfo | None = None
        self._is_active = False
        self._asking = QTimer(self)
        self._asking.setInterval(_ASK_EVERY_MS)
        self._asking.timeout.connect(self._on_asking_due)
        trainer.changed.connect(self._on_trainer_changed)
        session.changed.connect(self._on_session_changed)
        trainer.network_shared.connect(self._on_network_shared)

    @property
    def words(self) -> str:
        """What can be said of the network in training; empty where none was handed out."""
        log = self._log
        return "" if log is None or log is not self._known else f"Learns {_title(log)}, step {log.step:,}"

    @Slot()
    def want_training(self) -> None:
        """Have the points that are shown learned; painted ones are kept in a file for that."""
        lab = self._session.state.lab
        try:
            self.training_wanted.emit(str(keep_painting(lab.drawn)) if lab.data == DRAWN else lab.data)
        except (OSError, ExportError) as error:
            self.failed.emit("The painted points cannot be learned", str(error))

    def activate(self) -> None:
        """Follow the run while the lab is seen."""
        self._is_active = True
        self._asking.start()
        self._on_trainer_changed()
        self._on_asking_due()

    def deactivate(self) -> None:
        """Let the run alone."""
        self._is_active = False
        self._asking.stop()

    @property
    def _log(self) -> TrainingLog | None:
        """The run, where it learns points."""
        log = self._trainer.log
        return log if log is not None and log.plan.is_points else None

    @Slot()
    def _on_trainer_changed(self) -> None:
        log = self._log
        if not self._is_active:
            return
        self._glance.setVisible(log is not None and log.step > 0)
        if log is not None and log.step:
            floor = None if log.floor is None else log.floor.loss
            words = f"{_run_words(log, floor)}{self._changed_since(log)}"
            self._glance.show_run(log.column("loss"), log.column("smoothed"), floor, words)

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        if (old.lab.data, old.lab.drawn) != (new.lab.data, new.lab.drawn):
            self._on_trainer_changed()

    def _changed_since(self, log: TrainingLog) -> str:
        """That the run learns another painting than the one that is shown; empty otherwise."""
        lab, data = self._session.state.lab, log.plan.config.data
        if lab.data != DRAWN or not is_painting(data) or is_painting_of(data, lab.drawn):
            return ""
        return ". The painting was changed since"

    @Slot()
    def _on_asking_due(self) -> None:
        """Ask for the network where it is new or at work here; nobody else needs it."""
        log = self._log
        # A run that is held would have to make a step to answer.
        is_ready = self._trainer.state in (TrainerState.RUNNING, TrainerState.STOPPED, TrainerState.FINISHED)
        if log is None or not log.step or not is_ready:
            return
        is_wanted = log is not self._known or self._session.state.lab.denoiser == LIVE
        if is_wanted and (log is not self._known or log.step != self._steps_asked):
            self._steps_asked = log.step
            self._trainer.wish(ShareNetwork())

    @Slot(object)
    def _on_network_shared(self, shared: NetworkShared) -> None:
        self._known, self.info = self._log, shared.denoiser.info
        self.network_came.emit(shared)


def _title(log: TrainingLog) -> str:
    return title_of(log.plan.config.data)


def _run_words(log: TrainingLog, floor: float | None) -> str:
    words = f"{_title(log)}, step {log.step:,}: loss {log.last('smoothed'):.4f} smoothed"
    return words if floor is None else f"{words}, floor {floor:.4f}"
