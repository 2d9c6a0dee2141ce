"""Points that a person painted, kept as files so that a network can learn them and be resumed.

Each painting has one file, named by a number and a fingerprint; painted anew, it gets another one.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diffviz import paths
from diffviz.data.point_files import (
    FEWEST_POINTS,
    fingerprint_of,
    is_painting,
    painting_name,
    points_text,
)
from diffviz.engine.lab_spec import Place
from diffviz.export.whole_file import whole_file

__all__ = ["find_painting", "is_painting_of", "keep_painting", "painting_print", "painting_problem"]


def painting_problem(drawn: tuple[Place, ...]) -> str:
    """Why painted points cannot be learned, in a sentence; empty where they can."""
    if len(drawn) >= FEWEST_POINTS:
        return ""
    return f"Paint at least {FEWEST_POINTS} points in the 2-D lab first."


@lru_cache(maxsize=4)
def painting_print(drawn: tuple[Place, ...]) -> str:
    """The fingerprint by which a network of these points is known again."""
    return fingerprint_of(_points(drawn))


def is_painting_of(data: str, drawn: tuple[Place, ...]) -> bool:
    """Whether a file, by its name, holds these painted points."""
    return is_painting(data) and Path(data).stem.endswith(f"-{painting_print(drawn)}")


def find_painting(drawn: tuple[Place, ...]) -> Path | None:
    """The file in which painted points are kept; None where they are in none."""
    return next(iter(_paintings(painting_print(drawn))), None)


def keep_painting(drawn: tuple[Place, ...]) -> Path:
    """The file of painted points, written unless it is there.

    Raises
    ------
    ExportError, OSError
        If it cannot be written.
    """
    found = find_painting(drawn)
    if found is not None:
        return found
    points = _points(drawn)
    numbers = [int(number) for path in _paintings() if (number := path.name.split("-")[1]).isdecimal()]
    path = _folder() / painting_name(max(numbers, default=0) + 1, points)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as stream:
        stream.write(points_text(points).encode())
    return path


def _folder() -> Path:
    return paths.user_data_dir() / "points"


def _paintings(fingerprint: str = "*") -> list[Path]:
    return sorted(_folder().glob(f"painted-*-{fingerprint}.csv"))


def _points(drawn: tuple[Place, ...]) -> NDArray[np.float64]:
    return np.array(drawn, np.float64).reshape(-1, 2)
