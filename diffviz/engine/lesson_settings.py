"""From the settings of a lesson to a state of the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from diffviz.engine.state import SessionState
from diffviz.engine.written_settings import with_settings

__all__ = ["KEPT_FIELDS", "lesson_state"]

KEPT_FIELDS = ("image", "device")
"""What a lesson leaves as the person has it, unless it says otherwise."""


def lesson_state(settings: Mapping[str, Any], own: SessionState) -> SessionState:
    """
    The state that a lesson's settings give, the rest as at the first start.

    Raises
    ------
    StateError
        If a setting is unknown or impossible; the sentence begins with its name.
    """
    kept = {name: getattr(own, name) for name in KEPT_FIELDS}
    return with_settings(replace(SessionState(), **kept), settings)
