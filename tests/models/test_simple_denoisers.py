"""The Wiener filter against the Gaussian denoiser of the same moments; blur against its definition."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from diffviz.core.schedules import NoiseLevel, ScheduleSpec, build_schedule
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
    got = BlurDenoiser().predict(level.sqrt_alpha_cumprod * picture, level).x_0
    width = 0.8 * level.sigma_edm
    wanted = [
        gaussian_filter(one, width, mode="mirror", radius=round(3 * width)) for one in picture[0].numpy()
    ]
    np.testing.assert_allclose(got[0], wanted, atol=1e-9)
    sharp = [float(BlurDenoiser().predict(picture, LINEAR.level(t)).x_0.std()) for t in (5, 300)]
    assert sharp[0] > sharp[1]
    assert torch.equal(BlurDenoiser().predict(picture, NoiseLevel(0.0, 1.0, 0.0)).x_0, picture)
    assert not BlurDenoiser().predict(picture, NoiseLevel(9.0, 0.0, 1.0)).x_0.any()
