import numpy as np
import pytest

from diffviz.core.forward import q_sample
from diffviz.core.noise import Stream, draw_noise
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.spectrum import radial_spectrum, ring_counts


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1), (24, 40, 3), (9, 20, 1)])
def test_the_rings_together_hold_the_whole_power_of_the_picture(shape):
    picture = np.random.default_rng(0).standard_normal(shape)
    spectrum = radial_spectrum(picture)
    assert spectrum.counts.sum() == shape[0] * shape[1]
    np.testing.assert_array_equal(spectrum.counts, ring_counts(*shape[:2]))
    held = (spectrum.counts * spectrum.power).sum() / (shape[0] * shape[1])
    assert held == pytest.approx(np.square(picture).mean(), rel=1e-12)
    assert spectrum.power[0] == pytest.approx((picture.sum((0, 1)) ** 2).mean() / picture[..., 0].size)


@pytest.mark.parametrize("cycles", [1, 5, 11])
def test_a_wave_has_its_power_in_the_ring_of_its_frequency(cycles):
    rows, columns = np.mgrid[0:32, 0:32]
    for along in (rows, columns):
        wave = np.cos(2 * np.pi * cycles * along / 32)[..., None]
        spectrum = radial_spectrum(wave)
        others = np.delete(spectrum.power, cycles)
        assert spectrum.power[cycles] * spectrum.counts[cycles] == pytest.approx(32 * 32 / 2)
        assert np.abs(others).max() < 1e-20


def test_noise_has_the_same_power_everywhere_namely_its_variance():
    noise = 0.3 * draw_noise((64, 64, 3), 4, Stream.FROZEN)
    spectrum = radial_spectrum(noise)
    error = 0.09 / np.sqrt(3 * spectrum.counts / 2)
    np.testing.assert_array_less(np.abs(spectrum.power - 0.09), 4.5 * error)


def test_noising_dims_the_spectrum_of_the_picture_and_adds_a_flat_floor():
    """E P(x_t) = ᾱ P(x_0) + (1 − ᾱ) in every ring, here over 400 draws of ε."""
    schedule = build_schedule(ScheduleSpec())
    rows, columns = np.mgrid[0:16, 0:16]
    x_0 = np.sin(rows / 3)[..., None] * np.cos(columns / 5)[..., None]
    for t in (100, 400):
        draws = [
            radial_spectrum(q_sample(x_0, draw_noise(x_0.shape, 1, Stream.REDRAW, n), schedule, t)).power
            for n in range(400)
        ]
        abar = float(np.prod(1 - schedule.betas[1 : t + 1]))
        expected = abar * radial_spectrum(x_0).power + 1 - abar
        mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / 20
        np.testing.assert_array_less(np.abs(mean - expected), 4.5 * error)
