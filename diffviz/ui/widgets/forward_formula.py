"""The forward process as a formula: from the clean picture at once, or from the frame before."""

from __future__ import annotations

from diffviz.ui.math_layout import root, symbol
from diffviz.ui.widgets.formula_line import FormulaPart, sign

_WIDEST_TIME = "$x_{0000}$"
_WIDEST_NUMBER = "0.000"
_X_T = "x_t: the noisy picture at step t, large on the stage"


def closed_form(t: int, signal: float, noise: float) -> tuple[FormulaPart, ...]:
    """
    Return x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε with its numbers.

    Parameters
    ----------
    t
        The time.
    signal, noise
        √ᾱ_t and √(1 − ᾱ_t).
    """
    return (
        FormulaPart(symbol("x_t"), f"$x_{{{t}}}$", "x_t", _X_T, "accent", _WIDEST_TIME),
        sign(" = "),
        FormulaPart(
            root("ᾱ_t"),
            f"{signal:.3f}",
            "signal",
            "√ᾱ_t: how much of the clean picture is left at step t; its square ᾱ_t falls along the curve",
            "signal",
            _WIDEST_NUMBER,
        ),
        FormulaPart(symbol("x_0"), "$x_0$", "before", "x_0: the clean picture", "signal"),
        sign(" + "),
        FormulaPart(
            root("1 − ᾱ_t"),
            f"{noise:.3f}",
            "noise_level",
            "√(1 − ᾱ_t): standard deviation of all the noise up to step t",
            "noise",
            _WIDEST_NUMBER,
        ),
        FormulaPart(
            symbol("ε"),
            "$ε$",
            "noise",
            "ε: Gaussian noise with mean 0 and variance 1, all that was added up to step t as one draw",
            "noise",
        ),
    )


def one_step(t: int, sqrt_alpha: float, sqrt_beta: float) -> tuple[FormulaPart, ...]:
    """
    Return x_t = √α_t x_{t−1} + √β_t z_t with its numbers.

    Parameters
    ----------
    t
        The time.
    sqrt_alpha, sqrt_beta
        √(1 − β_t) and √β_t.
    """
    return (
        FormulaPart(symbol("x_t"), f"$x_{{{t}}}$", "x_t", _X_T, "accent", _WIDEST_TIME),
        sign(" = "),
        FormulaPart(
            root("α_t"),
            f"{sqrt_alpha:.4f}",
            "signal",
            "√α_t with α_t = 1 − β_t: how much of the frame before this one step keeps",
            "signal",
            "0.0000",
        ),
        FormulaPart(
            symbol("x_{t−1}"),
            f"$x_{{{max(t - 1, 0)}}}$",
            "before",
            "x_{t−1}: the frame before",
            "signal",
            _WIDEST_TIME,
        ),
        sign(" + "),
        FormulaPart(
            root("β_t"),
            f"{sqrt_beta:.4f}",
            "noise_level",
            "√β_t: standard deviation of the noise that this one step adds",
            "noise",
            "0.0000",
        ),
        FormulaPart(
            symbol("z_t"),
            f"$z_{{{t}}}$",
            "noise",
            "z_t: fresh Gaussian noise of step t",
            "noise",
            "$z_{0000}$",
        ),
    )
