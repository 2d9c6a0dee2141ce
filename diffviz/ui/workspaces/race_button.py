"""The button and the menu by which samplers race from the same noise."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtWidgets import QMenu

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.engine.race import MOST_CONTENDERS
from diffviz.engine.run_driver import RunDriver
from diffviz.engine.run_words import sampler_words
from diffviz.engine.session import Session
from diffviz.ui.widgets.buttons import make_button

_STEP_COUNTS = (5, 10, 20, 50)
# As many network calls for each: Heun asks twice a step.
_CALLS = 20
_FOUR = (
    SamplerSpec(SamplerKind.DDPM, _CALLS),
    SamplerSpec(SamplerKind.DDIM, _CALLS),
    SamplerSpec(SamplerKind.DPMPP2M, _CALLS),
    SamplerSpec(SamplerKind.HEUN, _CALLS // 2),
)


class RaceButton(QObject):
    """
    Collects up to four samplers and lets them race.

    Signals
    -------
    started()
        A race began.
    """

    started = Signal()

    def __init__(self, driver: RunDriver, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._driver, self._session = driver, session
        self.contenders: list[SamplerSpec] = []
        self.button = make_button(
            "plain", "Race", "columns-2", "Let up to four samplers run from the same noise, and measure them"
        )
        self.menu = QMenu(self.button)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.fill_menu)
        self.button.clicked.connect(self._on_clicked)

    @Slot()
    def fill_menu(self) -> None:
        """Write the menu anew for the present settings."""
        self.menu.clear()
        four = self.menu.addAction(f"Four samplers, {_CALLS} network calls each")
        four.triggered.connect(lambda: self.race(_FOUR))
        spec = self._session.state.sampler
        counts = ", ".join(str(count) for count in _STEP_COUNTS)
        steps = self.menu.addAction(f"{sampler_words(spec)} with {counts} steps")
        steps.triggered.connect(
            lambda: self.race([replace(spec, num_sampling_steps=count) for count in _STEP_COUNTS])
        )
        self.menu.addSeparator()
        for contender in self.contenders:
            entry = self.menu.addAction(f"Remove {_words(contender)}")
            entry.triggered.connect(lambda _=False, gone=contender: self.contenders.remove(gone))
        add = self.menu.addAction(f"Add {_words(spec)}")
        add.setToolTip("Puts the present settings on the list; four at most")
        add.setEnabled(spec not in self.contenders and len(self.contenders) < MOST_CONTENDERS)
        add.triggered.connect(lambda: self.contenders.append(spec))
        go = self.menu.addAction(f"Race these {len(self.contenders)}" if self.contenders else "Race the list")
        go.setEnabled(len(self.contenders) > 1)
        go.triggered.connect(lambda: self.race(self.contenders))

    def race(self, samplers: list[SamplerSpec] | tuple[SamplerSpec, ...]) -> None:
        """Let these samplers race, no longer than the chain is."""
        total = self._session.state.num_timesteps
        able = [replace(spec, num_sampling_steps=min(spec.num_sampling_steps, total)) for spec in samplers]
        self._driver.race(list(dict.fromkeys(able)))
        self.started.emit()

    @Slot()
    def _on_clicked(self) -> None:
        self.menu.popup(self.button.mapToGlobal(QPoint(0, self.button.height() + 4)))


def _words(spec: SamplerSpec) -> str:
    return f"{sampler_words(spec)}, {spec.num_sampling_steps} steps"
