"""One term of the bound as a formula: what a step costs, and of what."""

from __future__ import annotations

import math

from diffviz.ui.math_layout import Words, symbol
from diffviz.ui.theme import Role
from diffviz.ui.widgets.cost_bars import bits_words
from diffviz.ui.widgets.formula_line import FormulaPart, sign

_LONGEST = "0.00 · 10⁻⁰"
_COST = "what this step costs, in bits for each colour value"


def term_formula(
    t: int, cost: float, weight: float, error: float, constant: float
) -> tuple[FormulaPart, ...]:
    """
    Return the term of the step that ends at t − 1 with its numbers.

    Parameters
    ----------
    t
        The time; at 1 the term is the decoder's.
    cost
        In bits per dimension.
    weight, error, constant
        λ_t, the mean square of ε − ε̂, and C_t in nats, so that from t = 2 on the cost is
        (λ_t error + C_t)/ln 2. What is NaN is not known yet.
    """
    if t == 1:
        mass = "−log_2 p_θ(x_0 | x_1)"
        meaning = "The mass of the decoder within half a grey level of x_0, in bits"
        return (
            FormulaPart(symbol("L_0"), _words(cost), "cost", f"L_0: {_COST}", "accent", _LONGEST),
            sign(" = "),
            FormulaPart(symbol(mass), "", "decoder", meaning, "model"),
        )
    parts = [
        FormulaPart(symbol("L_{t−1}"), _words(cost), "cost", f"L_{{t−1}}: {_COST}", "accent", _LONGEST),
        sign(" = "),
        FormulaPart(Words("("), "("),
        FormulaPart(
            symbol("λ_t"),
            _words(weight),
            "weight",
            "λ_t = β_t² / (2σ_t² α_t (1 − ᾱ_t)): how much an error of ε̂ counts at this step",
            "signal",
            _LONGEST,
        ),
        sign("·"),
        FormulaPart(
            symbol("‖ε − ε̂‖²"),
            _words(error),
            "error",
            "Mean square of the error of ε̂ over all colour values",
            "model",
            _LONGEST,
        ),
    ]
    if constant:
        words = "C_t: what the variance σ_t² costs beyond the posterior's; 0 for σ_t² = β̃_t"
        parts += [
            sign(" + "),
            FormulaPart(symbol("C_t"), bits_words(constant), "constant", words, "noise", _LONGEST),
        ]
    return (*parts, FormulaPart(Words(")"), ")"), FormulaPart(Words(" / ln 2"), " / 0.693"))


def total_formula(
    total: float | None, decoder: float | None, steps: float | None, prior: float | None
) -> tuple[FormulaPart, ...]:
    """Return L = L_0 + Σ L_{t−1} + L_T in bits per dimension; dashes where a number is not known."""

    def part(mathematics: str, value: float | None, key: str, meaning: str, role: Role) -> FormulaPart:
        words = _words(math.nan if value is None else value)
        return FormulaPart(symbol(mathematics), words, key, meaning, role, "0.0000")

    return (
        part("L", total, "bound", "L: an upper limit of −log p of the picture, in bits", "accent"),
        sign(" = "),
        part("L_0", decoder, "decoder", "L_0: what the last step to 8-bit values costs", "signal"),
        sign(" + "),
        part("Σ_{t≥2} L_{t−1}", steps, "steps", "What all the denoising steps cost together", "model"),
        sign(" + "),
        part("L_T", prior, "prior", "L_T: what is left of the signal at T costs", "noise"),
    )


def _words(value: float) -> str:
    return "–" if math.isnan(value) else bits_words(value)
