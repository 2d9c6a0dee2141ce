"""Slips printed in public texts, put into copies of our modules: the checks named must see each of them."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import NamedTuple

import pytest

from tests.core import identities

# In the order in which they import each other.
MODULES = (
    "schedule_kinds",
    "schedules",
    "prediction",
    "posterior",
    "noise_path",
    "forward",
    "sampler_steps",
    "sampler_spec",
    "thresholding",
    "churn",
    "slips",
    "samplers",
    "elbo",
)


class Slip(NamedTuple):
    erratum: str
    module: str
    right: str
    wrong: str
    seen_by: tuple[str, ...]


SLIPS = (
    Slip(
        "HW-1: √ᾱ_t for √α_t in the posterior mean",
        "posterior",
        "c_t=math.sqrt(alpha) * noise_s / noise_t",
        "c_t=float(schedule.sqrt_alphas_cumprod[t]) * noise_s / noise_t",
        ("posterior_keeps_the_marginals", "posterior_is_bayes", "ddim_one_is_ancestral", "output_variance"),
    ),
    Slip(
        "HW-2, N1-1: 1/√ᾱ_t for 1/√α_t in front of the mean",
        "sampler_steps",
        "return StepCoefficients(pred_x_0=posterior.c_0, x_t=posterior.c_t, noise=noise)",
        "return StepCoefficients(x_t=1 / float(schedule.sqrt_alphas_cumprod[t]), noise=noise, "
        "pred_noise=-schedule.beta_between(s, t) / float(schedule.sqrt_alphas_cumprod[t]"
        " * schedule.sqrt_one_minus_alphas_cumprod[t]))",
        ("ddim_one_is_ancestral", "output_mean"),
    ),
    Slip(
        "N1-2, C-5: noise times the variance instead of its root",
        "sampler_steps",
        "noise = math.sqrt(variance) if s > 0 else 0.0",
        "noise = variance if s > 0 else 0.0",
        ("ddim_one_is_ancestral", "output_variance"),
    ),
    Slip(
        "C-1: (1 − ᾱ) ε for √(1 − ᾱ) ε in the jump from x_0",
        "forward",
        "at.sqrt_alpha_cumprod * x_0 + at.sqrt_one_minus_alpha_cumprod * noise",
        "at.sqrt_alpha_cumprod * x_0 + at.one_minus_alpha_cumprod * noise",
        ("chain_gives_the_closed_form",),
    ),
    Slip(
        "C-1 in the frames that are shown",
        "forward",
        "np.float32(level.sqrt_one_minus_alpha_cumprod)",
        "np.float32(level.one_minus_alpha_cumprod)",
        ("frames_are_the_closed_form",),
    ),
    Slip(
        "C-2: √ᾱ_t for √ᾱ_{t−1} in c_0",
        "posterior",
        "c_0=float(schedule.sqrt_alphas_cumprod[s]) * beta / noise_t",
        "c_0=float(schedule.sqrt_alphas_cumprod[t]) * beta / noise_t",
        ("posterior_keeps_the_marginals", "posterior_is_bayes", "means_agree"),
    ),
    Slip(
        "C-2: 1 − ᾱ_t for 1 − ᾱ_{t−1} in c_t",
        "posterior",
        "c_t=math.sqrt(alpha) * noise_s / noise_t",
        "c_t=math.sqrt(alpha) * noise_t / noise_t",
        ("posterior_keeps_the_marginals", "posterior_is_bayes", "output_variance"),
    ),
    Slip(
        "C-3: x_t + (1 − ᾱ) ε for x_t − √(1 − ᾱ) ε",
        "prediction",
        "return Prediction((x_t - b * output) / a, output)",
        "return Prediction((x_t + b * b * output) / a, output)",
        ("means_agree", "conversions_recover_the_pictures"),
    ),
    Slip(
        "C-6: the same from x_0 instead of x_t",
        "prediction",
        "return Prediction((x_t - b * output) / a, output)",
        "return Prediction(((x_t - b * output) / a + b * b * output) / a, output)",
        ("means_agree", "conversions_recover_the_pictures"),
    ),
    Slip(
        "C-7: t = 1…T instead of T…1",
        "samplers",
        "in enumerate(zip(times, (*times[1:], 0), strict=True))",
        "in enumerate(reversed(list(zip(times, (*times[1:], 0), strict=True))))",
        ("sampling_goes_down_to_the_picture", "output_variance"),
    ),
    Slip(
        "N3-2, W-2: β counted from t = 0",
        "schedule_kinds",
        "NoiseSchedule.from_betas(first + _ramp(num_timesteps) * (last - first))",
        "NoiseSchedule.from_betas(first + _fractions(num_timesteps)[1:] * (last - first))",
        ("reference_tables",),
    ),
    Slip(
        "N3-1: the ratio in the bound upside down",
        "elbo",
        "return self.prior + self.steps + self.decoder",
        "return -(self.prior + self.steps + self.decoder)",
        ("bound_of_gaussian_data",),
    ),
    Slip(
        "noise on the last step (C-20)",
        "sampler_steps",
        "noise = math.sqrt(variance) if s > 0 else 0.0",
        "noise = math.sqrt(variance)",
        ("output_variance",),
    ),
)


@contextmanager
def _copies(slip: Slip | None) -> Iterator[identities.Rooms]:
    """Fresh copies of the modules that import each other, one of them with a slip."""
    names = [f"diffviz.core.{name}" for name in MODULES]
    originals = {name: importlib.import_module(name) for name in names}
    package = importlib.import_module("diffviz.core")
    try:
        for name in names:
            source = inspect.getsource(originals[name])
            if slip and name.endswith(f".{slip.module}"):
                assert source.count(slip.right) == 1, f"{slip.erratum}: the line to spoil is gone"
                source = source.replace(slip.right, slip.wrong)
            copy = ModuleType(name)
            sys.modules[name] = copy
            exec(compile(source, f"{name} with a slip", "exec"), copy.__dict__)
        copies = {name: sys.modules[f"diffviz.core.{name}"] for name in MODULES}
        wanted = identities.Rooms.__dataclass_fields__
        yield identities.Rooms(**{name: module for name, module in copies.items() if name in wanted})
    finally:
        for name, module in originals.items():
            sys.modules[name] = module
            setattr(package, name.rpartition(".")[2], module)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.erratum.split(":")[0])
def test_a_printed_slip_is_seen_by_every_check_named_for_it(slip: Slip):
    with _copies(slip) as rooms:
        for name in slip.seen_by:
            with pytest.raises(AssertionError):
                identities.CHECKS[name](rooms)


def test_copies_without_a_slip_pass_every_check():
    with _copies(None) as rooms:
        for check in identities.CHECKS.values():
            check(rooms)


def test_every_check_is_named_by_some_slip_or_guards_the_others():
    named = {name for slip in SLIPS for name in slip.seen_by}
    assert named == set(identities.CHECKS)
