"""What the linter says about a schedule: icon and sentence on a quiet colour, with the fixes as buttons."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.core.schedule_lint import Finding, Fix
from diffviz.ui.focus_ring import RING_PROPERTY
from diffviz.ui.rich_line import RichLine
from diffviz.ui.theme import Role, current_tokens, metric, paint_icon
from diffviz.ui.widgets.buttons import Button, ButtonKind
from diffviz.ui.widgets.field_frame import paint_chevron
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.stacking_row import StackingRow

_RADIUS_PX = 8
_ICONS = {"good": "check", "warn": "triangle-alert", "bad": "circle-alert"}
_GROUNDS: dict[str, Role] = {"good": "goodbg", "warn": "warnbg", "bad": "badbg"}
_INKS: dict[str, Role] = {"good": "good", "warn": "warn", "bad": "bad"}
_WORDS = {"good": "Good", "warn": "Warning", "bad": "Problem"}
_FIX_KINDS: tuple[ButtonKind, ...] = ("primary", "outline")


class LintBox(QWidget):
    """
    The findings on a schedule: one in full, first the worst, the others as titles to open.

    Signals
    -------
    fix_requested(object)
        The user took a fix: its ``ScheduleSpec``.
    """

    fix_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._findings: tuple[Finding, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is shown."""
        return self._findings

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show findings, the worst first."""
        if tuple(findings) != self._findings:
            self._findings = tuple(findings)
            self._open(0)
            self.setAccessibleName(" ".join(_spoken(finding) for finding in self._findings))

    def _open(self, chosen: int) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for index, finding in enumerate(self._findings):
            if index == chosen:
                self._column.addWidget(_FindingCard(finding, self))
            else:
                title = _FindingTitle(finding)
                title.clicked.connect(lambda _checked=False, index=index: self._open(index))
                self._column.addWidget(title)


class _FindingCard(QWidget):
    """One finding in full."""

    def __init__(self, finding: Finding, box: LintBox) -> None:
        super().__init__(box)
        self._level = finding.level
        is_short = finding.level == "good"
        words = (
            finding.title if is_short else f"[{_INKS[finding.level]}]{finding.title}.[/] {finding.sentence}"
        )
        self._label = MathLabel(words, "body" if is_short else "label", "text", wraps=True)
        self._label.setToolTip(finding.sentence if is_short else "")
        self._label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(metric(36), metric(8), metric(12), metric(9))
        column.setSpacing(metric(8))
        column.addWidget(self._label)
        if finding.fixes:
            buttons = [self._button(fix, kind, box) for fix, kind in zip(finding.fixes, _FIX_KINDS)]
            column.addWidget(StackingRow(buttons, spacing=metric(6), is_packed=True))
        self.setAccessibleName(_spoken(finding))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line_height = self._label.fontMetrics().height()
        _paint_ground(painter, QRectF(self.rect()), self._level, self._label.y() + line_height / 2)

    def _button(self, fix: Fix, kind: ButtonKind, box: LintBox) -> Button:
        button = _FixButton(kind, fix.label)
        button.setToolTip(f"{fix.label}; can be undone")
        button.setAccessibleName(fix.label)
        button.clicked.connect(lambda _checked=False: box.fix_requested.emit(fix.spec))
        return button


class _FindingTitle(QAbstractButton):
    """One finding as a line; a click opens it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self._level = finding.level
        self.setText(finding.title)
        self.setToolTip(finding.sentence)
        self.setAccessibleName(f"{_spoken(finding)} Show how to fix it.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty(RING_PROPERTY, _RADIUS_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(metric(120), metric(30))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        middle = self.height() / 2
        _paint_ground(painter, QRectF(self.rect()), self._level, middle)
        line = RichLine(self.text(), "label", QFont.Weight.Medium)
        baseline = round(middle - line.height() / 2 + line.ascent())
        line.paint(painter, metric(36), baseline, tokens.color(_INKS[self._level]), tokens)
        paint_chevron(painter, QPointF(self.width() - metric(16), middle), metric(4), points_up=False)


class _FixButton(Button):
    """A button a little smaller than usual, so that two stand side by side below the sentence."""

    @override
    def sizeHint(self) -> QSize:
        return QSize(round(self._line().width() + 2 * metric(7)), metric(26))

    @override
    def _line(self) -> RichLine:
        return RichLine(self.text(), "label", QFont.Weight.DemiBold)


def _paint_ground(painter: QPainter, rect: QRectF, level: str, middle: float) -> None:
    """Colour of a level with its icon, centred at a height."""
    tokens = current_tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tokens.color(_GROUNDS[level]))
    painter.drawRoundedRect(rect, _RADIUS_PX, _RADIUS_PX)
    side = metric(16)
    spot = QRectF(metric(11), middle - side / 2, side, side)
    paint_icon(painter, _ICONS[level], spot, tokens.color(_INKS[level]))


def _spoken(finding: Finding) -> str:
    return f"{_WORDS[finding.level]}: {finding.title}. {finding.sentence}"
