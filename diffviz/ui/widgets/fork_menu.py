"""The menu of the fork button: how to leave a run at the playhead, and how much memory runs may take."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from diffviz.ui import theme

_BUDGETS_MIB = (128, 256, 512, 1024, 2048, 4096)
_FORKS = (
    ("settings", "Fork with the changed settings", "git-branch"),
    ("step", "Fork with other noise in this step", "dice-5"),
    ("noise", "Fork with other noise from here on", "noise"),
)


class ForkMenu(QMenu):
    """
    Ways to leave a run at the playhead.

    Signals
    -------
    fork_chosen(str)
        "settings", "step" or "noise".
    budget_chosen(int)
        Memory for all runs in MiB.
    """

    fork_chosen = Signal(str)
    budget_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self._forks: dict[str, QAction] = {}
        for key, words, _ in _FORKS:
            action = self.addAction(words)
            action.setData(key)
            self._forks[key] = action
        self.addSeparator()
        self._budgets = self.addMenu("Memory for runs")
        self._budgets.setToolTipsVisible(True)
        group = QActionGroup(self)
        for mib in _BUDGETS_MIB:
            action = self._budgets.addAction(f"{mib} MB" if mib < 1024 else f"{mib // 1024} GB")
            action.setData(mib)
            action.setCheckable(True)
            group.addAction(action)
        self.triggered.connect(self._on_triggered)
        self.aboutToShow.connect(self._dress)

    def action_for(self, key: str) -> QAction:
        """The entry of a way to fork."""
        return self._forks[key]

    def show_state(self, problems: dict[str, str], budget_mib: int) -> None:
        """
        Say what is possible.

        Parameters
        ----------
        problems
            For each way why it cannot be taken now; "" where it can.
        budget_mib
            Memory for runs.
        """
        for key, action in self._forks.items():
            problem = problems[key]
            action.setEnabled(not problem)
            action.setToolTip(problem or "A new run that shares all steps above the playhead")
        for action in self._budgets.actions():
            action.setChecked(action.data() == budget_mib)

    def _dress(self) -> None:
        for key, _, icon in _FORKS:
            self._forks[key].setIcon(theme.icon(icon))

    def _on_triggered(self, action: QAction) -> None:
        if isinstance(action.data(), int):
            self.budget_chosen.emit(action.data())
        elif action.data():
            self.fork_chosen.emit(str(action.data()))
