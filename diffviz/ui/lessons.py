"""Guides a person through a lesson: settings, rings, the card, answers, and the way back to the own work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject, QPoint, QRect, QSettings, QTimer, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from diffviz.data.lesson_expressions import ExpressionError, Value
from diffviz.data.lesson_reader import SUFFIX, read_lesson
from diffviz.data.lessons import Lesson, LessonError, LessonStep, Words, filled
from diffviz.engine.history import Run
from diffviz.engine.lesson_check import check_lesson
from diffviz.engine.lesson_facts import run_facts, session_facts
from diffviz.engine.lesson_settings import lesson_state
from diffviz.engine.session import SessionState, Workspace
from diffviz.engine.written_settings import with_settings
from diffviz.paths import assets_dir
from diffviz.ui.card_place import MARGIN_PX, place_card
from diffviz.ui.lesson_controls import lesson_controls
from diffviz.ui.lesson_views import OwnViews
from diffviz.ui.spotlight import Spotlight
from diffviz.ui.theme import metric
from diffviz.ui.widgets.announce import announce
from diffviz.ui.widgets.lesson_card import CardView, LessonCard
from diffviz.ui.widgets.lesson_list import LessonList, LessonRow

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow

_DONE_SETTING = "lessons_done"
_HEIGHT_SHARES = (1.0, 0.8, 0.65, 0.5, 0.4)
_NARROWEST_PX = 220
_CENTRE_PRICE, _TIMELINE_PRICE, _SIDE_PRICE = 1.0, 2.0, 0.4


@dataclass(frozen=True)
class _Answered:
    """How the question of a card was answered."""

    chosen: int | None = None
    is_found: bool = False


class LessonGuide(QObject):
    """
    Gives lessons in a window.

    Signals
    -------
    noted(str)
        Something happened that the status line should say.
    failed(str, str)
        Headline and reason of a lesson that cannot be given.
    """

    noted = Signal(str)
    failed = Signal(str, str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._language = QLocale().name().partition("_")[0]
        self._lessons: dict[str, Lesson] = {}
        self._lesson: Lesson | None = None
        self._place = 0
        self._answers: dict[int, _Answered] = {}
        self._own_views: OwnViews | None = None
        self._is_going = False
        self.spotlight = Spotlight(window)
        self.card = LessonCard(window)
        self.card.hide()
        self.list = LessonList(window)
        self._placing = QTimer(self)
        self._placing.setSingleShot(True)
        self._placing.setInterval(0)
        self._connect()

    def _connect(self) -> None:
        card = self.card
        card.next_requested.connect(self.go_on)
        card.back_requested.connect(self.go_back)
        card.answer_requested.connect(self.answer)
        card.choice_made.connect(self.choose)
        card.command_requested.connect(self._on_command_requested)
        card.leave_requested.connect(self.leave)
        card.resized.connect(self.place_card)
        self.spotlight.moved.connect(self._placing.start)
        self._placing.timeout.connect(self.place_card)
        self.list.lesson_chosen.connect(self.begin)
        self.list.file_requested.connect(self.choose_file)
        # A session from a file takes the place of the person's own state, not of the lesson's.
        self._window.opener.session_opened.connect(self.leave)
        self._window.session.followed.connect(self._on_session_changed)
        self._window.driver.progressed.connect(self._on_run_progressed)

    # What is at hand

    @property
    def is_on(self) -> bool:
        """Whether a lesson is being given."""
        return self._lesson is not None

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is being given."""
        return self._lesson

    @property
    def step(self) -> LessonStep:
        """The card that is shown; only while a lesson is on."""
        assert self._lesson is not None
        return self._lesson.steps[self._place]

    def lessons(self) -> list[Lesson]:
        """Those that ship with the program, in their order, and those that were opened."""
        for path in sorted((assets_dir() / "lessons").glob(f"*{SUFFIX}")):
            if path.stem not in self._lessons:
                self._take(path)
        return sorted(self._lessons.values(), key=lambda lesson: (lesson.order, lesson.key))

    # What a person asks for

    @Slot()
    def open_list(self) -> None:
        """Show the list of lessons."""
        done = _done()
        rows = [
            LessonRow(
                lesson.key,
                self._said(lesson.title),
                self._said(lesson.summary),
                lesson.homework,
                lesson.key in done,
                len(lesson.steps),
            )
            for lesson in self.lessons()
        ]
        self.list.open(rows, self._lesson.key if self._lesson is not None else "")

    @Slot()
    def choose_file(self) -> None:
        """Ask for a lesson file and begin it."""
        file, _ = QFileDialog.getOpenFileName(self._window, "Open a lesson", "", f"Lessons (*{SUFFIX})")
        if file:
            self.open_file(Path(file))

    @Slot(object)
    def open_file(self, path: Path) -> None:
        """Begin the lesson in a file; a faulty one is refused with its line, and nothing changes."""
        lesson = self._take(path)
        if lesson is not None:
            self.begin(lesson.key)

    @Slot(str)
    def begin(self, key: str) -> None:
        """Begin a lesson at its first card."""
        lesson = self._lessons.get(key) or next((one for one in self.lessons() if one.key == key), None)
        if lesson is None:
            return
        if self._own_views is None:
            self._own_views = OwnViews(self._window)
        self._lesson, self._answers = lesson, {}
        self._window.hint.hide()
        self._go(0)
        self.card.show()
        self.noted.emit("Your own work waits: leaving the lesson brings it back")

    @Slot()
    def go_on(self) -> None:
        """Show the next card; after the last one the lesson is done."""
        if self._lesson is None:
            return
        if self._place + 1 < len(self._lesson.steps):
            self._go(self._place + 1)
        else:
            _remember_done(self._lesson.key)
            title = self._said(self._lesson.title)
            self.leave()
            self.noted.emit(f"Lesson done: {title}")

    @Slot()
    def go_back(self) -> None:
        """Show the card before."""
        if self._lesson is not None and self._place > 0:
            self._go(self._place - 1)

    @Slot()
    def answer(self) -> None:
        """Tell the answer, and show it where it is something to be moved."""
        if self._lesson is None or self.step.question is None or self._place in self._answers:
            return
        self._answers[self._place] = _Answered()
        if self.step.goal is not None:
            session = self._window.session
            solved = with_settings(session.state, self.step.solution)
            session.update(**{name: getattr(solved, name) for name in self.step.solution})
        self._show()

    @Slot(int)
    def choose(self, choice: int) -> None:
        """Take one of the choices, from 0."""
        if self._lesson is not None and choice < len(self.step.choices) and self._place not in self._answers:
            self._answers[self._place] = _Answered(chosen=choice)
            self._show()

    @Slot()
    def leave(self) -> None:
        """End the lesson; the person's own state comes back with all that could be undone."""
        if self._lesson is None:
            return
        self._lesson = None
        self.card.hide()
        self.spotlight.clear()
        self._window.driver.cancel()
        self._window.session.leave()
        if self._own_views is not None:
            self._own_views.restore()
            self._own_views = None
        self._window.setFocus()
        self.noted.emit("The lesson is left; this is your own work again")

    # Inside

    def _take(self, path: Path) -> Lesson | None:
        """Read and check a file; None where it cannot be used, which has been said."""
        try:
            lesson = read_lesson(path)
            check_lesson(lesson, lesson_controls(self._window), {c.key for c in self._window.commands})
        except LessonError as error:
            self.failed.emit(
                f"{error.name} cannot be used as a lesson:", f"line {error.line}: {error.reason}"
            )
        except OSError as error:
            self.failed.emit(f"{path.name} could not be read:", error.strerror or "the reason is unknown")
        else:
            self._lessons[lesson.key] = lesson
            return lesson
        return None

    def _go(self, place: int) -> None:
        assert self._lesson is not None
        self._place = place
        window, step = self._window, self.step
        window.current_workspace().timeline.stop()
        self._is_going = True
        # A picture that was opened on the way goes along.
        window.session.visit(lesson_state(self._lesson.settings_of(place), window.session.state))
        self._is_going = False
        if self._own_views is not None:
            self._own_views.apply(step)
        self._show()
        controls = lesson_controls(window)
        self.spotlight.show([controls[name]() for name in step.controls])
        # Panels of another workspace find their places first.
        self._placing.start()
        announce(self.card, self.card.plain)

    def _show(self) -> None:
        """Show the card with the numbers of this moment."""
        if self._lesson is None:
            return
        step, answered = self.step, self._answers.get(self._place)
        numbers = self.numbers()

        def said(words: Words | None) -> str:
            return "" if words is None else filled(self._said(words), numbers)

        command = said(step.button)
        command = command or next((c.title for c in self._window.commands if c.key == step.command), "")
        self.card.show_view(
            CardView(
                lesson=self._said(self._lesson.title),
                place=self._place,
                count=len(self._lesson.steps),
                title=said(step.title),
                text=said(step.text),
                question=said(step.question),
                choices=tuple(said(choice) for choice in step.choices),
                chosen=answered.chosen if answered is not None else None,
                correct=step.correct - 1 if step.correct is not None else None,
                answer=said(step.answer) if answered is not None else "",
                is_found=answered is not None and answered.is_found,
                has_goal=step.goal is not None,
                command=command,
            )
        )

    def numbers(self) -> Mapping[str, Value]:
        """The numbers that the card prints, as the settings of the lesson give them."""
        assert self._lesson is not None
        own = self._own_views.state if self._own_views is not None else SessionState()
        facts = session_facts(lesson_state(self._lesson.settings_of(self._place), own))
        known = self.step.evaluated({**facts, **self.run_numbers()})
        return {name: known[name] for name in self.step.numbers if name in known}

    def run_numbers(self) -> Mapping[str, Value]:
        """What can be said of a run that has ended with the settings of now; empty where there is none."""
        driver = self._window.driver
        run: Run | None = driver.history.current
        if run is None or not run.complete or driver.is_stale(run):
            return {}
        return run_facts(run, driver.history.runs, self._window.images)

    def _said(self, words: Words) -> str:
        return words.said_in(self._language)

    @Slot(object, object)
    def _on_session_changed(self, old: SessionState, new: SessionState) -> None:
        del old
        goal = self.step.goal if self._lesson is not None else None
        if goal is None or self._place in self._answers or self._is_going:
            return
        try:
            is_reached = goal.holds(self.step.evaluated(session_facts(new)))
        except ExpressionError:
            # Half-way through an edit a number may not exist, such as a time in a shortened chain.
            return
        if is_reached:
            self._answers[self._place] = _Answered(is_found=True)
            self._show()

    @Slot()
    def _on_run_progressed(self) -> None:
        run = self._window.driver.history.current
        if self._lesson is not None and run is not None and run.complete:
            self._show()

    @Slot()
    def _on_command_requested(self) -> None:
        command = next((c for c in self._window.commands if c.key == self.step.command), None)
        if command is not None and command.is_enabled():
            command.run()

    # Where the card lies

    @Slot()
    def place_card(self) -> None:
        """Put the card where it covers nothing that it speaks of; where there is no room it scrolls."""
        if self._lesson is None:
            return
        window = self._window
        top = window.header.mapTo(window, QPoint(0, window.header.height())).y()
        bottom = window.status.mapTo(window, QPoint(0, 0)).y()
        room = QRect(0, top, window.width(), bottom - top)
        spoken_of = [place.adjusted(-6, -6, 6, 6) for place in self.spotlight.places()]
        others = self._dear_places()
        place = QRect()
        for share in (*_HEIGHT_SHARES, 1.0):
            size = self.card.fit_into(self._widest(room), round(share * room.height()) - 2 * MARGIN_PX)
            place = QRect(place_card(size, room, spoken_of, others), size)
            if not any(place.intersects(other) for other in spoken_of):
                break
        self.card.setGeometry(place)
        self.card.raise_()
        self.card.settle()

    def _widest(self, room: QRect) -> int:
        """As wide as the panel that it usually covers, so that the stage stays free, but not too narrow."""
        beside = self._window.current_workspace().panel
        width = beside.width() if beside.isVisible() else room.width()
        return min(max(width, metric(_NARROWEST_PX)), room.width()) - 2 * MARGIN_PX

    def _dear_places(self) -> list[tuple[QRect, float]]:
        window = self._window
        workspace = window.current_workspace()
        left, right = window.panels.widget(0), workspace.panel
        is_training = window.session.state.workspace is Workspace.TRAIN
        priced = [
            (workspace.centre, _CENTRE_PRICE),
            (workspace.timeline, _TIMELINE_PRICE),
            (left, _SIDE_PRICE * (1.0 if is_training else 1.2)),
            (right, _SIDE_PRICE * (1.2 if is_training else 1.0)),
        ]
        return [
            (QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()), price)
            for widget, price in priced
            if widget is not None and widget.isVisible()
        ]


def _done() -> set[str]:
    stored = QSettings().value(_DONE_SETTING, "")
    return set(str(stored).split()) if stored else set()


def _remember_done(key: str) -> None:
    QSettings().setValue(_DONE_SETTING, " ".join(sorted(_done() | {key})))
