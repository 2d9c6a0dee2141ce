"""PSNR on the [-1, 1] scale."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffviz.evaluation.metrics import mean_squared_error, psnr


def test_equal_pictures_are_infinitely_alike():
    x = np.linspace(-1, 1, 48, dtype=np.float32).reshape(4, 4, 3)
    assert psnr(x, x) == math.inf


def test_black_against_white_is_zero_decibels():
    assert psnr(np.full((8, 8, 3), -1.0), np.full((8, 8, 3), 1.0)) == 0.0


@given(st.floats(1e-3, 10.0))
def test_a_constant_error_has_the_psnr_of_its_size(error):
    reference = np.zeros((5, 7, 1), np.float32)
    expected = 20.0 * math.log10(2.0 / error)
    assert psnr(reference + np.float32(error), reference) == pytest.approx(expected, abs=1e-5)


def test_psnr_counts_what_8_bit_pixels_would_count():
    generator = np.random.default_rng(3)
    a, b = generator.integers(0, 256, (2, 16, 16, 3))
    in_levels = 10.0 * math.log10(255.0**2 / np.mean((a - b) ** 2))
    scaled = (2.0 * np.stack([a, b]) / 255.0 - 1.0).astype(np.float32)
    assert psnr(scaled[0], scaled[1]) == pytest.approx(in_levels, abs=1e-5)


def test_many_values_are_added_without_losing_many_digits():
    x = np.full((1024, 1024, 3), 0.1, np.float32)
    assert mean_squared_error(x, np.zeros_like(x)) == pytest.approx(float(np.float32(0.1)) ** 2, rel=1e-5)


def test_pictures_of_different_shapes_are_not_compared():
    with pytest.raises(ValueError, match="cannot be compared"):
        psnr(np.zeros((4, 4, 3)), np.zeros((4, 4, 1)))
