"""One place that says how the program looks: colours, type, icons, motion, and the change between themes.

Widgets ask ``current_tokens()`` when they paint; a change of theme repaints them through Qt's own palette
change. What keeps colours in pens or pictures listens to ``notifier.changed``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from diffviz.ui.focus_ring import FocusRing
from diffviz.ui.icons import application_icon, paint_icon, tinted_icon
from diffviz.ui.stylesheet import stylesheet
from diffviz.ui.tokens import DARK, DENSITY_RAMP, LIGHT, Role, Tokens
from diffviz.ui.typography import (
    BODY_PX,
    TextRole,
    control_height,
    font_for,
    math_font,
    metric,
    text_scale,
)

__all__ = [
    "DARK",
    "DENSITY_RAMP",
    "LIGHT",
    "Role",
    "Scheme",
    "TextRole",
    "ThemeNotifier",
    "Tokens",
    "application_icon",
    "apply_theme",
    "color",
    "colours_for_print",
    "control_height",
    "current_tokens",
    "duration_ms",
    "font_for",
    "icon",
    "math_font",
    "metric",
    "notifier",
    "paint_icon",
    "palette_for",
    "text_scale",
]

Scheme = Literal["dark", "light", "system"]
Motion = Literal["hover", "panel", "fork"]
_MOTION_MS: dict[Motion, int] = {"hover": 80, "panel": 160, "fork": 240}
DISABLED_OPACITY = 0.55


class ThemeNotifier(QObject):
    """
    Holds the theme in force and tells of its change.

    Signals
    -------
    changed
        The colours, the type size or the motion setting are now others.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens: Tokens = DARK
        self.scheme: Scheme = "system"
        self.reduce_motion = False
        self.focus_ring: FocusRing | None = None
        self._follows_system = False

    def follow_system(self, app: QApplication) -> None:
        """Listen, once, for the desktop's own change between dark and light."""
        if not self._follows_system:
            app.styleHints().colorSchemeChanged.connect(self._on_system_scheme_changed)
            self._follows_system = True

    @Slot()
    def _on_system_scheme_changed(self) -> None:
        app = QApplication.instance()
        if self.scheme == "system" and isinstance(app, QApplication):
            apply_theme(app, "system", self.reduce_motion)


notifier = ThemeNotifier()


def current_tokens() -> Tokens:
    """Colours in force."""
    return notifier.tokens


def color(role: Role, opacity: float = 1.0) -> QColor:
    """Colour of a role in the theme in force, with an opacity of 0 to 1."""
    return notifier.tokens.color(role, opacity)


def icon(name: str, role: Role = "text2") -> QIcon:
    """Icon in a colour of the theme in force, for menus, combo boxes and other native widgets."""
    return tinted_icon(name, color(role))


def duration_ms(motion: Motion) -> int:
    """Length of a movement in ms; 0 where the user asked for less motion."""
    return 0 if notifier.reduce_motion else _MOTION_MS[motion]


def apply_theme(app: QApplication, scheme: Scheme = "system", reduce_motion: bool = False) -> None:
    """
    Give the whole application its look, at the start or at run time.

    Parameters
    ----------
    app
        The application.
    scheme
        "dark", "light", or "system": what the desktop says, dark where it says nothing.
    reduce_motion
        Set every movement to 0 ms.
    """
    hints = app.styleHints()
    notifier.follow_system(app)
    notifier.scheme = scheme
    notifier.reduce_motion = reduce_motion
    wanted = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light, "system": Qt.ColorScheme.Unknown}
    hints.setColorScheme(wanted[scheme])
    if scheme == "system":
        notifier.tokens = LIGHT if hints.colorScheme() == Qt.ColorScheme.Light else DARK
    else:
        notifier.tokens = LIGHT if scheme == "light" else DARK
    if app.style().name() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    _raise_small_font(app)
    app.setPalette(palette_for(notifier.tokens))
    app.setStyleSheet(stylesheet(notifier.tokens))
    if notifier.focus_ring is None:
        notifier.focus_ring = FocusRing(app)
    notifier.changed.emit()


@contextmanager
def colours_for_print() -> Iterator[None]:
    """Have the light colours on white in force while something is drawn for paper; nobody is told."""
    in_force = notifier.tokens
    notifier.tokens = replace(LIGHT, panel="#FFFFFF", field="#FFFFFF", stage="#FFFFFF")
    try:
        yield
    finally:
        notifier.tokens = in_force


def palette_for(tokens: Tokens) -> QPalette:
    """Palette of native widgets in one set of colours."""
    palette = QPalette()
    roles: dict[QPalette.ColorRole, Role] = {
        QPalette.ColorRole.Window: "panel",
        QPalette.ColorRole.Base: "field",
        QPalette.ColorRole.AlternateBase: "panel",
        QPalette.ColorRole.Button: "raised",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.BrightText: "bad",
        QPalette.ColorRole.PlaceholderText: "text3",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.Accent: "accent",
        QPalette.ColorRole.HighlightedText: "onacc",
        QPalette.ColorRole.ToolTipBase: "raised",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.Light: "raised",
        QPalette.ColorRole.Midlight: "raised",
        QPalette.ColorRole.Mid: "line",
        QPalette.ColorRole.Dark: "edge",
        QPalette.ColorRole.Shadow: "stage",
        QPalette.ColorRole.Link: "noise",
        QPalette.ColorRole.LinkVisited: "noise",
    }
    for palette_role, role in roles.items():
        palette.setColor(palette_role, tokens.color(role))
    for palette_role in (
        QPalette.ColorRole.Text,
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, palette_role, tokens.color("text3"))
    return palette


def _raise_small_font(app: QApplication) -> None:
    """Bring a system font below the 13 px of the type scale up to it; larger ones stay."""
    if text_scale() < 1.0:
        font = app.font()
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() / text_scale())
        else:
            font.setPixelSize(round(BODY_PX))
        app.setFont(font)
