"""One line of text with mathematics and colours in it, measured and painted by hand or turned into HTML.

Markup: ``$x_t$`` is italic serif with ``_`` for sub- and ``^`` for superscripts (braces group), ``**word**``
is semibold, ``[signal]0.687[/]`` takes the colour of that role.
"""

import html
import re
from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from diffviz.ui.tokens import Role, Tokens
from diffviz.ui.typography import TextRole, font_for, font_generation, math_font

_PIECES = re.compile(r"(\$[^$]*\$|\*\*|\[/\]|\[[a-z0-9]+\])")
_SCRIPTS = re.compile(r"([_^])(\{[^}]*\}|.[\u0300-\u036f]*)")
_SCRIPT_SIZE = 0.74
_SUB_DROP = 0.20
_SUP_RISE = 0.38
_ROLES = frozenset(Tokens.__dataclass_fields__) - {"is_dark"}


@dataclass(frozen=True)
class Run:
    """Piece of a line in one font and colour."""

    text: str
    is_math: bool = False
    script: str = ""
    is_strong: bool = False
    color_role: str = ""


@dataclass(frozen=True)
class RichLine:
    """
    A parsed line at one place of the type scale.

    Parameters
    ----------
    markup
        Text with the markup of this module.
    role
        Place in the type scale.
    weight
        Weight of plain runs; None: the role's own.
    tabular
        Digits of equal width.
    """

    markup: str
    role: TextRole = "body"
    weight: QFont.Weight | None = None
    tabular: bool = False
    runs: tuple[Run, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "runs", parse(self.markup))

    @property
    def plain(self) -> str:
        """The words alone, for screen readers."""
        return "".join(run.text for run in self.runs)

    def width(self) -> float:
        """Advance of the whole line in logical px."""
        return sum(self._measured(run)[1] for run in self.runs)

    def height(self) -> float:
        """Height of a line of plain text in logical px."""
        return _line_metrics(font_generation(), self.role, self.weight)[0]

    def ascent(self) -> float:
        """Distance from the top of the line to its baseline in logical px."""
        return _line_metrics(font_generation(), self.role, self.weight)[1]

    def paint(self, painter: QPainter, left: float, baseline: float, color: QColor, tokens: Tokens) -> float:
        """Draw the line and return where it ends; runs without a colour of their own take ``color``."""
        em = self.ascent()
        shifts = {"": 0.0, "_": _SUB_DROP * em, "^": -_SUP_RISE * em}
        for run in self.runs:
            font, advance = self._measured(run)
            painter.setFont(font)
            painter.setPen(getattr(tokens, run.color_role) if run.color_role else color)
            painter.drawText(QPointF(left, baseline + shifts[run.script]), run.text)
            left += advance
        return left

    def html(self, tokens: Tokens) -> str:
        """Same line for a QLabel."""
        math = math_font(self.role)
        family = ",".join(f"'{name}'" for name in math.families())
        # Qt sets sub- and superscripts at two thirds; asking for more keeps them as large as when painted.
        sizes = {"": math.pointSizeF(), "_": 1.2 * math.pointSizeF(), "^": 1.2 * math.pointSizeF()}
        parts = []
        for run in self.runs:
            piece = html.escape(run.text)
            if run.is_math:
                piece = f'<i style="font-family:{family}; font-size:{sizes[run.script]:.1f}pt">{piece}</i>'
            if run.script:
                tag = "sub" if run.script == "_" else "sup"
                piece = f"<{tag}>{piece}</{tag}>"
            if run.is_strong:
                piece = f'<span style="font-weight:600">{piece}</span>'
            if run.color_role:
                piece = f'<span style="color:{getattr(tokens, run.color_role)}">{piece}</span>'
            parts.append(piece)
        return "".join(parts)

    def _measured(self, run: Run) -> tuple[QFont, float]:
        return _measured(font_generation(), run, self.role, self.weight, self.tabular)


@lru_cache(maxsize=512)
def parse(markup: str) -> tuple[Run, ...]:
    """Split marked-up text into runs; an unknown ``[word]`` stays text."""
    runs: list[Run] = []
    is_strong = False
    color_role: str = ""
    for piece in _PIECES.split(markup):
        if not piece:
            continue
        if piece == "**":
            is_strong = not is_strong
        elif piece == "[/]":
            color_role = ""
        elif piece[0] == "[" and piece[-1] == "]" and piece[1:-1] in _ROLES:
            color_role = piece[1:-1]
        elif piece[0] == "$" and piece[-1] == "$" and len(piece) > 1:
            runs.extend(_parse_math(piece[1:-1], is_strong, color_role))
        else:
            runs.append(Run(piece, is_strong=is_strong, color_role=color_role))
    return tuple(runs)


def plain_text(markup: str) -> str:
    """Words of marked-up text, for screen readers."""
    return "".join(run.text for run in parse(markup))


def colored(text: str, role: Role) -> str:
    """Markup of text in the colour of a role."""
    return f"[{role}]{text}[/]"


@lru_cache(maxsize=4096)
def _measured(
    generation: int,  # noqa: ARG001
    run: Run,
    role: TextRole,
    weight: QFont.Weight | None,
    tabular: bool,
) -> tuple[QFont, float]:
    """Font and advance of one run. Pictures at sixty frames a second leave no time to measure again."""
    font = math_font(role) if run.is_math else font_for(role, weight, tabular=tabular)
    if run.is_strong or (run.is_math and weight is not None and weight >= QFont.Weight.DemiBold):
        font.setWeight(QFont.Weight.DemiBold)
    if run.script:
        font.setPointSizeF(font.pointSizeF() * _SCRIPT_SIZE)
    return font, QFontMetricsF(font).horizontalAdvance(run.text)


@lru_cache(maxsize=64)
def _line_metrics(generation: int, role: TextRole, weight: QFont.Weight | None) -> tuple[float, float]:  # noqa: ARG001
    """Height and ascent of a line of plain text."""
    metrics = QFontMetricsF(font_for(role, weight))
    return metrics.height(), metrics.ascent()


def _parse_math(body: str, is_strong: bool, color_role: str) -> list[Run]:
    """Split the inside of ``$…$`` at its sub- and superscripts."""
    runs: list[Run] = []
    end = 0
    for match in _SCRIPTS.finditer(body):
        if match.start() > end:
            runs.append(Run(body[end : match.start()], True, "", is_strong, color_role))
        runs.append(Run(match.group(2).strip("{}"), True, match.group(1), is_strong, color_role))
        end = match.end()
    if end < len(body):
        runs.append(Run(body[end:], True, "", is_strong, color_role))
    return runs
