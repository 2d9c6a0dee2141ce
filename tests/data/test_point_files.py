"""Points of one's own in files: read as they are, brought to the plane, or refused with their line."""

from pathlib import Path

import numpy as np
import pytest

from diffviz.data.dataset_files import DatasetError
from diffviz.data.point_files import (
    MOST_POINTS,
    fingerprint_of,
    has_points,
    learns_points,
    points_text,
    points_title,
    read_points,
)

ROWS = [(round(0.1 * k, 1), round(-0.05 * k, 2)) for k in range(12)]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("first", "between", "last"),
    [
        ("", ",", ""),
        ("x,y\n", ", ", "\n\n"),
        ("\ufeffx;y\n", ";", ""),
        ("# made by hand\n\n", "\t", "  # the last"),
        ("", "  ", ""),
    ],
)
def test_a_table_is_read_with_any_common_separator(tmp_path, first, between, last) -> None:
    text = first + "\n".join(f"{x}{between}{y}" for x, y in ROWS) + last
    found = read_points(written(tmp_path / "points.csv", text))
    assert found.points.dtype == np.float32
    assert np.array_equal(found.points, np.array(ROWS, np.float32))
    assert found.notes == ()


def test_decimal_commas_between_semicolons_are_numbers(tmp_path) -> None:
    text = "\n".join(f"{x};{y}".replace(".", ",") for x, y in ROWS)
    assert np.array_equal(read_points(written(tmp_path / "p.csv", text)).points, np.array(ROWS, np.float32))


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16])
def test_an_array_of_any_kind_of_number_is_read(tmp_path, kind) -> None:
    values = np.arange(24).reshape(12, 2).astype(kind) // 8
    np.save(tmp_path / "p.npy", values)
    assert np.array_equal(read_points(tmp_path / "p.npy").points, values.astype(np.float32))


def test_points_far_from_the_plane_are_centred_and_scaled_and_that_is_said(tmp_path) -> None:
    values = np.random.default_rng(0).normal((500.0, -20.0), (40.0, 10.0), (300, 2))
    np.save(tmp_path / "far.npy", values)
    found = read_points(tmp_path / "far.npy")
    assert np.allclose(found.points.mean(axis=0), 0, atol=1e-5)
    assert 0.5 * np.square(found.points.astype(float)).sum(axis=1).mean() == pytest.approx(1.0)
    spread = np.sqrt(np.square(values - values.mean(axis=0)).sum(axis=1).mean() / 2)
    assert found.notes == (f"The points were centred and divided by {spread:.3g} to fit the plane.",)


def test_written_points_come_back_to_the_last_bit_and_have_one_fingerprint(tmp_path) -> None:
    points = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)
    back = read_points(written(tmp_path / "p.csv", points_text(points))).points
    assert np.array_equal(back, points)
    assert fingerprint_of(back) == fingerprint_of(points.astype(np.float64))
    assert fingerprint_of(back[::-1]) != fingerprint_of(points)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,2\n3,four", "p.csv, line 2: “3,four” is no pair of numbers."),
        ("one\ntwo", "p.csv, line 1: “one” is no pair of numbers."),
        ("1,2,3", "p.csv, line 1 has 3 columns: points have two."),
        ("x,y\n\n1,2\n7", "p.csv, line 4 has 1 column: points have two."),
        ("1,2\nnan,0", "p.csv, line 2: “nan,0” is no place in the plane."),
        ("1,2\n1e300,0", "p.csv, line 2: “1e300,0” is no place in the plane."),
        ("", "p.csv holds 0 points: 10 to 100,000 can be learned."),
        ("1,2", "p.csv holds 1 point: 10 to 100,000 can be learned."),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path, text, sentence) -> None:
    with pytest.raises(DatasetError) as refused:
        read_points(written(tmp_path / "p.csv", text))
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros((20, 3)), "p.npy is 20 × 3: points are n × 2, a row for each."),
        (np.zeros(20), "p.npy is 20: points are n × 2, a row for each."),
        (np.float64(1.0), "p.npy is a single number: points are n × 2, a row for each."),
        (np.array([["a", "b"]]), "p.npy is no NumPy array of numbers."),
        (np.array([[None, 1]], object), "p.npy is no NumPy array of numbers."),
        (
            np.array([[0, 0]] * 11 + [[0, np.inf]]),
            "p.npy has a value in row 12 that is no place in the plane.",
        ),
        (np.zeros((9, 2)), "p.npy holds 9 points: 10 to 100,000 can be learned."),
        (
            np.zeros((MOST_POINTS + 1, 2), np.int8),
            "p.npy holds 100,001 points: 10 to 100,000 can be learned.",
        ),
    ],
)
def test_a_bad_array_is_refused_with_what_it_is(tmp_path, values, sentence) -> None:
    np.save(tmp_path / "p.npy", values, allow_pickle=True)
    with pytest.raises(DatasetError) as refused:
        read_points(tmp_path / "p.npy")
    assert str(refused.value) == sentence


def test_what_is_no_file_no_text_and_no_array_is_refused_in_a_sentence(tmp_path) -> None:
    for name, content in (("p.csv", b"\xff\xfe\x00\x81"), ("p.npy", b"not an array")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DatasetError, match=rf"^{name}.*\.$"):
            read_points(tmp_path / name)
    with pytest.raises(DatasetError, match=r"^gone\.csv could not be read: no such file"):
        read_points(tmp_path / "gone.csv")


def test_a_table_of_a_schedule_is_not_taken_for_points(tmp_path) -> None:
    assert has_points(written(tmp_path / "a.csv", "x,y\n1,2\n"))
    assert has_points(written(tmp_path / "b.csv", "1;2"))
    assert not has_points(written(tmp_path / "c.csv", "t,beta\n0,0\n1,0.1\n"))
    assert not has_points(written(tmp_path / "d.csv", "some words"))
    assert not has_points(tmp_path / "missing.npy")
    assert learns_points("ring")
    assert learns_points("mine/a.csv")
    assert not learns_points("emoji")
    assert (points_title("ring"), points_title("mine/a.csv")) == ("8 Gaussians", "a.csv")
