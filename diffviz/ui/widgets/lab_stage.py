"""The stage of the lab: the plane, and beside it what is drawn on it and what lies under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.availability import set_unavailable
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.cut_view import CutView
from diffviz.ui.widgets.fields import ToggleField
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.page_stack import PageStack
from diffviz.ui.widgets.phase_view import PhaseView
from diffviz.ui.widgets.plane_view import PlaneView
from diffviz.ui.widgets.read_out import ReadOutGrid
from diffviz.ui.widgets.scroll_column import ScrollColumn
from diffviz.ui.widgets.side_panel import Divider

_COLUMN_PX = 200
_LEAST_PLANE_PX = 300

LAYERS = (
    ("density", "[signal]■[/] Density", "Exact density of the noised data at this time, not estimated"),
    ("arrows", "[noise]→[/] Score arrows", "Exact slope of the log density; long arrows are compressed"),
    ("data", "[signal]●[/] Data points", "The points that the exact score knows"),
    ("particles", "● Particles", "What the process at the right moves"),
    (
        "ode",
        "[model]━[/] Flow paths",
        "Probability-flow ODE from each start, without chance",
    ),
    (
        "sde",
        "[noise]━[/] Noisy paths",
        "Reverse process with noise g from the same starts",
    ),
    ("steps", "[model]•[/] Sampler steps", "Every step of the sampler from the same starts"),
    ("ahead", "[model]┄[/] Path ahead", "The rest of each path, down to t = 0"),
    ("lines", "[signal]━[/] Forward lines", "How single data points take up noise, frozen or as a chain"),
    ("network", "[model]→[/] Network arrows", "The score that the network answers, over the exact one"),
    ("errors", "[model]■[/] Network error", "Distance of the network’s noise from the exact answer"),
)
_ON = ("density", "arrows", "particles", "ode")
_OF_NETWORK = ("network", "errors")
_NO_NETWORK = "The exact score is at work; choose a network at the right"


class LabStage(QWidget):
    """
    The plane and its layers.

    Signals
    -------
    layers_changed()
        The user switched a layer.
    """

    layers_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plane, self.phase, self.cut = PlaneView(), PhaseView(), CutView()
        self._pages = PageStack()
        for page in (self.plane, self.phase, self.cut):
            self._pages.addWidget(page)
        self.mode = "plane"
        self.toggles = {
            key: ToggleField(label, tooltip=tooltip, checked=key in _ON) for key, label, tooltip in LAYERS
        }
        self.under_pointer = ReadOutGrid(columns=1)
        self.whole = make_button("plain", "Whole plane", "fit", "See everything again: −3 to 3", "0")
        self.whole.clicked.connect(self.plane.show_all)
        self._hint = MathLabel("", "label", "text2", wraps=True)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, metric(12), 0)
        column.setSpacing(metric(2))
        column.addWidget(MathLabel("Layers", "label", "text2", weight=QFont.Weight.DemiBold))
        for toggle in self.toggles.values():
            toggle.state_edited.connect(self._on_toggled)
            column.addWidget(toggle)
        column.addSpacing(metric(8))
        column.addWidget(Divider())
        column.addSpacing(metric(8))
        column.addWidget(MathLabel("Under the pointer", "label", "text2", weight=QFont.Weight.DemiBold))
        column.addSpacing(metric(4))
        column.addWidget(self.under_pointer)
        column.addSpacing(metric(8))
        column.addWidget(self._hint)
        column.addSpacing(metric(8))
        column.addWidget(self.whole)
        column.addStretch(1)
        self._side = ScrollColumn(body)
        # The column lies on the stage, not on a panel of its own.
        for ground in (body, self._side.viewport()):
            ground.setAutoFillBackground(False)
        self._side.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 4, 12)
        row.setSpacing(16)
        row.addWidget(self._pages, 1)
        row.addWidget(self._side)
        self._side.setFixedWidth(max(metric(_COLUMN_PX), body.minimumSizeHint().width()))
        self.column_button = make_button(
            "tool", "", "panel-right", "Layers on or off", accessible_name="Layers", checkable=True
        )
        self.column_button.clicked.connect(self._on_column_clicked)
        self._was_asked = False
        self.show_pointer(None)
        self.set_has_network(False)

    def set_mode(self, mode: str) -> None:
        """Show "plane", "phase" or "cut"."""
        self.mode = mode
        self._pages.setCurrentWidget({"plane": self.plane, "phase": self.phase, "cut": self.cut}[mode])

    def is_on(self, layer: str) -> bool:
        """Whether a layer is switched on and can be shown."""
        toggle = self.toggles[layer]
        return toggle.isChecked() and toggle.isEnabled()

    def set_on(self, layer: str, on: bool) -> None:
        """Switch a layer, silently."""
        self.toggles[layer].set_on(on)

    def set_has_network(self, has: bool) -> None:
        """Offer the layers of a network, or say why there are none."""
        for key in _OF_NETWORK:
            set_unavailable(self.toggles[key], None if has else _NO_NETWORK)

    def set_hint(self, markup: str) -> None:
        """Say what can be done here."""
        self._hint.set_markup(markup)

    def show_pointer(self, readings: tuple[tuple[str, str, str], ...] | None) -> None:
        """Show label, value and unit of what lies under the pointer; None: it is elsewhere."""
        blank = (("Score $∇$ log $p$", "–", ""), ("Log density", "–", ""), ("Pulled towards", "–", ""))
        self.under_pointer.set_cells(readings or blank)

    def set_moved(self, moved: bool) -> None:
        """Offer to see the whole plane again, where it is not."""
        set_unavailable(self.whole, None if moved else "The whole plane is in sight")

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # With large text the column would leave no plane; until somebody asks for it, it gives way.
        if not self._was_asked:
            self._show_column(self.width() - self._side.width() >= _LEAST_PLANE_PX)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(640), metric(420))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))

    @Slot(bool)
    def _on_column_clicked(self, shown: bool) -> None:
        self._was_asked = True
        self._show_column(shown)

    def _show_column(self, shown: bool) -> None:
        self._side.setVisible(shown)
        self.column_button.setChecked(shown)

    @Slot()
    def _on_toggled(self) -> None:
        self.layers_changed.emit()
