"""Points in the plane in files of one's own: CSV with two columns, or a NumPy array n × 2."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffviz.data.dataset_files import DatasetError
from diffviz.data.toy2d import TOY_SETS, Points, standardised

__all__ = [
    "FEWEST_POINTS",
    "MOST_POINTS",
    "PAINTED_TITLE",
    "PLANE_REACH",
    "POINT_SUFFIXES",
    "PointSet",
    "fingerprint_of",
    "has_points",
    "is_painting",
    "is_point_file",
    "learns_points",
    "painting_name",
    "points_text",
    "points_title",
    "read_points",
]

POINT_SUFFIXES = (".csv", ".npy")
FEWEST_POINTS, MOST_POINTS = 10, 100_000
PLANE_REACH = 6.0
"""How far from the middle the plane goes, to each side."""

PAINTED_TITLE = "Painted points"
"""What sets that were painted in the lab are called, with a number."""

_SEEN_REACH, _SEEN_SHARE = 3.0, 0.99
_LEAST_REACH = 0.05
_MOST_BYTES = 16 << 20
_LONGEST_LINE = 1000
_PAINTING = re.compile(r"painted-(\d+)-[0-9a-f]{12}")


@dataclass(frozen=True, eq=False)
class PointSet:
    """Points of a file.

    Attributes
    ----------
    points
        float32, shape (n, 2), n from 10 to 100,000.
    notes
        Sentences about what was changed.
    """

    points: Points
    notes: tuple[str, ...] = ()


def is_point_file(name: str | Path) -> bool:
    """Whether a name is that of a file which may hold points."""
    return Path(name).suffix.lower() in POINT_SUFFIXES


def has_points(path: Path) -> bool:
    """Whether a file is an array, or a table that begins with a pair of numbers and is none of a schedule."""
    suffix = path.suffix.lower()
    if suffix not in POINT_SUFFIXES or not path.is_file():
        return False
    if suffix == ".npy":
        return True
    try:
        with path.open(encoding="utf-8-sig") as stream:
            lines = [_words(stream.readline(_LONGEST_LINE)) for _ in range(2)]
    except (OSError, UnicodeDecodeError):
        return False
    if "beta" in lines[0]:
        return False
    return any(len(words) == 2 and all(map(_is_number, words)) for words in lines)


def learns_points(data: str) -> bool:
    """Whether data, by their name, are points in the plane and not pictures."""
    return data in TOY_SETS or is_point_file(data)


def points_title(name: str) -> str:
    """What a person calls a set of points, by its name or file."""
    if name in TOY_SETS:
        return TOY_SETS[name][0]
    painting = _PAINTING.fullmatch(Path(name).stem)
    return f"{PAINTED_TITLE} {painting[1]}" if painting else Path(name).name


def is_painting(name: str | Path) -> bool:
    """Whether a file, by its name, holds painted points."""
    return _PAINTING.fullmatch(Path(name).stem) is not None


def painting_name(number: int, points: NDArray[np.floating]) -> str:
    """What the file of painted points is called."""
    return f"painted-{number}-{fingerprint_of(points)}.csv"


def fingerprint_of(points: NDArray[np.floating]) -> str:
    """Twelve digits that only equal points (n, 2) share."""
    return hashlib.sha256(np.ascontiguousarray(points, np.float32).tobytes()).hexdigest()[:12]


def points_text(points: NDArray[np.floating]) -> str:
    """Points (n, 2) as CSV, which `read_points` reads back to the last bit."""
    rows = (f"{x:.9g},{y:.9g}\n" for x, y in np.asarray(points, np.float32).tolist())
    return "x,y\n" + "".join(rows)


def read_points(path: Path) -> PointSet:
    """Read points as they are; those that do not fit the plane are centred and brought to its scale.

    Raises
    ------
    DatasetError
        If there is no such file, or it holds something else, a value that is no number, or too few or too
        many points.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DatasetError(f"{path.name} is too large: at most {MOST_POINTS:,} points can be learned.")
        values = _array(path) if path.suffix.lower() == ".npy" else _table(path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DatasetError(f"{path.name} could not be read: {reason}.") from error
    if not FEWEST_POINTS <= len(values) <= MOST_POINTS:
        raise DatasetError(
            f"{path.name} holds {len(values):,} point{'s' if len(values) != 1 else ''}: "
            f"{FEWEST_POINTS} to {MOST_POINTS:,} can be learned."
        )
    if is_painting(path) or _fits(values):
        return PointSet(values.astype(np.float32))
    points, scale = standardised(values)
    return PointSet(points, (f"The points were centred and divided by {scale:.3g} to fit the plane.",))


def _fits(values: NDArray[np.float64]) -> bool:
    """Whether points fill the plane well enough to be taken as they are: nearly all in what is seen of it."""
    far = np.abs(values).max(axis=1)
    is_seen = float((far <= _SEEN_REACH).mean()) >= _SEEN_SHARE
    return is_seen and _LEAST_REACH <= float(far.max()) <= PLANE_REACH


def _array(path: Path) -> NDArray[np.float64]:
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DatasetError(f"{path.name} is no NumPy array of numbers.") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        raise DatasetError(f"{path.name} is no NumPy array of numbers.")
    if values.ndim != 2 or values.shape[1] != 2:
        shape = " × ".join(str(side) for side in values.shape) or "a single number"
        raise DatasetError(f"{path.name} is {shape}: points are n × 2, a row for each.")
    values = values.astype(np.float64)
    # float32, as which they are learned, ends at 3.4e38.
    bad = np.flatnonzero(~(np.abs(values) < 1e30).all(axis=1))
    if len(bad):
        raise DatasetError(f"{path.name} has a value in row {bad[0] + 1} that is no place in the plane.")
    return values


def _table(path: Path) -> NDArray[np.float64]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name} could not be read: it is not a text file.") from error
    rows: list[tuple[float, float]] = []
    is_first = True
    for number, line in enumerate(lines, start=1):
        words = _words(line)
        if not words:
            continue
        try:
            row = [float(word) for word in words]
        except ValueError as error:
            # The first line may name the columns.
            if not is_first or len(words) != 2:
                raise DatasetError(
                    f"{path.name}, line {number}: {_quoted(line)} is no pair of numbers."
                ) from error
            is_first = False
            continue
        is_first = False
        if len(row) != 2:
            columns = f"{len(row)} column{'s' if len(row) != 1 else ''}"
            raise DatasetError(f"{path.name}, line {number} has {columns}: points have two.")
        if not all(math.isfinite(value) and abs(value) < 1e30 for value in row):
            raise DatasetError(f"{path.name}, line {number}: {_quoted(line)} is no place in the plane.")
        rows.append((row[0], row[1]))
    return np.array(rows, np.float64).reshape(-1, 2)


def _words(line: str) -> list[str]:
    """Values of a line between commas, semicolons (with decimal commas) or blanks; none of a comment."""
    line = line.partition("#")[0].strip()
    if ";" in line:
        return [word.strip().replace(",", ".") for word in line.split(";")]
    return [word.strip() for word in line.split(",")] if "," in line else line.split()


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _quoted(line: str) -> str:
    line = line.strip()
    return f"“{line if len(line) <= 40 else line[:39] + '…'}”"
