"""A reverse step as a formula: what a sampler adds up, how much of each, and what a slip makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from diffviz.core.sampler_spec import SamplerKind, SamplerSpec
from diffviz.core.sampler_steps import StepCoefficients, Variance
from diffviz.core.slips import Slip
from diffviz.ui.math_layout import Fraction, Node, Row, Words, root, symbol
from diffviz.ui.theme import Role
from diffviz.ui.widgets.formula_line import FormulaPart, sign

_NUMBER, _TIME = "0.000", "$x_{0000}$"
_SPREADS: dict[Variance, tuple[Node, str]] = {
    Variance.BETA: (root("β_{t|s}"), "β_{t|s}, all the variance of the forward steps from s to t"),
    Variance.TILDE: (root("β̃_t"), "β̃_t, the variance of the posterior, which is the smaller one"),
    Variance.INTERPOLATED: (symbol("σ_t"), "a variance between β̃_t and β_{t|s}"),
    Variance.OPTIMAL: (symbol("σ_t"), "β̃_t and what the denoiser leaves open about x_0"),
}


@dataclass(frozen=True)
class _Weight:
    """A coefficient: how it is typeset and what it means."""

    node: Node
    meaning: str
    is_slip: bool = False


def step_formula(
    t: int, s: int, coefficients: StepCoefficients, spec: SamplerSpec, slip: Slip | None = None
) -> tuple[FormulaPart, ...]:
    """
    Return the step from t to s with its numbers; terms of weight 0 are left out.

    Parameters
    ----------
    t, s
        From t down to s.
    coefficients
        The numbers of this very step.
    spec
        The sampler, which decides what the numbers are.
    slip
        What is done wrong on purpose; it is in the formula, in the colour of errors.
    """
    weights = _weights(spec, slip)
    terms: tuple[tuple[str, float, Role, str, str, str], ...] = (
        (
            "x_0",
            coefficients.pred_x_0,
            "model",
            "x̂_0",
            "$x̂_0$",
            "what the denoiser takes for the picture",
        ),
        ("x_t", coefficients.x_t, "accent", "x_t", f"$x_{{{t}}}$", "the picture now"),
        ("pred_noise", coefficients.pred_noise, "model", "ε̂", "$ε̂$", "what the denoiser takes for noise"),
        (
            "z",
            coefficients.noise,
            "noise",
            "z",
            "$z$",
            "fresh Gaussian noise, from the seed of the run",
        ),
        ("delta", coefficients.correction, "model", *_CORRECTIONS[spec.kind is SamplerKind.HEUN]),
    )
    meaning = f"x_s: the picture of the next step, at s = {s}"
    parts = [FormulaPart(symbol("x_s"), f"$x_{{{s}}}$", "x_s", meaning, "text", _TIME)]
    shown = [term for term in terms if term[1] != 0.0]
    for index, (key, value, role, name, written, words) in enumerate(shown):
        weight = weights[key]
        joint = "+" if index else "="
        parts += [
            FormulaPart(Words(f" {joint} "), f" {'−' if value < 0 and index else joint} "),
            FormulaPart(
                weight.node,
                f"{abs(value) if index else value:.3f}".replace("-", "−"),
                f"c_{key}",
                weight.meaning,
                "bad" if weight.is_slip else role,
                _NUMBER,
            ),
            sign(" "),
            FormulaPart(symbol(name), written, key, f"{name}: {words}", role, _TIME if key == "x_t" else ""),
        ]
    return tuple(parts) if shown else (*parts, sign(" = 0"))


_CORRECTIONS = (
    ("Δx̂_0", "$Δx̂_0$", "how much x̂_0 has changed since the step before"),
    ("Δε̂", "$Δε̂$", "ε̂ at s minus ε̂ at t, which makes the step one of second order"),
)


def _weights(spec: SamplerSpec, slip: Slip | None) -> dict[str, _Weight]:
    if spec.kind is SamplerKind.DDPM:
        return _ancestral(spec, slip)
    if spec.kind is SamplerKind.DPMPP2M:
        data = Row((root("ᾱ_s"), symbol("(1 − e^{−h})")))
        words = "Weight of the data prediction; h is the step in half log-SNR"
        return {
            "x_0": _Weight(data, words),
            "x_t": _Weight(
                Fraction(root("1 − ᾱ_s"), root("1 − ᾱ_t")),
                "The share of the noise level that is left",
            ),
            "delta": _Weight(symbol("c_Δ"), "The weight of x̂_0 times h / 2h′, h′ of the step before"),
        }
    has_noise = spec.kind is SamplerKind.DDIM and spec.eta > 0
    kept = "1 − ᾱ_s − σ_t^2" if has_noise else "1 − ᾱ_s"
    return {
        "x_0": _Weight(root("ᾱ_s"), "√ᾱ_s: how much signal there is at s"),
        "x_t": _Weight(symbol("1"), "The step changes nothing"),
        "pred_noise": _Weight(root(kept), "The noise level at s, less what is drawn anew"),
        "z": _Weight(symbol("σ_t"), "σ_t = η √β̃_t: how much noise is drawn anew"),
        "delta": _Weight(
            Row((Words("½ "), root("ᾱ_s"), symbol("(σ_s − σ_t)"))),
            "Half a step in σ, the noise over the signal",
        ),
    }


def _ancestral(spec: SamplerSpec, slip: Slip | None) -> dict[str, _Weight]:
    """The posterior mean and its noise; two of the slips are made here."""
    spread, words = _SPREADS[spec.variance]
    is_variance = slip is Slip.VARIANCE_FOR_DEVIATION
    is_cumprod = slip is Slip.CUMPROD_FOR_ALPHA
    if is_variance:
        inner = {Variance.BETA: "β_{t|s}", Variance.TILDE: "β̃_t"}.get(spec.variance, "σ_t^2")
        spread = symbol(inner)
    all_noise = symbol("1 − ᾱ_t")
    alpha = root("ᾱ_t" if is_cumprod else "α_{t|s}")
    slipped = "A slip on purpose: "
    return {
        "x_0": _Weight(
            Fraction(Row((root("ᾱ_s"), symbol("β_{t|s}"))), all_noise),
            "Weight of x_0 in the mean of the posterior q(x_s | x_t, x_0)",
        ),
        "x_t": _Weight(
            Fraction(Row((alpha, symbol("(1 − ᾱ_s)"))), all_noise),
            f"{slipped}√ᾱ_t stands where √α_{{t|s}} belongs"
            if is_cumprod
            else "Weight of x_t in the mean of the posterior q(x_s | x_t, x_0)",
            is_cumprod,
        ),
        "z": _Weight(
            spread,
            f"{slipped}the variance stands where its root belongs"
            if is_variance
            else f"Standard deviation of the noise: the root of {words}",
            is_variance,
        ),
    }
