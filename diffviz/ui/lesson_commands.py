"""What can be done with lessons, with its keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from diffviz.ui.commands import Command
from diffviz.ui.widgets.lesson_card import BACK_KEY, NEXT_KEY

if TYPE_CHECKING:
    from diffviz.ui.main_window import MainWindow

_MOST_CHOICES = 5


def lesson_commands(window: MainWindow) -> list[Command]:
    """Return the commands of lessons; those of a card are there while one is shown."""
    guide = window.lessons

    def is_on() -> bool:
        return guide.is_on

    def has_choice(choice: int) -> bool:
        return guide.is_on and choice < len(guide.step.choices)

    return [
        Command("lesson.list", "Lessons…", guide.open_list, ("Ctrl+L",)),
        Command("lesson.open", "Open a lesson file…", guide.choose_file),
        Command("lesson.next", "Lesson: go on", guide.card.press_next, (NEXT_KEY,), is_on),
        Command("lesson.back", "Lesson: go back", guide.go_back, (BACK_KEY,), is_on),
        *(
            Command(
                f"lesson.choice{choice + 1}",
                f"Lesson: answer {choice + 1}",
                partial(guide.choose, choice),
                (str(choice + 1),),
                partial(has_choice, choice),
            )
            for choice in range(_MOST_CHOICES)
        ),
        Command("lesson.leave", "Leave the lesson", guide.leave, (), is_on),
    ]
