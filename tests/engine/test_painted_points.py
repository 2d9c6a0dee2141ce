"""Painted points are kept once each, and known again."""

import numpy as np

from diffviz.data.point_files import points_title, read_points
from diffviz.engine.painted_points import (
    find_painting,
    is_painting_of,
    keep_painting,
    painting_print,
    painting_problem,
)

DRAWN = tuple((round(0.3 * k - 2.0, 4), round(4.0 - 0.7 * k, 4)) for k in range(12))


def test_a_painting_has_one_file_with_its_very_points() -> None:
    assert find_painting(DRAWN) is None
    path = keep_painting(DRAWN)
    assert find_painting(DRAWN) == keep_painting(DRAWN) == path
    assert points_title(str(path)) == "Painted points 1"
    # As they are, though some lie outside of what the plane shows at first.
    assert np.array_equal(read_points(path).points, np.array(DRAWN, np.float32))
    assert is_painting_of(str(path), DRAWN)


def test_a_changed_painting_is_another_one_and_the_first_stays() -> None:
    first = keep_painting(DRAWN)
    second = keep_painting((*DRAWN, (0.0, 0.0)))
    assert points_title(str(second)) == "Painted points 2"
    assert not is_painting_of(str(first), (*DRAWN, (0.0, 0.0)))
    assert painting_print(DRAWN) != painting_print(DRAWN[::-1])
    assert len(read_points(first).points) == 12


def test_a_few_dabs_are_too_little_to_learn() -> None:
    assert painting_problem(DRAWN[:9]) == "Paint at least 10 points in the 2-D lab first."
    assert painting_problem(DRAWN[:10]) == ""
