"""One line of text with mathematics and colours in it, measured and painted by hand or turned into HTML.

Markup: ``$x_t$`` is italic serif with ``_`` for sub- and ``^`` for superscripts (braces group), ``**word**``
is semibold, ``[signal]0.687[/]`` takes the colour of that role.
"""

import html
import re
from functools import lru_cache
from typing import NamedTuple

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from diffviz.ui.tokens import Role, Tokens
from diffviz.ui.typography import TextRole, font_for, font_generation, math_font, scale_font

_PIECES = re.compile(r"(\$[^$]*\$|\*\*|\[/\]|\[[a-z0-9]+\])")
_SCRIPTS = re.compile(r"([_^])(\{[^}]*\}|.[\u0300-\u036f]*)")
_SCRIPT_SIZE = 0.74
_SUB_DROP = 0.20
_SUP_RISE = 0.38
_ROLES = frozenset(Tokens.__dataclass_fields__) - {"is_dark"}


class Run(NamedTuple):
    """Piece of a line in one font and colour."""

    text: str
    is_math: bool = False
    script: str = ""
    is_strong: bool = False
    color_role: str = ""


class RichLine(NamedTuple):
    """
    A marked-up line at one place of the type scale; cheap to make, for painting makes hundreds a frame.

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

    @property
    def plain(self) -> str:
        """The words alone, for screen readers."""
        return plain_text(self.markup)

    def width(self) -> float:
        """Advance of the whole line in logical px."""
        return _pieces(font_generation(), self)[1]

    def height(self) -> float:
        """Height of a line of plain text in logical px."""
        return _line_metrics(font_generation(), self.role, self.weight)[0]

    def ascent(self) -> float:
        """Distance from the top of the line to its baseline in logical px."""
        return _line_metrics(font_generation(), self.role, self.weight)[1]

    def paint(self, painter: QPainter, left: float, baseline: float, color: QColor, tokens: Tokens) -> float:
        """Draw the line and return where it ends; runs without a colour of their own take ``color``."""
        pieces, width = _pieces(font_generation(), self)
        for piece in pieces:
            painter.setFont(piece.font)
            painter.setPen(getattr(tokens, piece.color_role) if piece.color_role else color)
            painter.drawText(QPointF(left + piece.left, baseline + piece.drop), piece.text)
        return left + width

    def html(self, tokens: Tokens) -> str:
        """Same line for a QLabel."""
        math = math_font(self.role)
        family = ",".join(f"'{name}'" for name in math.families())
        # Qt sets sub- and superscripts at two thirds; asking for more keeps them as large as when painted.
        size, unit = (math.pointSizeF(), "pt") if math.pointSizeF() > 0 else (float(math.pixelSize()), "px")
        sizes = {"": size, "_": 1.2 * size, "^": 1.2 * size}
        parts = []
        for run in parse(self.markup):
            piece = html.escape(run.text)
            if run.is_math:
                piece = (
                    f'<i style="font-family:{family}; font-size:{sizes[run.script]:.1f}{unit}">{piece}</i>'
                )
            if run.script:
                tag = "sub" if run.script == "_" else "sup"
                piece = f"<{tag}>{piece}</{tag}>"
            if run.is_strong:
                piece = f'<span style="font-weight:600">{piece}</span>'
            if run.color_role:
                piece = f'<span style="color:{getattr(tokens, run.color_role)}">{piece}</span>'
            parts.append(piece)
        return "".join(parts)


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


class _Piece(NamedTuple):
    """A run with its font, and its place from the beginning of the line and below its baseline in px."""

    text: str
    color_role: str
    font: QFont
    left: float
    drop: float


@lru_cache(maxsize=4096)
def _pieces(generation: int, line: RichLine) -> tuple[tuple[_Piece, ...], float]:
    """Where the runs of a line stand, and its width. Sixty frames a second leave no time to measure again."""
    em = _line_metrics(generation, line.role, line.weight)[1]
    drops = {"": 0.0, "_": _SUB_DROP * em, "^": -_SUP_RISE * em}
    pieces: list[_Piece] = []
    left = 0.0
    for run in parse(line.markup):
        font = _run_font(run, line)
        pieces.append(_Piece(run.text, run.color_role, font, left, drops[run.script]))
        left += QFontMetricsF(font).horizontalAdvance(run.text)
    return tuple(pieces), left


def _run_font(run: Run, line: RichLine) -> QFont:
    font = math_font(line.role) if run.is_math else font_for(line.role, line.weight, tabular=line.tabular)
    is_heavy = line.weight is not None and line.weight >= QFont.Weight.DemiBold
    if run.is_strong or (run.is_math and is_heavy):
        font.setWeight(QFont.Weight.DemiBold)
    if run.script:
        scale_font(font, _SCRIPT_SIZE)
    return font


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
