"""Reading lesson files, and saying of a faulty one which line is wrong and why."""

from __future__ import annotations

import keyword
import re
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from diffviz.data.lesson_expressions import FUNCTIONS, Expression, ExpressionError
from diffviz.data.lesson_lines import Path as Place
from diffviz.data.lesson_lines import line_of, lines_of
from diffviz.data.lessons import (
    PLACEHOLDER,
    Lesson,
    LessonError,
    LessonStep,
    Words,
    is_inside_mathematics,
)

__all__ = ["SUFFIX", "parse_lesson", "read_lesson"]

SUFFIX = ".toml"
_FORMAT = 1
_LARGEST_BYTES = 200_000
_FALLBACK = "en"
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_LESSON_KEYS = frozenset({"format", "title", "summary", "order", "homework", "settings", "steps"})
_STEP_KEYS = frozenset(
    {
        *(
            "title",
            "text",
            "settings",
            "stage",
            "training",
            "controls",
            "command",
            "button",
            "question",
            "choices",
        ),
        *("correct", "goal", "solution", "answer", "numbers", "claims"),
    }
)


def read_lesson(path: Path) -> Lesson:
    """
    Read a lesson file.

    Raises
    ------
    LessonError
        If it is none; the sentence names the line.
    OSError
        If it cannot be read.
    """
    if path.stat().st_size > _LARGEST_BYTES:
        raise LessonError(path.name, 1, f"a lesson has at most {_LARGEST_BYTES // 1000} kB.")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise LessonError(path.name, line, "the file is not written in UTF-8.") from error
    return parse_lesson(text, path.name)


def parse_lesson(text: str, name: str) -> Lesson:
    """
    Read a lesson.

    Parameters
    ----------
    text
        The file.
    name
        Its name, for messages and as key.

    Raises
    ------
    LessonError
        If it is none; the sentence names the line.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        place = re.search(r"\(at line (\d+), column \d+\)", words)
        line = int(place[1]) if place else text.count("\n") + 1
        raise LessonError(name, line, f"{words.split(' (at')[0].lower()}.") from error
    return _Reader(name, data, lines_of(text)).lesson()


class _Reader:
    """Turns what the TOML reader gave into a lesson, or says what is wrong with it and where."""

    def __init__(self, name: str, data: dict[str, Any], lines: dict[Place, int]) -> None:
        self._name, self._data, self._lines = name, data, lines

    def lesson(self) -> Lesson:
        data = self._data
        self._known_keys(data, _LESSON_KEYS, ())
        if data.get("format") != _FORMAT:
            self._refuse(("format",), f"a lesson begins with format = {_FORMAT}.")
        steps = data.get("steps")
        if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
            self._refuse(("steps",), "a lesson needs at least one [[steps]].")
        order = data.get("order", 1000)
        if not isinstance(order, int):
            self._refuse(("order",), "order is a whole number.")
        return Lesson(
            key=Path(self._name).stem,
            title=self._words(data, ("title",)),
            summary=self._words(data, ("summary",)),
            steps=tuple(self._step(step, ("steps", index)) for index, step in enumerate(steps)),
            order=order,
            homework=self._texts(data, ("homework",)),
            settings=self._table(data, ("settings",)),
            lines=self._lines,
        )

    def _step(self, data: dict[str, Any], at: Place) -> LessonStep:
        self._known_keys(data, _STEP_KEYS, at)
        numbers = self._numbers(data, at)
        claims = self._texts(data, (*at, "claims"))
        step = LessonStep(
            title=self._words(data, (*at, "title")),
            text=self._words(data, (*at, "text")),
            settings=self._table(data, (*at, "settings")),
            stage=self._text(data, (*at, "stage")),
            training=self._table(data, (*at, "training")),
            controls=self._texts(data, (*at, "controls")),
            command=self._text(data, (*at, "command")),
            button=self._words(data, (*at, "button")) if "button" in data else None,
            question=self._words(data, (*at, "question")) if "question" in data else None,
            choices=self._choices(data, (*at, "choices")),
            correct=data.get("correct"),
            answer=self._words(data, (*at, "answer")) if "answer" in data else None,
            goal=self._expression(data["goal"], (*at, "goal")) if "goal" in data else None,
            solution=self._table(data, (*at, "solution")),
            numbers=numbers,
            claims=tuple(self._expression(claim, (*at, "claims", i)) for i, claim in enumerate(claims)),
            lines={path[len(at) :]: line for path, line in self._lines.items() if path[: len(at)] == at},
        )
        self._agrees(step, at)
        return step

    def _agrees(self, step: LessonStep, at: Place) -> None:
        """Refuse a step whose question, choices, goal, answer and numbers do not belong together."""
        if step.answer is not None and step.question is None:
            self._refuse((*at, "answer"), "an answer needs a question.")
        if step.question is not None and step.answer is None:
            self._refuse((*at, "question"), "a question needs an answer.")
        if (step.goal or step.choices) and step.question is None:
            self._refuse((*at, "goal" if step.goal else "choices"), "a question has to say what is asked.")
        if step.choices and not (isinstance(step.correct, int) and 1 <= step.correct <= len(step.choices)):
            self._refuse((*at, "correct"), f"correct names the right choice, 1 to {len(step.choices)}.")
        if step.correct is not None and not step.choices:
            self._refuse((*at, "correct"), "there are no choices of which one could be correct.")
        if (step.goal is None) != (not step.solution):
            self._refuse(
                (*at, "goal"), "a goal needs a [steps.solution] that reaches it, and the other way round."
            )
        for key in ("title", "text", "question", "answer", "choices"):
            words = step.choices if key == "choices" else [getattr(step, key)]
            for text in (text for some in words if some is not None for _, text in some.by_language):
                for match in PLACEHOLDER.finditer(text):
                    if match[1] not in step.numbers and not is_inside_mathematics(text, match.start()):
                        self._refuse((*at, key), f"{{{match[1]}}} is none of the numbers of this step.")

    def _numbers(self, data: dict[str, Any], at: Place) -> dict[str, Expression]:
        table = self._table(data, (*at, "numbers"))
        for name in table:
            if not _NAME.match(name) or name in FUNCTIONS or keyword.iskeyword(name):
                self._refuse((*at, "numbers", name), f"a number cannot be called {name}.")
        return {name: self._expression(text, (*at, "numbers", name)) for name, text in table.items()}

    def _expression(self, text: object, at: Place) -> Expression:
        if not isinstance(text, str):
            self._refuse(at, "an expression is written in quotes.")
        try:
            return Expression(text)
        except ExpressionError as error:
            self._refuse(at, f"{error}.")

    def _words(self, data: dict[str, Any], at: Place) -> Words:
        value = data.get(str(at[-1]))
        if isinstance(value, str) and value.strip():
            return Words(((_FALLBACK, _joined(value)),))
        if (
            isinstance(value, dict)
            and value
            and all(isinstance(v, str) and v.strip() for v in value.values())
        ):
            return Words(tuple((language, _joined(text)) for language, text in value.items()))
        return self._refuse(at, f"{at[-1]} needs a text, or one for each language such as {at[-1]}.en.")

    def _choices(self, data: dict[str, Any], at: Place) -> tuple[Words, ...]:
        value = data.get("choices")
        if value is None:
            return ()
        lists = value if isinstance(value, dict) else {_FALLBACK: value}
        sizes = {len(texts) if isinstance(texts, list) else 0 for texts in lists.values()}
        is_good = len(sizes) == 1 and 2 <= max(sizes) <= 5
        if not is_good or not all(isinstance(text, str) for texts in lists.values() for text in texts):
            self._refuse(at, "choices are two to five texts, as many in each language.")
        return tuple(
            Words(tuple((language, texts[index]) for language, texts in lists.items()))
            for index in range(max(sizes))
        )

    def _table(self, data: dict[str, Any], at: Place) -> dict[str, Any]:
        value = data.get(str(at[-1]), {})
        if not isinstance(value, dict):
            self._refuse(at, f"{at[-1]} is a table of names and values.")
        return dict(value)

    def _text(self, data: dict[str, Any], at: Place) -> str:
        value = data.get(str(at[-1]), "")
        if not isinstance(value, str):
            self._refuse(at, f"{at[-1]} is a text.")
        return value

    def _texts(self, data: dict[str, Any], at: Place) -> tuple[str, ...]:
        value = data.get(str(at[-1]), [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self._refuse(at, f"{at[-1]} is a list of texts.")
        return tuple(value)

    def _known_keys(self, data: dict[str, Any], known: frozenset[str], at: Place) -> None:
        for key in data:
            if key not in known:
                self._refuse((*at, key), f"{key} means nothing here; known are {', '.join(sorted(known))}.")

    def _refuse(self, at: Place, reason: str) -> NoReturn:
        raise LessonError(self._name, line_of(self._lines, at), reason)


def _joined(text: str) -> str:
    """A text whose lines are one paragraph; an empty line parts paragraphs."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
