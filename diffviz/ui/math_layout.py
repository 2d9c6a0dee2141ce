"""Mathematics in two dimensions: roots with their bar and fractions, out of lines of ``rich_line``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from diffviz.ui.rich_line import RichLine
from diffviz.ui.tokens import Tokens
from diffviz.ui.typography import TextRole, text_scale

_SMALLER: dict[TextRole, TextRole] = {"readout": "body", "title": "label", "body": "tick", "label": "tick"}
_RULE_PX = 1.2
_HOOK_EM = 0.62
_BAR_GAP_EM = 0.10
_AXIS_EM = 0.30


class Extent(NamedTuple):
    """Room of a piece of mathematics around its baseline, in logical px."""

    width: float
    ascent: float
    descent: float


@dataclass(frozen=True)
class Words:
    """A piece of a line, with the markup of ``rich_line``."""

    markup: str

    @property
    def plain(self) -> str:
        """The words alone, for screen readers."""
        return RichLine(self.markup).plain

    def extent(self, role: TextRole) -> Extent:
        """Room that it takes at a place of the type scale."""
        line = _line(self.markup, role)
        return Extent(line.width(), line.ascent(), line.height() - line.ascent())

    def paint(self, painter: QPainter, at: QPointF, role: TextRole, ink: QColor, tokens: Tokens) -> None:
        """Draw it from the left end of its baseline."""
        _line(self.markup, role).paint(painter, at.x(), at.y(), ink, tokens)


@dataclass(frozen=True)
class Root:
    """The square root of something."""

    inner: Node

    @property
    def plain(self) -> str:
        """The words alone, for screen readers."""
        inner = self.inner.plain
        return f"√{inner}" if len(inner) <= 3 else f"√({inner})"

    def extent(self, role: TextRole) -> Extent:
        """Room that it takes at a place of the type scale."""
        inner, em = self.inner.extent(role), _em(role)
        ascent = inner.ascent + _BAR_GAP_EM * em + _rule()
        return Extent(inner.width + (_HOOK_EM + 0.08) * em, ascent, inner.descent)

    def paint(self, painter: QPainter, at: QPointF, role: TextRole, ink: QColor, tokens: Tokens) -> None:
        """Draw it from the left end of its baseline."""
        inner, em, own = self.inner.extent(role), _em(role), self.extent(role)
        top = at.y() - own.ascent + _rule() / 2 + 0.12 * em
        foot = at.y() + min(inner.descent, 0.16 * em)
        sign = QPainterPath(QPointF(at.x() + 0.04 * em, at.y() - 0.30 * em))
        sign.lineTo(at.x() + 0.16 * em, at.y() - 0.36 * em)
        sign.lineTo(at.x() + 0.32 * em, foot)
        sign.lineTo(at.x() + 0.54 * em, top)
        sign.lineTo(at.x() + own.width, top)
        pen = QPen(ink, _rule())
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(sign)
        self.inner.paint(painter, at + QPointF(_HOOK_EM * em, 0.0), role, ink, tokens)


@dataclass(frozen=True)
class Fraction:
    """One thing over another, both a size smaller than what stands beside them."""

    over: Node
    under: Node

    @property
    def plain(self) -> str:
        """The words alone, for screen readers."""
        return f"{self.over.plain} / {self.under.plain}"

    def extent(self, role: TextRole) -> Extent:
        """Room that it takes at a place of the type scale."""
        over, under = (part.extent(_smaller(role)) for part in (self.over, self.under))
        width = max(over.width, under.width) + 0.3 * _em(role)
        axis, gap = _AXIS_EM * _em(role), _rule()
        return Extent(
            width, axis + gap + over.ascent + over.descent, under.ascent + under.descent + gap - axis
        )

    def paint(self, painter: QPainter, at: QPointF, role: TextRole, ink: QColor, tokens: Tokens) -> None:
        """Draw it from the left end of its baseline."""
        small, own = _smaller(role), self.extent(role)
        over, under = self.over.extent(small), self.under.extent(small)
        axis, gap = at.y() - _AXIS_EM * _em(role), _rule()
        painter.setPen(QPen(ink, _rule()))
        painter.drawLine(QPointF(at.x(), axis), QPointF(at.x() + own.width, axis))
        left = at.x() + (own.width - over.width) / 2
        self.over.paint(painter, QPointF(left, axis - gap - over.descent), small, ink, tokens)
        left = at.x() + (own.width - under.width) / 2
        self.under.paint(painter, QPointF(left, axis + gap + under.ascent), small, ink, tokens)


@dataclass(frozen=True)
class Row:
    """Things beside each other on one baseline."""

    parts: tuple[Node, ...]

    @property
    def plain(self) -> str:
        """The words alone, for screen readers."""
        return "".join(part.plain for part in self.parts)

    def extent(self, role: TextRole) -> Extent:
        """Room that it takes at a place of the type scale."""
        extents = [part.extent(role) for part in self.parts]
        return Extent(
            sum(e.width for e in extents), max(e.ascent for e in extents), max(e.descent for e in extents)
        )

    def paint(self, painter: QPainter, at: QPointF, role: TextRole, ink: QColor, tokens: Tokens) -> None:
        """Draw it from the left end of its baseline."""
        for part in self.parts:
            part.paint(painter, at, role, ink, tokens)
            at = at + QPointF(part.extent(role).width, 0.0)


Node: TypeAlias = "Words | Root | Fraction | Row"


def symbol(mathematics: str) -> Words:
    """Mathematics in one line: ``symbol("ᾱ_t")``."""
    return Words(f"${mathematics}$")


def root(mathematics: str) -> Root:
    """The square root of mathematics in one line."""
    return Root(symbol(mathematics))


def _line(markup: str, role: TextRole) -> RichLine:
    return RichLine(markup, role, QFont.Weight.Normal)


def _em(role: TextRole) -> float:
    return RichLine("", role).height()


def _rule() -> float:
    return _RULE_PX * max(1.0, text_scale())


def _smaller(role: TextRole) -> TextRole:
    return _SMALLER.get(role, role)
