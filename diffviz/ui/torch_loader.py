"""Loads torch in a thread, behind the first picture; the forward process works without it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.engine.job import JobRunner
from diffviz.engine.tasks import TorchReady, preload_torch


class TorchLoader(QObject):
    """
    Loads torch once.

    Attributes
    ----------
    found
        What torch has found; None before it is loaded.

    Signals
    -------
    ready(TorchReady)
        Torch is loaded and the devices are known.
    """

    ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.found: TorchReady | None = None
        self._runner = JobRunner(self)
        self._runner.available.connect(self._on_available)
        self._runner.ended.connect(self._on_available)

    def start(self) -> None:
        """Begin."""
        self._runner.start(preload_torch, name="Loading PyTorch")

    def shutdown(self) -> None:
        """Wait for what is under way; the window is closing."""
        self._runner.shutdown()

    @Slot()
    def _on_available(self) -> None:
        for record in self._runner.drain():
            if isinstance(record, TorchReady):
                self.found = record
                self.ready.emit(record)
