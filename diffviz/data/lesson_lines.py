"""Which line of a lesson file a value stands in, for messages; TOML readers do not say."""

from __future__ import annotations

import re
from collections.abc import Mapping

_TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+(?:\s*\.\s*[A-Za-z0-9_\-]+)*)\s*=")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
_QUOTES = ('"""', "'" * 3)

Path = tuple[str | int, ...]


def lines_of(text: str) -> dict[Path, int]:
    """
    Line of every table and key of a TOML text that is known to be one, counted from 1.

    A key of the third ``[[steps]]`` is ``("steps", 2, "title", "en")``. What stands inside a value, an inline
    table for instance, has the line of its key.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    closing = ""
    depth = 0
    items: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if depth > 0:
            if line.lstrip()[:1] in ("'", '"'):
                found[items] = number
                items = (*items[:-1], int(items[-1]) + 1)
            depth += _opened(line)
            continue
        if header := _TABLE.match(line):
            table = _resolved(tuple(header[2].split(".")), counts, is_array=header[1] == "[[")
            found[table] = number
        elif key := _KEY.match(line):
            names = tuple(name.strip() for name in key[1].split("."))
            for length in range(1, len(names) + 1):
                found.setdefault((*table, *names[:length]), number)
            value = line[key.end() :]
            quotes = next((quote for quote in _QUOTES if value.count(quote) % 2), "")
            closing = quotes
            depth = 0 if quotes else _opened(value)
            items = (*table, *names, len(_QUOTED.findall(value)))
    return found


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Line of a value, or of the nearest thing around it; 1 where nothing is known."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _resolved(names: tuple[str, ...], counts: dict[Path, int], *, is_array: bool) -> Path:
    """Path of a table, with the number of the newest entry of every array of tables on the way."""
    path: Path = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if is_array and place == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _opened(text: str) -> int:
    """How many brackets a piece of a value leaves open, words in quotes left out."""
    bare = re.sub(r"#.*", "", _QUOTED.sub("", text))
    return bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")
