"""The box in which a worker leaves its records and from which the window takes them, whenever it has time."""

from __future__ import annotations

import threading

__all__ = ["Mailbox"]


class Mailbox:
    """An unbounded first-in first-out box; neither side ever waits for the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[object] = []

    def post(self, item: object) -> bool:
        """Leave an item; True when the box was empty before, that is when the reader has to be told."""
        with self._lock:
            self._items.append(item)
            return len(self._items) == 1

    def take_all(self) -> list[object]:
        """Everything left so far, oldest first; the box is empty afterwards."""
        with self._lock:
            items, self._items = self._items, []
            return items

    def __bool__(self) -> bool:
        with self._lock:
            return bool(self._items)
