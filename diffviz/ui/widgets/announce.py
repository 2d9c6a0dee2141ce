"""Tell screen readers of what happened elsewhere than under the keyboard."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


def announce(source: QWidget, sentence: str, *, urgent: bool = False) -> None:
    """
    Have a sentence spoken.

    Parameters
    ----------
    source
        Widget that speaks.
    sentence
        What happened.
    urgent
        Interrupt what is being spoken: for errors.
    """
    event = QAccessibleAnnouncementEvent(source, sentence)
    if urgent:
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
    QAccessible.updateAccessibility(event)
