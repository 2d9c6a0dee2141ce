"""The settings of the last export, kept for the next one."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

from PySide6.QtCore import QSettings

from diffviz.ui.widgets.export_choices import ExportChoices, ExportOffer

_CHOICES = "export/choices"
_DIRECTIONS = {"forward": "to_noise", "reverse": "to_image", "both": "to_noise", "samples": "to_noise"}
_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "bool": (bool,), "float": (int, float)}


def recalled_choices(settings: QSettings, what: str, offer: ExportOffer) -> ExportChoices:
    """
    The choices to begin with: those of the last export, for what is open now.

    Parameters
    ----------
    settings
        Where they were kept.
    what
        The process that is looked at; "both" stays where it was chosen last and can be had.
    offer
        What there is.
    """
    stored = _stored(settings)
    kept = ExportChoices(**{key: value for key, value in stored.items() if key != "is_whole_range"})
    if kept.what == "both" and "both" in offer.limits:
        what = "both"
    if stored.get("what") != what:
        kept = replace(kept, what=what, picture="", width=0, direction=_DIRECTIONS[what])
    if stored.get("what") != what or stored.get("is_whole_range", True):
        first, last = offer.limits[what]
        kept = replace(kept, first_t=first, last_t=last)
    return kept


def remember_choices(settings: QSettings, choices: ExportChoices, is_whole_range: bool) -> None:
    """Keep choices; a range of all times is kept as such, whatever T is next time."""
    settings.setValue(_CHOICES, json.dumps({**asdict(choices), "is_whole_range": is_whole_range}))


def _stored(settings: QSettings) -> dict[str, Any]:
    """What was kept, without anything that is none of ours: the file may be of another version."""
    try:
        stored = json.loads(str(settings.value(_CHOICES, "{}")))
    except ValueError:
        return {}
    if not isinstance(stored, dict):
        return {}
    types = {field.name: _TYPES[str(field.type)] for field in fields(ExportChoices)} | {
        "is_whole_range": bool
    }
    return {key: value for key, value in stored.items() if key in types and isinstance(value, types[key])}
