"""Lessons: guided tours in TOML files, as ``docs/lessons.md`` describes them for teachers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diffviz.data.lesson_expressions import Expression, ExpressionError, Value
from diffviz.data.lesson_lines import Path, line_of

__all__ = [
    "PLACEHOLDER",
    "RUN_PREFIX",
    "Lesson",
    "LessonError",
    "LessonStep",
    "Path",
    "Words",
    "filled",
    "is_inside_mathematics",
]

RUN_PREFIX = "run_"
"""Names of numbers that are there only when a run has ended begin so."""
_FALLBACK = "en"
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(:[^{}]*)?\}")
"""Where a number stands in a text; group 1 is its name, group 2 how it is written."""
_MATHEMATICS = re.compile(r"\$[^$]*\$")


class LessonError(ValueError):
    """A lesson file that cannot be used: its name, the line, and why, in one sentence."""

    def __init__(self, name: str, line: int, reason: str) -> None:
        super().__init__(f"{name}, line {line}: {reason}")
        self.name, self.line, self.reason = name, line, reason


@dataclass(frozen=True)
class Words:
    """A text in one language or several."""

    by_language: tuple[tuple[str, str], ...]

    def said_in(self, language: str) -> str:
        """Return the text in a language ("de"), else in English, else in the first there is."""
        texts = dict(self.by_language)
        return texts.get(language) or texts.get(_FALLBACK) or self.by_language[0][1]


@dataclass(frozen=True)
class LessonStep:
    """
    One card of a lesson.

    Attributes
    ----------
    title, text
        What it says; ``{name}`` or ``{name:.2f}`` stands for a number of the step.
    settings
        Fields of the session, on top of those of the steps before.
    stage, training
        Way of showing in the workspace ("step"), and recipe of the Train workspace (preset, data).
    controls
        Names of the controls that are ringed and that the card does not cover.
    command, button
        Key of a command that the card offers as a button, "" for none, and what the button says.
    question, choices, correct, answer
        What is asked, what may be answered, which of them is right, and what is said then.
    goal, solution
        What the person should bring about by moving something, and settings that do it.
    numbers, claims
        What the texts print, by name, and what is claimed of the numbers.
    lines
        Line in the file of each of its keys.
    """

    title: Words
    text: Words
    settings: Mapping[str, Any] = field(default_factory=dict)
    stage: str = ""
    training: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    command: str = ""
    button: Words | None = None
    question: Words | None = None
    choices: tuple[Words, ...] = ()
    correct: int | None = None
    answer: Words | None = None
    goal: Expression | None = None
    solution: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, Expression] = field(default_factory=dict)
    claims: tuple[Expression, ...] = ()
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int:
        """Line of one of its values."""
        return line_of(self.lines, path) if path else self.lines.get((), 1)

    def evaluated(self, names: Mapping[str, Value]) -> dict[str, Value]:
        """
        Values and functions by name, with the numbers of the step, each of which may use those before it.

        Numbers of a run are left out while there is none.

        Raises
        ------
        ExpressionError
            If one of them has no value.
        """
        known = dict(names)
        for name, expression in self.numbers.items():
            if not self._waits(expression, known):
                known[name] = expression.value(known)
        return known

    def broken_claim(self, names: Mapping[str, Value]) -> tuple[int, Expression] | None:
        """
        Place and text of the first claim that is not true; those about a run count once there is one.

        Raises
        ------
        ExpressionError
            If a number or a claim has no value.
        """
        known = self.evaluated(names)
        for place, claim in enumerate(self.claims):
            if not self._waits(claim, known) and not claim.holds(known):
                return place, claim
        return None

    def _waits(self, expression: Expression, known: Mapping[str, Value]) -> bool:
        """Whether an expression speaks of a run that has not ended."""
        missing = expression.names - known.keys()
        return any(name.startswith(RUN_PREFIX) or name in self.numbers for name in missing)


@dataclass(frozen=True)
class Lesson:
    """
    A guided tour.

    Attributes
    ----------
    key
        Name of its file without the ending.
    title, summary
        For the list of lessons.
    order
        Place in the list.
    homework
        Questions of a homework sheet that it answers, as the sheet numbers them.
    settings
        Fields of the session for all steps.
    lines
        Line in the file of each of its keys.
    """

    key: str
    title: Words
    summary: Words
    steps: tuple[LessonStep, ...]
    order: int = 1000
    homework: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[Path, int] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        """Name of its file."""
        return f"{self.key}.toml"

    def settings_of(self, step: int) -> dict[str, Any]:
        """Fields of the session that a step wants, with all that the steps before it wanted."""
        wanted = dict(self.settings)
        for earlier in self.steps[: step + 1]:
            wanted |= earlier.settings
        return wanted


def filled(words: str, numbers: Mapping[str, Value]) -> str:
    """
    Put numbers into a text: ``{share:.0%}`` becomes "17%"; paragraphs with a number that is not there yet go.

    Raises
    ------
    ExpressionError
        If a number cannot be written in the way asked for.
    """

    def number(match: re.Match[str]) -> str:
        name, form = match[1], (match[2] or "")[1:]
        if name not in numbers:
            return match[0]
        try:
            return format(numbers[name], form or _usual_form(numbers[name])).replace("-", "−")
        except (TypeError, ValueError) as error:
            raise ExpressionError(f"{name} cannot be written as “{form}”") from error

    def is_known(paragraph: str) -> bool:
        return all(
            match[1] in numbers or is_inside_mathematics(paragraph, match.start())
            for match in PLACEHOLDER.finditer(paragraph)
        )

    paragraphs = words.split("\n")
    return "\n".join(PLACEHOLDER.sub(number, one) for one in paragraphs if is_known(one))


def _usual_form(value: Value) -> str:
    return "d" if isinstance(value, int) else ".4g"


def is_inside_mathematics(words: str, place: int) -> bool:
    """Whether a place of a text lies between two ``$``, where braces group."""
    return any(match.start() < place < match.end() for match in _MATHEMATICS.finditer(words))
