"""The Wiener filter against the Gaussian denoiser of the same moments; blur against its definition."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
from diffviz.models.denoiser import blur_info, blur_shape
from diffviz.models.gaussian import GaussianMixtureDenoiser
from diffviz.models.simple_denoisers import BlurDenoiser, WienerDenoiser

LINEAR = build_schedule(ScheduleSpec())


@pytest.mark.parametrize("count", [5, 40])
@pytest.mark.parametrize("t", [1, 200, 700, 1000])
def test_the_wiener_filter_is_the_gaussian_denoiser_of_the_same_moments(count: int, t: int):
    generator = torch.Generator().manual_seed(count)
    pictures = torch.randn(count, 1, 3, 4, generator=generator, dtype=torch.float64)
    points = pictures.flatten(1)
    mean, covariance = points.mean(dim=0), torch.cov(points.T, correction=0)
    exact = GaussianMixtureDenoiser(mean[None], covariance[None])
    x_t = torch.randn(6, 1, 3, 4, generator=generator, dtype=torch.float64)
    level = LINEAR.level(t)
    got, wanted = WienerDenoiser(pictures).predict(x_t, level), exact.predict(x_t.flatten(1), level)
    torch.testing.assert_close(got.x_0.flatten(1), wanted.x_0, atol=1e-9, rtol=1e-9)
    whole = level.sqrt_alpha_cumprod * got.x_0 + level.sqrt_one_minus_alpha_cumprod * got.noise
    torch.testing.assert_close(whole, x_t, atol=1e-12, rtol=0)


def test_the_blur_widens_with_the_noise_and_is_gaussian():
    picture = torch.randn(1, 2, 24, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    level = LINEAR.level(450)
    got = BlurDenoiser((2, 24, 24)).predict(level.sqrt_alpha_cumprod * picture, level).x_0
    width = 0.8 * level.sigma_edm
    wanted = [
        gaussian_filter(one, width, mode="mirror", radius=round(3 * width)) for one in picture[0].numpy()
    ]
    np.testing.assert_allclose(got[0], wanted, atol=1e-9)
    sharp = [float(BlurDenoiser((2, 24, 24)).predict(picture, LINEAR.level(t)).x_0.std()) for t in (5, 300)]
    assert sharp[0] > sharp[1]
    assert torch.equal(BlurDenoiser((2, 24, 24)).predict(picture, NoiseLevel(0.0, 1.0, 0.0)).x_0, picture)
    assert not BlurDenoiser((2, 24, 24)).predict(picture, NoiseLevel(9.0, 0.0, 1.0)).x_0.any()


def test_what_the_wiener_filter_leaves_open_is_the_spread_of_what_it_gets_wrong():
    generator = torch.Generator().manual_seed(3)
    pictures = torch.randn(2_000, 3, generator=generator, dtype=torch.float64) @ torch.diag(
        torch.tensor([1.0, 0.5, 0.1], dtype=torch.float64)
    )
    level = LINEAR.level(300)
    noise = torch.randn(pictures.shape, generator=generator, dtype=torch.float64)
    x_t = level.sqrt_alpha_cumprod * pictures + level.sqrt_one_minus_alpha_cumprod * noise
    got = WienerDenoiser(pictures).predict(x_t, level)
    assert float((got.x_0 - pictures).square().mean()) == pytest.approx(float(got.x_0_variance[0]), rel=0.05)


def test_of_a_class_the_wiener_filter_knows_the_moments_of_its_pictures_alone():
    generator = torch.Generator().manual_seed(4)
    pictures = torch.randn(30, 1, 3, 4, generator=generator)
    labels = torch.arange(30) % 3
    whole = WienerDenoiser(pictures, labels)
    x_t, level = torch.randn(4, 1, 3, 4, generator=generator, dtype=torch.float64), LINEAR.level(400)
    together = whole.predict(x_t, level, [2, None, 2, 0]).x_0
    for row, of_row in ((0, pictures[labels == 2]), (1, pictures), (3, pictures[labels == 0])):
        alone = WienerDenoiser(of_row).predict(x_t[row : row + 1], level).x_0
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-12, rtol=0)
    with pytest.raises(ValueError, match="no picture of class 7"):
        whole.predict(x_t, level, 7)


@pytest.mark.parametrize(
    ("key", "shape"), [("blur:48", (3, 48, 48)), ("blur:28x20x1", (1, 28, 20)), ("blur:8x9x3", (3, 8, 9))]
)
def test_the_key_of_a_blur_says_the_size_of_its_pictures(key: str, shape: tuple[int, int, int]):
    assert blur_shape(key) == shape
    assert blur_shape(blur_info(shape).key) == shape


@pytest.mark.parametrize(
    "key", ["blur:", "blur:0", "blur:2048", "blur:8x8", "blur:8x8x2", "blur:axb", "blur:-8"]
)
def test_a_blur_without_a_size_is_refused(key: str):
    with pytest.raises(ValueError, match="names no size of pictures"):
        blur_shape(key)
