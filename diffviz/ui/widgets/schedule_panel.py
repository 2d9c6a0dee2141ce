"""The left panel: describe a noise schedule, see it, shape it by hand, and hear what is wrong with it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.core.schedule_lint import Finding
from diffviz.core.schedules import SCHEDULE_KINDS, NoiseSchedule, ScheduleError, ScheduleSpec, build_schedule
from diffviz.ui.tab_order import follow_in_tab_order
from diffviz.ui.theme import current_tokens, metric
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.curve_editor import CurveEditor
from diffviz.ui.widgets.curve_handles import Handles
from diffviz.ui.widgets.curve_quantity import QUANTITIES
from diffviz.ui.widgets.fields import ChoiceField
from diffviz.ui.widgets.lint_box import LintBox
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.popover import Popover
from diffviz.ui.widgets.schedule_fields import ScheduleFields
from diffviz.ui.widgets.schedule_menu import ScheduleMenu
from diffviz.ui.widgets.scroll_column import ScrollColumn
from diffviz.ui.widgets.segmented import Segment, SegmentedSwitch
from diffviz.ui.widgets.spark_view import SparkView
from diffviz.ui.widgets.stacking_row import StackingRow

_NO_GHOST = "none"
_PLOT_HEIGHT_PX = 195
_LOWEST_PLOT_PX = 150
_SHORT_LINT_PX = 34
_SIDE_PX = 16
_FIELD_GESTURE_MS = 800
_ANY_HEIGHT = 16_777_215
_HOW_TO_DRAW = (
    "Drag a diamond on the curve to shape a schedule of your own. Double-click the curve to add a point, "
    "Delete removes it; Tab and the arrow keys do the same without a mouse."
)


class SchedulePanel(QWidget):
    """
    All about the schedule in one column.

    Signals
    -------
    spec_requested(object, str)
        The user wants another ``ScheduleSpec``; requests of one gesture share the key, which is empty for a
        single act.
    gesture_finished
        The gesture is over; the next request is another one.
    ghost_requested(object)
        The user wants to compare with a kind (its name), or with nothing (None).
    quantity_requested(str)
        The user wants to see "beta", "alpha_cumprod", "log_snr" or "sigma" large.
    timestep_requested(int)
        The user dragged the now line.
    import_requested
        The user wants to read a schedule from a file.
    export_requested(str)
        The user wants to write it as "csv", "json" or "diffusers".
    """

    spec_requested = Signal(object, str)
    gesture_finished = Signal()
    ghost_requested = Signal(object)
    quantity_requested = Signal(str)
    timestep_requested = Signal(int)
    import_requested = Signal()
    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = ScheduleSpec()
        self._schedule = build_schedule(self._spec)
        self._before_gesture: ScheduleSpec | None = None
        self._gestures = 0
        self._head: QWidget | None = None
        self._field_timer = QTimer(self)
        self._field_timer.setSingleShot(True)
        self._field_timer.setInterval(_FIELD_GESTURE_MS)
        self.fields = ScheduleFields()
        self.quantities = SegmentedSwitch(
            [Segment(q.key, q.markup, q.tooltip) for q in QUANTITIES.values()], "Quantity shown"
        )
        self.curve = CurveEditor()
        self.ghost = ChoiceField(
            [
                (_NO_GHOST, "Nothing"),
                *((k.name, k.label) for k in SCHEDULE_KINDS.values() if k.name != "custom"),
            ],
            accessible_name="Compare with",
            tooltip="A second schedule, drawn dashed",
        )
        self.lint = LintBox()
        self.sparks = tuple(SparkView() for _ in range(3))
        self.menu = ScheduleMenu(self)
        self._lay_out()
        self._connect()
        self.setAccessibleName("Noise schedule")
        self.show_schedule(self._spec, self._schedule, None, None, "alpha_cumprod", 0, ())

    # -- what it shows ------------------------------------------------------------------------

    def show_schedule(
        self,
        spec: ScheduleSpec,
        schedule: NoiseSchedule,
        ghost_spec: ScheduleSpec | None,
        ghost_schedule: NoiseSchedule | None,
        quantity: str,
        t: int,
        findings: Sequence[Finding],
    ) -> None:
        """
        Show a schedule and all that belongs to it, silently.

        Parameters
        ----------
        spec, schedule
            Description and table.
        ghost_spec, ghost_schedule
            The schedule to compare with, or None.
        quantity
            Which quantity is shown large.
        t
            The present time.
        findings
            What the linter says, the worst first.
        """
        self._spec, self._schedule = spec, schedule
        self.fields.show_spec(spec)
        self.quantities.set_current(quantity)
        comparable = ghost_spec is not None and ghost_spec.kind != "custom"
        self.ghost.set_current(ghost_spec.kind if ghost_spec is not None and comparable else _NO_GHOST)
        ghost_name = SCHEDULE_KINDS[ghost_spec.kind].label.lower() if ghost_spec is not None else ""
        self.curve.show_all(schedule, spec, ghost_schedule, ghost_name, quantity)
        self.lint.show_findings(findings)
        others = [q for q in QUANTITIES.values() if q.key != quantity]
        for spark, other in zip(self.sparks, others, strict=True):
            spark.set_curve(other.key, other.values(schedule))
        self.set_t(t)

    @Slot(int)
    def set_t(self, t: int) -> None:
        """Move the present time, silently."""
        self.curve.set_t(t)
        for spark in self.sparks:
            spark.set_t(t)

    def add_head(self, head: QWidget) -> None:
        """Put something above the schedule, to be shown by `show_head`."""
        head.hide()
        self._head = head
        self._column.insertWidget(0, head)
        follow_in_tab_order(self._body, head)

    def show_head(self, shown: bool) -> None:
        """Show what a workspace has above the schedule, or hide it."""
        if self._head is not None:
            self._head.setVisible(shown)
            self._fit_plot()

    def show_problem(self, sentence: str) -> None:
        """Say why the last request was not accepted, where it was made."""
        if self._before_gesture is not None:
            self.curve.mark_invalid(None, sentence)
        else:
            self.fields.show_problem(sentence)

    def set_compact(self, compact: bool) -> None:
        """Leave the sparklines out, for windows below 820 px."""
        self._spark_row.setVisible(not compact)
        self._fit_plot()

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, 640)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(max(288, self._body.minimumSizeHint().width()), 240)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_plot()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), current_tokens().color("panel"))

    # -- how it is put together ---------------------------------------------------------------

    def _lay_out(self) -> None:
        self.curve.setFixedHeight(metric(_PLOT_HEIGHT_PX))
        self._info = make_button("tool", icon="info", tooltip="About this kind of schedule")
        self._more = make_button("tool", icon="ellipsis", tooltip="Presets, import, export")
        self._body = body = _ScrolledBody()
        self._column = column = QVBoxLayout(body)
        column.setContentsMargins(_SIDE_PX, 9, _SIDE_PX, 14)
        column.setSpacing(12)
        title = QHBoxLayout()
        title.setSpacing(2)
        title.addWidget(MathLabel("Noise schedule", "heading"), 1)
        title.addWidget(self._more)
        title.addWidget(self._info)
        column.addLayout(title)
        # The title row is as high as its buttons; its text keeps its own distance to what follows.
        column.addSpacing(-8)
        self._spark_row = StackingRow(self.sparks, spacing=9)
        ghost_words = QWidget()
        words = QHBoxLayout(ghost_words)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(10)
        words.addWidget(_DashSample())
        words.addWidget(MathLabel("Compare with", "label", "text2"), 1)
        ghost_row = StackingRow([ghost_words, self.ghost], is_centred=True)
        for widget in (self.fields, self.quantities, self.curve, ghost_row, self.lint, self._spark_row):
            column.addWidget(widget)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(ScrollColumn(body))

    def _fit_plot(self) -> None:
        """Let the plot give way, as far as it can be read, before the column has to scroll."""
        full, column = metric(_PLOT_HEIGHT_PX), self._body.heightForWidth(self.width())
        # What the linter says comes and goes; the plot must not jump with it.
        words = self.lint.heightForWidth(self.width() - 2 * _SIDE_PX)
        others = column - self.curve.minimumHeight() - words + metric(_SHORT_LINT_PX)
        self.curve.setFixedHeight(min(full, max(metric(_LOWEST_PLOT_PX), self.height() - others)))

    def _connect(self) -> None:
        self.fields.spec_edited.connect(self._on_spec_edited)
        self.fields.custom_chosen.connect(self._on_custom_chosen)
        self._field_timer.timeout.connect(self.gesture_finished)
        self.quantities.selected.connect(self.quantity_requested)
        self.curve.timestep_requested.connect(self._on_curve_scrubbed)
        self.curve.gesture_started.connect(self._on_gesture_started)
        self.curve.points_requested.connect(self._on_points_requested)
        self.curve.gesture_finished.connect(self._on_gesture_finished)
        self.curve.gesture_cancelled.connect(self._on_gesture_cancelled)
        self.ghost.choice_edited.connect(self._on_ghost_edited)
        self.lint.fix_requested.connect(self._on_whole_spec)
        self.menu.preset_chosen.connect(self._on_whole_spec)
        self.menu.import_chosen.connect(self.import_requested)
        self.menu.export_chosen.connect(self.export_requested)
        self.menu.copy_chosen.connect(self.curve.copy)
        for spark in self.sparks:
            spark.clicked.connect(self._on_spark_clicked)
        self._info.clicked.connect(self._on_info_clicked)
        self._more.clicked.connect(self._on_more_clicked)

    # -- what a person does -------------------------------------------------------------------

    @Slot(object, str)
    def _on_spec_edited(self, spec: ScheduleSpec, name: str) -> None:
        self._field_timer.start()
        self.spec_requested.emit(spec, f"field {name}")

    @Slot()
    def _on_custom_chosen(self) -> None:
        handles = Handles.of(self._schedule, self._spec, self.curve.quantity.key)
        self._on_whole_spec(self._custom(handles.points, handles.quantity))

    @Slot(object)
    def _on_whole_spec(self, spec: ScheduleSpec) -> None:
        self.spec_requested.emit(spec, "")

    @Slot()
    def _on_gesture_started(self) -> None:
        self._before_gesture = self._spec
        self._gestures += 1
        self._freeze_layout(True)

    @Slot(object, str)
    def _on_points_requested(self, points: tuple[tuple[float, float], ...], quantity: str) -> None:
        spec = self._custom(points, quantity)
        try:
            build_schedule(spec)
        except ScheduleError as error:
            self.curve.mark_invalid(getattr(error, "index", None), str(error))
        else:
            self.spec_requested.emit(spec, self._gesture_key)

    @Slot()
    def _on_gesture_finished(self) -> None:
        self._before_gesture = None
        self._freeze_layout(False)
        self.gesture_finished.emit()

    @Slot()
    def _on_gesture_cancelled(self) -> None:
        before, self._before_gesture = self._before_gesture, None
        if before is not None:
            self.spec_requested.emit(before, self._gesture_key)
        self._freeze_layout(False)
        self.gesture_finished.emit()

    @Slot(int)
    def _on_curve_scrubbed(self, t: int) -> None:
        for spark in self.sparks:
            spark.set_t(t)
        self.timestep_requested.emit(t)

    @Slot(str)
    def _on_ghost_edited(self, kind: str) -> None:
        self.ghost_requested.emit(None if kind == _NO_GHOST else kind)

    @Slot()
    def _on_spark_clicked(self) -> None:
        spark = self.sender()
        if isinstance(spark, SparkView):
            self.quantity_requested.emit(spark.quantity)

    @Slot()
    def _on_info_clicked(self) -> None:
        kind = SCHEDULE_KINDS[self._spec.kind]
        parameters = [f"**{p.label}.** {p.tooltip}" for p in kind.parameters]
        Popover(kind.label, [kind.summary, *parameters, _HOW_TO_DRAW], self).open_below(self._info)

    @Slot()
    def _on_more_clicked(self) -> None:
        corner = self._more.mapToGlobal(self._more.rect().bottomLeft())
        self.menu.popup(corner)

    def _freeze_layout(self, frozen: bool) -> None:
        """Keep the plot where it is during a drag: no field above it comes, goes or grows."""
        height = self.fields.height()
        self.fields.setMinimumHeight(height if frozen else 0)
        self.fields.setMaximumHeight(height if frozen else _ANY_HEIGHT)

    @property
    def _gesture_key(self) -> str:
        return f"points {self._gestures}"

    def _custom(self, points: tuple[tuple[float, float], ...], quantity: str) -> ScheduleSpec:
        """A schedule through points, which say all: rescaling them would take the curve away from them."""
        return ScheduleSpec("custom", self._spec.num_timesteps, quantity=quantity, points=points)


class _ScrolledBody(QWidget):
    """The column itself: as high as its width needs, where Qt would reserve room for its narrowest shape."""

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)


class _DashSample(QWidget):
    """A piece of the ghost's line."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(22, 12)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        pen = QPen(current_tokens().color("text3"), 1.5)
        pen.setDashPattern([4 / 1.5, 4 / 1.5])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(QPointF(0, 6), QPointF(self.width(), 6))
