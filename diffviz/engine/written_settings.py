"""From settings as files of lessons and sessions write them to a state of the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from diffviz.core.sampler_spec import SamplerSpec
from diffviz.core.schedules import ScheduleError, ScheduleSpec
from diffviz.data.schedule_files import spec_from_json
from diffviz.engine.state import SessionState, StateError, settle

__all__ = ["with_settings"]

_FIELDS = {field.name for field in fields(SessionState)}
_SAMPLER_FIELDS = {field.name for field in fields(SamplerSpec)}
_USUAL_TIMESTEPS = 1000


def with_settings(state: SessionState, settings: Mapping[str, Any]) -> SessionState:
    """
    A state with some fields changed, as a file writes them, settled.

    Schedules are tables as in exported JSON files, of which all but the kind may be left out; a table for the
    sampler names what differs. ``false`` stands for nothing.

    Raises
    ------
    StateError
        If a setting is unknown or impossible; the sentence begins with its name.
    """
    for name, value in settings.items():
        try:
            state = settle(replace(state, **{name: _field(state, name, value)}))
        except (StateError, ScheduleError, TypeError, ValueError) as error:
            raise StateError(f"{name}: {error}") from error
    return state


def _field(state: SessionState, name: str, value: Any) -> Any:
    if name not in _FIELDS:
        raise StateError(f"there is no such setting; known are {', '.join(sorted(_FIELDS))}.")
    if name in ("schedule", "ghost"):
        return None if value is False and name == "ghost" else _schedule(value)
    if name == "sampler":
        unknown = set(value) - _SAMPLER_FIELDS
        if unknown:
            raise StateError(f"a sampler has no {', '.join(sorted(unknown))}.")
        return replace(state.sampler, **value)
    if name == "lab":
        return replace(state.lab, **{key: _tuples(part) for key, part in value.items()})
    usual = getattr(SessionState(), name)
    if value is False and (usual is None or name == "class_index"):
        return None
    if isinstance(usual, (int, float)) and not isinstance(value, (int, float)):
        raise StateError(f"{value!r} is no number.")
    return value


def _tuples(value: Any) -> Any:
    """Lists of a file as the tuples of a state."""
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value


def _schedule(value: Any) -> ScheduleSpec:
    if not isinstance(value, Mapping):
        raise StateError('a schedule is a table such as { kind = "cosine" }.')
    return spec_from_json({"num_timesteps": _USUAL_TIMESTEPS, **value})
