"""The histogram of pixel values."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from diffviz.ui import theme
from diffviz.ui.tokens import DARK, LIGHT
from diffviz.ui.widgets.histogram import PixelHistogram


@pytest.fixture
def histogram(shown) -> PixelHistogram:
    return shown(PixelHistogram(), 268, 124)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


def picture(histogram: PixelHistogram) -> QImage:
    made = QImage(histogram.size(), QImage.Format.Format_RGB32)
    histogram.render(made)
    return made


def test_pure_noise_fills_the_bell(histogram) -> None:
    histogram.set_values(noise(300, 300, 3))
    width = 7.4 / len(histogram.density)
    centres = -3.7 + width * (np.arange(len(histogram.density)) + 0.5)
    bell = np.exp(-(centres**2) / 2) / np.sqrt(2 * np.pi)
    assert histogram.density == pytest.approx(bell, abs=0.04)


def test_the_bars_hold_all_values(histogram) -> None:
    histogram.set_values(noise(64, 64, 1) * 0.3)
    assert histogram.density.sum() * 7.4 / len(histogram.density) == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(1,), (2, 2, 1), (1024, 1024, 3), (7, 5, 3), (0, 3)])
def test_pictures_of_any_size_are_taken(histogram, shape) -> None:
    histogram.set_values(np.zeros(shape, np.float32))
    assert np.isfinite(histogram.density).all()


def test_every_channel_of_a_large_picture_is_counted(histogram) -> None:
    values = np.zeros((1024, 1024, 3), np.float32)
    values[..., 1], values[..., 2] = 1.0, 2.0
    histogram.set_values(values)
    shares = histogram.density[histogram.density > 0]
    assert len(shares) == 3
    assert shares / shares.sum() == pytest.approx([1 / 3] * 3, abs=0.01)


def test_one_single_value_does_not_push_the_bell_out_of_sight(histogram) -> None:
    histogram.set_values(np.zeros((8, 8, 1), np.float32))
    assert histogram.top < 2.0


def test_bars_are_blue_and_the_well_follows_the_theme(qapp, histogram) -> None:
    histogram.set_values(noise(300, 300, 3))
    shade = picture(histogram).pixelColor(128, 80)
    assert shade.blue() > shade.red() + 50
    assert picture(histogram).pixelColor(5, 60) == DARK.color("field")
    theme.apply_theme(qapp, "light", reduce_motion=True)
    assert picture(histogram).pixelColor(5, 60) == LIGHT.color("field")


def test_screen_readers_hear_mean_and_deviation(histogram) -> None:
    histogram.set_values(np.full((8, 8, 1), -0.5, np.float32))
    assert "mean −0.50, standard deviation 0.00" in histogram.accessibleName()
