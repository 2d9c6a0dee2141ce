"""Lesson files: what is read, and what is refused with which line."""

import pytest

from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.lesson_expressions import Expression, ExpressionError
from diffviz.data.lesson_reader import parse_lesson
from diffviz.data.lessons import LessonError, filled
from diffviz.engine.lesson_check import check_lesson
from diffviz.engine.lesson_facts import session_facts
from diffviz.engine.session import SessionState
from diffviz.paths import assets_dir

GOOD = """\
format = 1
title = { en = "Half", de = "Die Hälfte" }
summary = "Where half of it is gone."
[settings]
t = 270

[[steps]]
title = "Half of it"
text = \"\"\"
It is
{half}.

It was {left:.1%}.
\"\"\"
question = "Where?"
answer = "Here."
goal = "t == half"
controls = ["stage"]
claims = [
  "half == 260",
]
[steps.solution]
t = 260
[steps.numbers]
half = "first(alphas_cumprod <= 0.5)"
left = "alphas_cumprod[half]"
"""


def refused(text: str) -> tuple[int, str]:
    """Line and reason of a faulty lesson."""
    with pytest.raises(LessonError) as caught:
        check_lesson(parse_lesson(text, "mine.toml"), {"stage"}, {"run"})
    return caught.value.line, caught.value.reason


def test_a_lesson_is_read_in_any_language_and_its_numbers_are_put_into_its_text() -> None:
    lesson = parse_lesson(GOOD, "mine.toml")
    check_lesson(lesson, {"stage"}, set())
    assert [lesson.title.said_in(language) for language in ("de", "en", "fr")] == [
        "Die Hälfte",
        "Half",
        "Half",
    ]
    step = lesson.steps[0]
    numbers = step.evaluated(session_facts(SessionState()))
    left = build_schedule(ScheduleSpec()).alphas_cumprod[260]
    shown = {name: numbers[name] for name in step.numbers}
    assert filled(step.text.said_in("en"), shown) == f"It is 260.\nIt was {left:.1%}."


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (("t = 270", "t = "), 5, "invalid value"),
        (("t = 270", "tea = 270"), 5, "tea: there is no such setting"),
        (("t = 270", 'schedule = { kind = "square" }'), 5, "There is no schedule 'square'"),
        (("t = 270", "t = 260"), 17, "reached before anybody"),
        (("t = 260", "t = 261"), 17, "the solution does not reach the goal"),
        (('"half == 260"', '"half == 261"'), 20, "`half == 261` is not true"),
        (('"half == 260"', '"half"'), 20, "neither true nor false"),
        (("{half}.", "{haf}."), 9, "{haf} is none of the numbers"),
        (("{left:.1%}", "{left:d}"), 9, "left cannot be written as “d”"),
        (('"stage"', '"stag"'), 18, "there is no control stag"),
        (("goal =", "goul ="), 17, "goul means nothing here"),
        (('answer = "Here."\n', ""), 15, "a question needs an answer"),
        (("first(", "__import__("), 25, "there is no __import__"),
        (("first(alphas_cumprod <= 0.5)", "alphas_cumprod.size"), 25, "is not allowed in an expression"),
        (("format = 1", "format = 2"), 1, "format = 1"),
        (('title = "Half of it"\n', ""), 7, "title needs a text"),
    ],
)
def test_a_faulty_lesson_is_refused_with_its_line(change: tuple[str, str], line: int, reason: str) -> None:
    assert change[0] in GOOD
    found_line, found_reason = refused(GOOD.replace(*change, 1))
    assert reason in found_reason
    assert found_line == line


@pytest.mark.parametrize(
    "text",
    [
        "t = 3",
        "[x for x in betas]",
        "lambda: 1",
        "betas.sum()",
        "f'{t}'",
        "betas[1:2]",
        "abs(x=1)",
        "(" * 300,
    ],
)
def test_nothing_but_arithmetic_is_an_expression(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text)


def test_towers_of_powers_and_places_outside_the_chain_have_no_value() -> None:
    with pytest.raises(ExpressionError, match="outside 0…1000"):
        Expression("betas[1001]").value(session_facts(SessionState()))
    assert Expression("9 ** 9 ** 9").value({}) == float("inf")


def test_lessons_answer_every_question_of_the_homework_sheet() -> None:
    answered = set()
    for path in (assets_dir() / "lessons").glob("*.toml"):
        answered |= set(parse_lesson(path.read_text(encoding="utf-8"), path.name).homework)
    assert answered >= {"1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "3.1", "3.2", "4", "5.1", "5.2"}
