"""The three pages at the centre of the Theory workspace: the bound, the losses, the spectrum."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.core.losses import Loss
from diffviz.ui.theme import color, metric
from diffviz.ui.widgets.bell_plot import BellPlot
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.cost_bars import CostBars
from diffviz.ui.widgets.fields import ChoiceField
from diffviz.ui.widgets.figure_table import FigureTable
from diffviz.ui.widgets.line_chart import LineChart
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.scroll_column import ScrollColumn
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.stacking_row import StackingRow
from diffviz.ui.widgets.surfaces import ProgressLine

OBJECTIVES: tuple[tuple[Loss, str], ...] = (
    (Loss.SIMPLE, "Simple, on ε"),
    (Loss.ELBO_BETA, "Bound, forward σ²"),
    (Loss.ELBO_TILDE, "Bound, posterior σ²"),
    (Loss.MIN_SNR, "Min-SNR 5"),
    (Loss.X_0, "Plain, on x_0"),
    (Loss.V, "Plain, on v"),
    (Loss.MEAN, "Plain, on the mean"),
)
_GO_TO_T = "Click, or Tab and arrow keys: go to that t"


class BoundPage(QWidget):
    """
    Where the bits go, what each step weighs, and one value under the microscope.

    Signals
    -------
    channel_selected(str)
        The user wants another colour under the microscope: "0", "1" or "2".
    unit_selected(str)
        The user wants the weights on the error of another unit: "noise", "x_0" or "v".
    scale_selected(str)
        The user wants the bars on a "log" or a "linear" scale.
    """

    channel_selected = Signal(str)
    unit_selected = Signal(str)
    scale_selected = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = CostBars()
        self.bar_words = MathLabel("", "label", "text2", wraps=True)
        self.scale = SegmentedSwitch(
            [
                Segment("log", "Log", "Bars on a log scale: small costs are seen too"),
                Segment("linear", "Linear", "Bars on a linear scale: heights are bits"),
            ],
            "Scale of the bars",
        )
        self.scale.selected.connect(self.scale_selected)
        self.weights = LineChart("Loss weights over t", _GO_TO_T)
        self.units = SegmentedSwitch(
            [
                Segment("noise", "$ε̂$", "Weights on the squared error of ε̂"),
                Segment("x_0", "$x̂_0$", "Weights on the squared error of x̂_0"),
                Segment("v", "$v̂$", "Weights on the squared error of v̂"),
            ],
            "Weights are on the error of",
        )
        self.units.selected.connect(self.unit_selected)
        self.weight_words = MathLabel("", "label", "text2", wraps=True)
        self.bells = BellPlot()
        self.bell_title = MathLabel("**Posterior microscope**", "body", wraps=True)
        self.channels = SegmentedSwitch(
            [
                Segment("0", "R", "The red value of the pixel"),
                Segment("1", "G", "The green value of the pixel"),
                Segment("2", "B", "The blue value of the pixel"),
            ],
            "Colour under the microscope",
        )
        self.channels.selected.connect(self.channel_selected)
        self.bell_figures = MathLabel("", "label", "text2", wraps=True)
        self.bell_words = MathLabel("", "label", "text2", wraps=True)
        weights = _column(
            _head(MathLabel("**Loss weight** $λ(t)$", "body", wraps=True), self.units),
            self.weights,
            self.weight_words,
        )
        microscope = _column(
            _head(self.bell_title, self.channels),
            self.bells,
            self.bell_figures,
            self.bell_words,
        )
        head = _head(self.bar_words, self.scale)
        _fill(self, [(head, 0), (self.bars, 5), (_Pair(weights, microscope), 8)])

    def set_compact(self, compact: bool) -> None:
        """Leave the sentences out, in low windows."""
        self.bell_title.set_markup("**Microscope**" if compact else "**Posterior microscope**")
        self.weight_words.setVisible(not compact)
        self.bell_words.setVisible(not compact)


class LossesPage(QWidget):
    """
    One answer judged by every loss, and what two of them cost in time.

    Signals
    -------
    scale_selected(str)
        The user wants to see the errors "raw" or "weighted".
    objective_chosen(str)
        The user wants the weights of another objective.
    timing_requested()
        The user wants the losses timed, or no more of it.
    """

    scale_selected = Signal(str)
    objective_chosen = Signal(str)
    timing_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = LineChart("Losses of the same answers over t", _GO_TO_T)
        self.scales = SegmentedSwitch(
            [
                Segment("raw", "As they are", "The squared error in the unit of each loss"),
                Segment("weighted", "Weighted", "Each error times what the objective weighs it with"),
            ],
            "Losses are shown",
        )
        self.scales.selected.connect(self.scale_selected)
        self.objectives = ChoiceField(
            [(loss.value, words) for loss, words in OBJECTIVES],
            accessible_name="Objective",
            tooltip="What every loss is weighted to mean",
        )
        self.objectives.choice_edited.connect(self.objective_chosen)
        self.words = MathLabel("", "label", "text2", wraps=True)
        self.table_title = MathLabel("", "body", wraps=True)
        self.table = FigureTable(
            "One answer, four losses", ("Loss on", "error", "× weight", "= loss"), spare=(2, 1)
        )
        self.agreement = MathLabel("", "label", "text2", wraps=True)
        self.timing = FigureTable("Time of the losses", ("", "median", "quartiles"), spare=(2,))
        self.timing_words = MathLabel("", "label", "text2", wraps=True)
        self.timing_progress = ProgressLine("Progress of the timing")
        self.timing_progress.hide()
        self.measure = make_button("plain", "Measure", "refresh-cw", "Time both losses many times")
        self.measure.clicked.connect(self.timing_requested)
        choices = StackingRow([self.scales, self.objectives], is_packed=True, is_centred=True)
        agreement = _column(self.table_title, self.table, self.agreement)
        timing = _column(
            _head(MathLabel("**What a loss costs**", "body", wraps=True), self.measure),
            self.timing,
            self.timing_progress,
            self.timing_words,
        )
        _fill(self, [(choices, 0), (self.chart, 1), (self.words, 0), (_Pair(agreement, timing), 0)])


class SpectrumPage(QWidget):
    """How much of each picture lies at which frequency, against the noise floor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = LineChart("Power over spatial frequency")
        self.words = MathLabel("", "label", "text2", wraps=True)
        self.meaning = MathLabel(
            "Noise is equally strong at every frequency, pictures fade towards fine detail: so detail drowns "
            "first and is drawn last, and what lies under the floor the denoiser has to make up.",
            "label",
            "text2",
            wraps=True,
        )
        _fill(self, [(self.chart, 1), (self.words, 0), (self.meaning, 0)])


def _head(title: QWidget, control: QWidget) -> QWidget:
    """A title, and a control at the right."""
    head = QWidget()
    row = QHBoxLayout(head)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(title, 1)
    row.addWidget(control)
    return head


def _column(*widgets: QWidget) -> QWidget:
    """Widgets below each other; charts take the room that is left."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(metric(6))
    has_chart = False
    for widget in widgets:
        is_chart = isinstance(widget, (LineChart, BellPlot))
        layout.addWidget(widget, 1 if is_chart else 0)
        has_chart = has_chart or is_chart
    if not has_chart:
        layout.addStretch(1)
    return column


class _Pair(QWidget):
    """Two widgets side by side, or below each other where they are too wide for that."""

    def __init__(self, left: QWidget, right: QWidget) -> None:
        super().__init__()
        self._parts = (left, right)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(metric(16))
        for part in self._parts:
            self._box.addWidget(part, 1)

    @override
    def minimumSizeHint(self) -> QSize:
        widths = [part.minimumSizeHint().width() for part in self._parts]
        return QSize(max(widths), super().minimumSizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._turn()
        return super().event(event)

    def _turn(self) -> None:
        needed = 2 * max(part.minimumSizeHint().width() for part in self._parts) + self._box.spacing()
        directions = QBoxLayout.Direction
        wanted = directions.LeftToRight if self.width() >= needed else directions.TopToBottom
        if wanted is not self._box.direction():
            self._box.setDirection(wanted)


def _fill(page: QWidget, parts: list[tuple[QWidget, int]]) -> None:
    """Lay the parts of a page below each other, with their stretches; the page scrolls where it has to."""
    body = _Body()
    column = QVBoxLayout(body)
    column.setContentsMargins(metric(16), metric(4), metric(16), metric(12))
    column.setSpacing(metric(10))
    for part, stretch in parts:
        column.addWidget(part, stretch)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(0, 0, 0, 0)
    outer.addWidget(ScrollColumn(body))


class _Body(QWidget):
    """What scrolls, on the ground of a stage."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), color("stage"))
