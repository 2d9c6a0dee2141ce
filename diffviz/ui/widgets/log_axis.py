"""Round values for the axes of charts, and words for them."""

from __future__ import annotations

import math

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FEWEST, _MOST = 3, 5
# With spaces at which no line breaks.
_TIMES = "\u00a0·\u00a0"


def superscript(number: int) -> str:
    """A whole number in raised digits."""
    return str(number).translate(_SUPERSCRIPTS)


def power_words(exponent: int) -> str:
    """A power of ten: as a number near 1, as 10ⁿ far from it."""
    if -2 <= exponent <= 3:
        return f"{10.0**exponent:g}"
    return f"10{superscript(exponent)}"


def log_levels(low: float, high: float) -> list[tuple[float, str]]:
    """Values to draw lines at between two values above 0, three to five where that is possible."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first + 1 < _FEWEST:
        for factors in ((1.0, 3.0), (1.0, 2.0, 5.0)):
            values = [f * 10.0**k for k in range(first - 1, last + 1) for f in factors]
            inside = [value for value in values if low <= value <= high]
            if len(inside) >= _FEWEST:
                return [(value, f"{value:.3g}") for value in inside[-_MOST:]]
        return linear_levels(low, high)
    stride = -(-(last - first + 1) // _MOST)
    return [(10.0**k, power_words(k)) for k in range(last, first - 1, -stride)]


def linear_levels(low: float, high: float) -> list[tuple[float, str]]:
    """Round values between two, three to five of them."""
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-300) / _FEWEST))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (factor * step) <= _MOST)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(k * step, f"{k * step:.4g}".replace("-", "−")) for k in range(first, last + 1)]


def number_words(value: float, digits: int = 4) -> str:
    """A number with about so many digits, in powers of ten where it is far from 1."""
    if value == 0.0 or not math.isfinite(value):
        return "0" if value == 0.0 else "∞" if value > 0.0 else "−∞" if value < 0.0 else "–"
    if 1e-3 <= abs(value) < 10.0**digits:
        return f"{value:.{digits}g}".replace("-", "−")
    mantissa, exponent = f"{value:.{min(digits, 3) - 1}e}".split("e")
    return f"{mantissa}{_TIMES}10{superscript(int(exponent))}".replace("-", "−")
