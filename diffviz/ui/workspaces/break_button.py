"""The button and the menu by which a run is broken on purpose, beside the same one without the mistake."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from diffviz.core.slips import SLIPS, Slip
from diffviz.engine.run_driver import RunDriver
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.timeline import Timeline


class BreakButton(QObject):
    """
    Puts "Break it" beside the strips.

    Signals
    -------
    broken()
        A run with a mistake was asked for, to be seen beside the sane one.
    """

    broken = Signal()

    def __init__(self, driver: RunDriver, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._driver = driver
        self.button = make_button(
            "plain", "Break it", "triangle-alert", "Make a famous mistake on purpose, beside the sane run"
        )
        self.menu = QMenu(self.button)
        self.menu.setToolTipsVisible(True)
        for slip, info in SLIPS.items():
            action = self.menu.addAction(info.title)
            action.setData(slip.value)
            action.setToolTip(info.sentence)
        self.menu.triggered.connect(self._on_triggered)
        self.button.clicked.connect(self._on_clicked)
        timeline.add_right_widget(self.button)

    def break_with(self, slip: Slip) -> None:
        """Make the mistake."""
        self._driver.break_it(slip)
        self.broken.emit()

    @Slot()
    def _on_clicked(self) -> None:
        self.menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height() + 4)))

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        self.break_with(Slip(action.data()))
