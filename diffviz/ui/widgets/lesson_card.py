"""The card of a lesson: what it says, what it asks, and the way on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from diffviz.ui.theme import color, current_tokens, metric
from diffviz.ui.widgets.buttons import Button, make_button, native_keys
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.surfaces import ProgressLine

_LEAST_TEXT_PX = 40
_WIDTH_PX = 340
_RADIUS_PX = 12
NEXT_KEY, BACK_KEY = "PgDown", "PgUp"


@dataclass(frozen=True)
class CardView:
    """
    What a card shows.

    Attributes
    ----------
    lesson, place, count
        Title of the lesson, and which card of how many this is, from 0.
    title, text
        Heading and paragraphs, with the markup of ``rich_line``; lines are paragraphs.
    question, choices
        What is asked, and what may be answered.
    chosen, correct
        Which choice the person took and which is right, from 0; None: none yet, none at all.
    answer
        What is said once it is answered; "": not yet.
    is_found
        Whether the person has brought about by hand what was asked for.
    has_goal
        Whether something is to be brought about by hand.
    command
        Title of what the card offers to do; "": nothing.
    """

    lesson: str
    place: int
    count: int
    title: str
    text: str
    question: str = ""
    choices: tuple[str, ...] = ()
    chosen: int | None = None
    correct: int | None = None
    answer: str = ""
    is_found: bool = False
    has_goal: bool = False
    command: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the question waits for its answer."""
        return bool(self.question) and not self.answer

    @property
    def is_last(self) -> bool:
        """Whether no card follows."""
        return self.place == self.count - 1

    @property
    def verdict(self) -> str:
        """One word on the answer given, with its colour."""
        if self.is_found:
            return "[good]**Found.**[/] "
        if self.chosen is None or not self.answer:
            return ""
        return "[good]**Right.**[/] " if self.chosen == self.correct else "[warn]**Not quite.**[/] "


class LessonCard(QFrame):
    """
    Floats above the window, beside what it speaks of.

    Signals
    -------
    next_requested(), back_requested(), answer_requested(), leave_requested()
        The person wants to go on, back, to be told, or to leave the lesson.
    choice_made(int)
        The person took the choice of that place.
    command_requested()
        The person wants done what the card offers.
    resized()
        It wants another size.
    """

    next_requested = Signal()
    back_requested = Signal()
    answer_requested = Signal()
    leave_requested = Signal()
    choice_made = Signal(int)
    command_requested = Signal()
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Lesson")
        self._view: CardView | None = None
        self._lesson = MathLabel("", "label", "text2", wraps=True)
        self._where = MathLabel("", "label", "text2")
        self.title = MathLabel("", "title", weight=QFont.Weight.DemiBold, wraps=True)
        self.close_button = make_button("tool", "", "x", "Leave the lesson; your own work comes back", "Esc")
        self.progress = ProgressLine("Progress of the lesson")
        self.body = _Body()
        self.back_button = make_button("tool", "", "arrow-left", "The card before", BACK_KEY)
        self.command_button = make_button("plain", "Do it", "play", "Do what this card speaks of")
        self.next_button = make_button("primary", "Next", tooltip="The next card", shortcut=NEXT_KEY)
        self.close_button.clicked.connect(self.leave_requested)
        self.back_button.clicked.connect(self.back_requested)
        self.command_button.clicked.connect(self.command_requested)
        self.next_button.clicked.connect(self.press_next)
        self.body.choice_made.connect(self.choice_made)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(metric(8))
        top.addWidget(self._lesson, 1)
        top.addWidget(self._where)
        top.addWidget(self.close_button)
        bottom = QHBoxLayout()
        bottom.setSpacing(metric(8))
        bottom.addWidget(self.back_button)
        bottom.addStretch(1)
        bottom.addWidget(self.next_button)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        self._area.setWidget(self.body)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(metric(16), metric(10), metric(12), metric(14))
        column.setSpacing(metric(8))
        column.addLayout(top)
        column.addWidget(self.progress)
        column.addWidget(self.title)
        column.addWidget(self._area, 1)
        column.addWidget(self.command_button)
        column.addLayout(bottom)

    @property
    def view(self) -> CardView | None:
        """What is shown."""
        return self._view

    @property
    def plain(self) -> str:
        """All its words."""
        return " ".join([self.title.plain, self.body.plain])

    def show_view(self, view: CardView) -> None:
        """Show a card."""
        is_other = self._view is None or (self._view.lesson, self._view.place) != (view.lesson, view.place)
        self._view = view
        self._lesson.set_markup(view.lesson)
        self._where.set_markup(f"{view.place + 1} of {view.count}")
        self.progress.set_share((view.place + 1) / view.count)
        self.title.set_markup(view.title)
        self.body.show_view(view)
        self.back_button.setEnabled(view.place > 0)
        self.command_button.setVisible(bool(view.command))
        self.command_button.set_label(view.command)
        self.command_button.setAccessibleName(view.command)
        self.next_button.set_label(_next_words(view))
        self.next_button.setToolTip(f"{_next_words(view)}  ({native_keys(NEXT_KEY)})")
        self.setAccessibleDescription(self.plain)
        if is_other:
            self._area.verticalScrollBar().setValue(0)
        self.resized.emit()

    def press_next(self) -> None:
        """Tell the answer while a question is open, else go on."""
        if self._view is not None and self._view.is_open:
            self.answer_requested.emit()
        else:
            self.next_requested.emit()

    @property
    def text_height(self) -> int:
        """How much of the text is seen at once, in px."""
        return self._area.height()

    def settle(self) -> None:
        """Lay everything out at once, and scroll to the answer where there is one."""
        self._column.activate()
        if self._view is not None and self._view.answer:
            self._area.ensureWidgetVisible(self.body.answer)

    def fit_into(self, width: int, height: int) -> QSize:
        """Return the size that it wants, as far as there is room; its text scrolls where there is less.

        However little room there is, title and buttons stay whole, and some lines of the text.
        """
        width = min(metric(_WIDTH_PX), width)
        margins = self._column.contentsMargins()
        inner = width - margins.left() - margins.right()
        head = self._where.sizeHint().width() + self.close_button.sizeHint().width() + 2 * metric(8)
        text = self.body.heightForWidth(inner)
        parts = [
            max(self.close_button.sizeHint().height(), self._lesson.heightForWidth(inner - head)),
            self.progress.sizeHint().height(),
            self.title.heightForWidth(inner),
            text,
            self.next_button.sizeHint().height(),
        ]
        if self.command_button.isVisibleTo(self):
            parts.append(self.command_button.sizeHint().height())
        wanted = sum(parts) + (len(parts) - 1) * self._column.spacing() + margins.top() + margins.bottom() + 2
        height = max(height, wanted - text + min(text, metric(_LEAST_TEXT_PX)))
        policy = Qt.ScrollBarPolicy
        # A bar that comes and goes would take width from the text, which then needs the bar.
        is_whole = wanted <= height
        self._area.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if is_whole else policy.ScrollBarAlwaysOn
        )
        # Qt would squeeze text that wraps before it scrolled.
        beside_bar = inner - self._area.verticalScrollBar().sizeHint().width()
        self.body.setMinimumHeight(0 if is_whole else self.body.heightForWidth(beside_bar))
        return QSize(width, min(wanted, height))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.color("accent"), 1.5))
        painter.setBrush(tokens.color("panel"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), _RADIUS_PX, _RADIUS_PX)


class _Body(QWidget):
    """Text, question, choices and answer, one under the other."""

    choice_made = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._paragraphs: list[MathLabel] = []
        self._text = QVBoxLayout()
        self._text.setSpacing(metric(8))
        self.question = MathLabel("", "body", "accent", weight=QFont.Weight.Medium, wraps=True)
        self.choices: list[Button] = []
        self._choice_column = QVBoxLayout()
        self._choice_column.setSpacing(metric(6))
        self.answer = _Answer()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, metric(4), 0)
        column.setSpacing(metric(10))
        column.addLayout(self._text)
        column.addWidget(self.question)
        column.addLayout(self._choice_column)
        column.addWidget(self.answer)
        column.addStretch(1)

    @property
    def plain(self) -> str:
        """All its words."""
        labels = [*(p for p in self._paragraphs if not p.isHidden()), self.question, self.answer.label]
        return " ".join(label.plain for label in labels if label.plain)

    def show_view(self, view: CardView) -> None:
        """Show the middle of a card."""
        lines = view.text.split("\n")
        while len(self._paragraphs) < len(lines):
            self._paragraphs.append(MathLabel("", "body", wraps=True))
            self._text.addWidget(self._paragraphs[-1])
        for index, label in enumerate(self._paragraphs):
            label.setVisible(index < len(lines))
            label.set_markup(lines[index] if index < len(lines) else "")
        self.question.set_markup(view.question)
        self.question.setVisible(bool(view.question))
        self._show_choices(view)
        self.answer.label.set_markup(f"{view.verdict}{view.answer}".replace("\n", " "))
        self.answer.setVisible(bool(view.answer))

    def _show_choices(self, view: CardView) -> None:
        while len(self.choices) < len(view.choices):
            button = make_button("outline", "…")
            button.clicked.connect(partial(self.choice_made.emit, len(self.choices)))
            self.choices.append(button)
            self._choice_column.addWidget(button)
        for index, button in enumerate(self.choices):
            button.setVisible(index < len(view.choices))
            if index >= len(view.choices):
                continue
            button.set_label(view.choices[index])
            button.setToolTip(f"Answer {index + 1}  ({index + 1})")
            button.setAccessibleName(button.text())
            button.setEnabled(not view.answer or index in (view.chosen, view.correct))
            button.set_icon_name(_choice_icon(view, index))
            button.set_icon_role("good" if index == view.correct else "warn")


class _Answer(QFrame):
    """What is said once the question is answered, beside a line in the accent."""

    def __init__(self) -> None:
        super().__init__()
        self.label = MathLabel("", "body", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(metric(12), metric(2), 0, metric(2))
        column.addWidget(self.label)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, 0, metric(3), self.height(), color("accent"))


def _choice_icon(view: CardView, index: int) -> str:
    if not view.answer:
        return ""
    if index == view.correct:
        return "check"
    return "x" if index == view.chosen else ""


def _next_words(view: CardView) -> str:
    if view.is_open:
        return "Show me" if view.has_goal else "Show the answer"
    return "Finish" if view.is_last else "Next"
