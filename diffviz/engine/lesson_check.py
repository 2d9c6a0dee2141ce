"""Whether a lesson can be given: its settings are possible, and what it claims is true."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from diffviz.data.lesson_expressions import ExpressionError
from diffviz.data.lesson_lines import line_of
from diffviz.data.lessons import Lesson, LessonError, LessonStep, Words, filled
from diffviz.engine.lesson_facts import session_facts
from diffviz.engine.lesson_settings import lesson_state
from diffviz.engine.state import SessionState, StateError
from diffviz.engine.written_settings import with_settings

__all__ = ["check_lesson"]


def check_lesson(lesson: Lesson, controls: Collection[str], commands: Collection[str]) -> None:
    """
    Go through a lesson on paper, all but what needs a run.

    Parameters
    ----------
    lesson
        The lesson.
    controls, commands
        Names that its steps may use.

    Raises
    ------
    LessonError
        If a setting is impossible, a claim is not true, a goal is reached already or not by its solution, or
        a control or command is unknown; the sentence names the line.
    """
    _possible_state(lesson, lesson.settings, lesson.lines, ("settings",))
    for index, step in enumerate(lesson.steps):
        lines = {("steps", index, *path): line for path, line in step.lines.items()} | dict(lesson.lines)
        for place, name in enumerate(step.controls):
            if name not in controls:
                line = line_of(step.lines, ("controls", place))
                raise LessonError(lesson.file_name, line, f"there is no control {name}.")
        if step.command and step.command not in commands:
            line = line_of(step.lines, ("command",))
            raise LessonError(lesson.file_name, line, f"there is no command {step.command}.")
        state = _possible_state(lesson, lesson.settings_of(index), lines, ("steps", index, "settings"))
        _check_numbers(lesson, step, state)
        if step.goal is not None:
            _check_goal(lesson, step, state)


def _possible_state(
    lesson: Lesson,
    settings: Mapping[str, Any],
    lines: Mapping[tuple[str | int, ...], int],
    at: tuple[str | int, ...],
) -> SessionState:
    try:
        return lesson_state(settings, SessionState())
    except StateError as error:
        name = str(error).partition(":")[0]
        raise LessonError(lesson.file_name, line_of(lines, (*at, name)), str(error)) from error


def _check_numbers(lesson: Lesson, step: LessonStep, state: SessionState) -> None:
    known = dict(session_facts(state))
    try:
        broken = step.broken_claim(known)
        numbers = step.evaluated(known)
    except ExpressionError as error:
        line = _line_of_expression(step, str(error))
        raise LessonError(lesson.file_name, line, f"{error}.") from error
    if broken is not None:
        line = line_of(step.lines, ("claims", broken[0]))
        raise LessonError(lesson.file_name, line, f"`{broken[1].text}` is not true with these settings.")
    shown = {name: numbers[name] for name in step.numbers if name in numbers}
    named: list[tuple[str, Words | None]] = [("title", step.title), ("text", step.text)]
    named += [("question", step.question), ("answer", step.answer)]
    named += [("choices", choice) for choice in step.choices]
    for key, words in named:
        for _, text in words.by_language if words is not None else ():
            try:
                filled(text, shown)
            except ExpressionError as error:
                raise LessonError(lesson.file_name, line_of(step.lines, (key,)), f"{error}.") from error


def _check_goal(lesson: Lesson, step: LessonStep, state: SessionState) -> None:
    assert step.goal is not None
    line = line_of(step.lines, ("goal",))
    try:
        if step.goal.holds(step.evaluated(session_facts(state))):
            raise LessonError(lesson.file_name, line, "the goal is reached before anybody has done anything.")
        solved = with_settings(state, step.solution)
        if not step.goal.holds(step.evaluated(session_facts(solved))):
            raise LessonError(lesson.file_name, line, "the solution does not reach the goal.")
    except ExpressionError as error:
        raise LessonError(lesson.file_name, line, f"{error}.") from error
    except StateError as error:
        name = str(error).partition(":")[0]
        line = line_of(step.lines, ("solution", name))
        raise LessonError(lesson.file_name, line, str(error)) from error


def _line_of_expression(step: LessonStep, sentence: str) -> int:
    """Line of the expression that a sentence speaks of."""
    places: list[tuple[tuple[str | int, ...], str]] = [
        (("numbers", name), expression.text) for name, expression in step.numbers.items()
    ]
    places += [(("claims", place), claim.text) for place, claim in enumerate(step.claims)]
    path = next((path for path, text in places if f"`{text}`" in sentence), ())
    return line_of(step.lines, path)
