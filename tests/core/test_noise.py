"""Seeded noise: a function of its key alone, with the law it claims."""

import math

import numpy as np
import pytest
from scipy import stats

from diffviz.core.noise import Stream, draw_noise


def test_the_same_key_gives_the_same_noise_whatever_was_drawn_before():
    first = draw_noise((3, 5), 7, Stream.FROZEN, 2)
    draw_noise((100,), 7, Stream.X_T)
    np.testing.assert_array_equal(first, draw_noise((3, 5), 7, Stream.FROZEN, 2))
    assert first.dtype == np.float32
    assert first.shape == (3, 5)


def test_every_part_of_the_key_matters():
    keys = [
        (seed, stream, index, sample)
        for seed in (0, 1, 2**32)
        for stream in Stream
        for index in (0, 1)
        for sample in (0, 1, 2**32)
    ]
    draws = {draw_noise((8,), *key).tobytes() for key in keys}
    assert len(draws) == len(keys)


def test_large_pictures_are_the_same_whoever_draws_their_blocks(monkeypatch: pytest.MonkeyPatch):
    threaded = draw_noise((600, 600, 3), 1, Stream.FROZEN)
    monkeypatch.setattr("diffviz.core.noise._WORKERS", 1)
    np.testing.assert_array_equal(threaded, draw_noise((600, 600, 3), 1, Stream.FROZEN))


def test_noise_is_standard_gaussian():
    noise = draw_noise((1_000_000,), 11, Stream.REDRAW).astype(np.float64)
    assert abs(noise.mean()) < 4 / math.sqrt(noise.size)
    assert abs(noise.var() - 1) < 4 * math.sqrt(2 / noise.size)
    assert stats.kstest(noise[:100_000], "norm").pvalue > 1e-4


@pytest.mark.parametrize(
    "other",
    [
        (12, Stream.REDRAW, 0, 0),
        (11, Stream.BRIDGE, 0, 0),
        (11, Stream.REDRAW, 1, 0),
        (11, Stream.REDRAW, 0, 1),
    ],
)
def test_different_keys_are_uncorrelated(other: tuple[int, Stream, int, int]):
    one = draw_noise((400_000,), 11, Stream.REDRAW).astype(np.float64)
    two = draw_noise((400_000,), *other).astype(np.float64)
    assert abs((one * two).mean()) < 4 / math.sqrt(one.size)


def test_blocks_of_one_picture_are_uncorrelated():
    noise = draw_noise((2, 1 << 18), 3, Stream.FROZEN).astype(np.float64)
    assert abs((noise[0] * noise[1]).mean()) < 4 / math.sqrt(1 << 18)


def test_negative_keys_are_refused():
    with pytest.raises(ValueError, match="start at 0"):
        draw_noise((2,), -1, Stream.FROZEN)
