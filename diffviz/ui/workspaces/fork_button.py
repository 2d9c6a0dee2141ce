"""The button and the menu by which a run is left at the playhead."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QSettings, Slot

from diffviz.engine.run_driver import RunDriver
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.fork_menu import ForkMenu
from diffviz.ui.widgets.timeline import Timeline

_BUDGET_KEY = "run_memory_mib"
_MIB = 2**20


class ForkButton(QObject):
    """
    Puts "Fork" beside the strips and on their right-click menu.

    Parameters
    ----------
    driver
        Makes the forks.
    timeline
        Gets the button.
    """

    def __init__(self, driver: RunDriver, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._driver = driver
        self.button = make_button(
            "plain", "Fork", "git-branch", "Leave the run at the playhead and go another way", "F"
        )
        self.menu = ForkMenu(self.button)
        timeline.add_right_widget(self.button)
        timeline.filmstrip.menu_requested.connect(self._on_menu_requested)
        self.button.clicked.connect(self._on_clicked)
        self.menu.fork_chosen.connect(self._on_fork_chosen)
        self.menu.budget_chosen.connect(self._on_budget_chosen)
        stored = QSettings().value(_BUDGET_KEY)
        if isinstance(stored, (int, str)) and str(stored).isdigit():
            driver.history.set_budget(int(stored) * _MIB)

    def show_state(self) -> None:
        """Say whether there is anything to fork."""
        run = self._driver.history.current
        has_steps = run is not None and bool(run.steps)
        set_unavailable(self.button, None if has_steps else "There is no run to fork yet")

    @Slot()
    def _on_clicked(self) -> None:
        self._show_menu(self.button.mapToGlobal(QPoint(0, self.button.height() + 4)))

    @Slot(QPoint)
    def _on_menu_requested(self, place: QPoint) -> None:
        self._show_menu(place)

    def _show_menu(self, place: QPoint) -> None:
        driver = self._driver
        run = driver.history.current
        problem = driver.fork_problem(same_settings=False)
        unchanged = "" if run is not None and driver.is_stale(run) else "No setting has been changed yet."
        noiseless = driver.fork_problem(same_settings=True)
        self.menu.show_state(
            {"settings": problem or unchanged, "step": noiseless, "noise": noiseless},
            driver.history.budget_bytes // _MIB,
        )
        self.menu.popup(place)

    @Slot(str)
    def _on_fork_chosen(self, way: str) -> None:
        if way == "settings":
            self._driver.fork_with_settings()
        elif way == "step":
            self._driver.redraw_step()
        else:
            self._driver.fork_with_new_noise()

    @Slot(int)
    def _on_budget_chosen(self, mib: int) -> None:
        QSettings().setValue(_BUDGET_KEY, mib)
        self._driver.history.set_budget(mib * _MIB)
