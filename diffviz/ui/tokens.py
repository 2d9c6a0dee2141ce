"""The colour tokens of the interface, in a dark and a light set.

Chrome is grey and colour carries meaning: amber is signal, blue is noise, pink is what a denoiser made,
mint is now and interactive.
"""

from dataclasses import dataclass, fields
from typing import Literal

from PySide6.QtGui import QColor

Role = Literal[
    "win",
    "panel",
    "raised",
    "field",
    "stage",
    "line",
    "edge",
    "text",
    "text2",
    "text3",
    "accent",
    "onacc",
    "accsoft",
    "signal",
    "noise",
    "model",
    "modelbg",
    "good",
    "goodbg",
    "warn",
    "warnbg",
    "bad",
    "badbg",
]


@dataclass(frozen=True)
class Tokens:
    """One set of colours as ``#RRGGBB``, named by what they mean."""

    is_dark: bool
    win: str
    panel: str
    raised: str
    field: str
    stage: str
    line: str
    edge: str
    text: str
    text2: str
    text3: str
    accent: str
    onacc: str
    accsoft: str
    signal: str
    noise: str
    model: str
    modelbg: str
    good: str
    goodbg: str
    warn: str
    warnbg: str
    bad: str
    badbg: str

    def color(self, role: Role, opacity: float = 1.0) -> QColor:
        """Colour of a role, with an opacity of 0 to 1."""
        found = QColor(getattr(self, role))
        found.setAlphaF(opacity)
        return found

    def blend(self, role: Role, towards: Role, share: float) -> QColor:
        """Colour of ``role`` moved by ``share`` (0 to 1) of the way to another role, opaque."""
        here, there = QColor(getattr(self, role)), QColor(getattr(self, towards))
        return QColor.fromRgbF(
            here.redF() + share * (there.redF() - here.redF()),
            here.greenF() + share * (there.greenF() - here.greenF()),
            here.blueF() + share * (there.blueF() - here.blueF()),
        )

    def as_dict(self) -> dict[str, str]:
        """Every colour by its role."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "is_dark"}


DARK = Tokens(
    is_dark=True,
    win="#101317",
    panel="#171B21",
    raised="#232932",
    field="#0D1014",
    stage="#0B0D10",
    line="#2A313B",
    edge="#6C7785",
    text="#EDF0F4",
    text2="#B4BCC8",
    text3="#8F99A8",
    accent="#4FEBC6",
    onacc="#06251E",
    accsoft="#17352F",
    signal="#EDAC3C",
    noise="#62A1FC",
    model="#F9609F",
    modelbg="#371625",
    good="#5CD08A",
    goodbg="#12291D",
    warn="#EDAC3C",
    warnbg="#2E2412",
    bad="#FF8A80",
    badbg="#351A1B",
)

LIGHT = Tokens(
    is_dark=False,
    win="#E9ECF0",
    panel="#FFFFFF",
    raised="#E6EAEF",
    field="#F7F8FA",
    stage="#DFE3E8",
    line="#D3D9E0",
    edge="#77818F",
    text="#14181E",
    text2="#3F4956",
    text3="#576170",
    accent="#007256",
    onacc="#FFFFFF",
    accsoft="#D5EFE8",
    signal="#8A5400",
    noise="#303FB0",
    model="#6E1E52",
    modelbg="#F8E1EF",
    good="#14713C",
    goodbg="#DFF3E6",
    warn="#8A5000",
    warnbg="#FBEBD0",
    bad="#B3261E",
    badbg="#FBE0DE",
)

DENSITY_RAMP = ("#101216", "#26242C", "#5C422A", "#B0752A", "#F5B84C", "#FFECBE")
"""Colours of a density plot from nothing to most, the same in both themes."""
