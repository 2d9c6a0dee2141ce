"""The tokens, their contrast, and the change between themes at run time."""

import itertools
import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from diffviz.paths import assets_dir
from diffviz.ui import theme
from diffviz.ui.icons import IconMissingError, icon_image
from diffviz.ui.tokens import DARK, LIGHT, Tokens

GROUNDS = ("panel", "stage", "field", "raised", "win")
# UI.md section 2: worst contrast over the five grounds, as printed there.
WORST = {
    "dark": {
        "text": 12.8,
        "text2": 7.6,
        "text3": 5.1,
        "signal": 7.4,
        "noise": 5.6,
        "model": 5.0,
        "accent": 9.8,
    },
    "light": {
        "text": 13.8,
        "text2": 7.1,
        "text3": 4.9,
        "signal": 4.9,
        "noise": 6.6,
        "model": 8.3,
        "accent": 4.6,
    },
}
THEMES = {"dark": DARK, "light": LIGHT}


def luminance(color: str) -> float:
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("name", "role"), [(n, r) for n, roles in WORST.items() for r in roles])
def test_every_text_colour_reads_on_every_ground(name: str, role: str) -> None:
    tokens = THEMES[name]
    worst = min(contrast(getattr(tokens, role), getattr(tokens, ground)) for ground in GROUNDS)
    assert worst >= 4.5
    assert worst == pytest.approx(WORST[name][role], abs=0.06)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_words_on_filled_grounds_meet_aa(tokens: Tokens) -> None:
    assert contrast(tokens.onacc, tokens.accent) >= 5.8
    assert contrast(tokens.model, tokens.modelbg) >= 4.5
    assert contrast(tokens.text, tokens.accsoft) >= 4.5
    for status in ("good", "warn", "bad"):
        assert contrast(getattr(tokens, status), getattr(tokens, status + "bg")) >= 5.1
        assert contrast(tokens.text, getattr(tokens, status + "bg")) >= 4.5


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_borders_of_controls_are_seen_on_their_grounds(tokens: Tokens) -> None:
    assert (
        min(contrast(tokens.edge, getattr(tokens, ground)) for ground in ("field", "panel", "stage")) >= 3.0
    )


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_the_four_data_colours_stay_apart(tokens: Tokens) -> None:
    def oklab(color: str) -> tuple[float, float, float]:
        rgb = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
        cone = [
            math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b),
            math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b),
            math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b),
        ]
        return (
            0.2104542553 * cone[0] + 0.7936177850 * cone[1] - 0.0040720468 * cone[2],
            1.9779984951 * cone[0] - 2.4285922050 * cone[1] + 0.4505937099 * cone[2],
            0.0259040371 * cone[0] + 0.7827717662 * cone[1] - 0.8086757660 * cone[2],
        )

    colors = [oklab(c) for c in (tokens.signal, tokens.noise, tokens.model, tokens.accent)]
    smallest = min(math.dist(a, b) for a, b in itertools.combinations(colors, 2))
    assert smallest * 100 >= 15.5


def test_a_change_of_theme_recolours_what_is_already_on_screen(qapp: QApplication, shown, color_at) -> None:
    box = QWidget()
    column = QVBoxLayout(box)
    column.addWidget(QLabel("words"))
    shown(box, 120, 90)
    assert color_at(box, 2, 2).name().upper() == DARK.panel
    told = []
    theme.notifier.changed.connect(lambda: told.append(theme.current_tokens()))
    theme.apply_theme(qapp, "light", reduce_motion=True)
    assert told == [LIGHT]
    assert color_at(box, 2, 2).name().upper() == LIGHT.panel


def test_a_machine_that_says_nothing_gets_the_dark_theme(qapp: QApplication) -> None:
    theme.apply_theme(qapp, "system", reduce_motion=True)
    if qapp.styleHints().colorScheme() == Qt.ColorScheme.Light:
        assert theme.current_tokens() == LIGHT
    else:
        assert theme.current_tokens() == DARK


def test_palette_roles_are_those_of_the_specification(qapp: QApplication) -> None:
    palette = qapp.palette()
    expected = {
        QPalette.ColorRole.Window: DARK.panel,
        QPalette.ColorRole.Base: DARK.field,
        QPalette.ColorRole.Button: DARK.raised,
        QPalette.ColorRole.Text: DARK.text,
        QPalette.ColorRole.PlaceholderText: DARK.text3,
        QPalette.ColorRole.Highlight: DARK.accent,
        QPalette.ColorRole.HighlightedText: DARK.onacc,
        QPalette.ColorRole.Mid: DARK.line,
        QPalette.ColorRole.Dark: DARK.edge,
        QPalette.ColorRole.Link: DARK.noise,
    }
    assert {role: palette.color(role).name().upper() for role in expected} == expected
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    assert disabled.name().upper() == DARK.text3


def test_less_motion_means_none_at_all(qapp: QApplication) -> None:
    assert theme.duration_ms("panel") == 0
    theme.apply_theme(qapp, "dark", reduce_motion=False)
    assert (theme.duration_ms("hover"), theme.duration_ms("panel"), theme.duration_ms("fork")) == (
        80,
        160,
        240,
    )


def test_the_type_scale_follows_the_font_of_the_application(qapp: QApplication) -> None:
    small = [QFontMetricsF(theme.font_for(role)).height() for role in ("body", "display", "tick")]
    height, indent = theme.control_height(), theme.metric(16)
    font = QFont(qapp.font())
    font.setPointSizeF(font.pointSizeF() * 2)
    qapp.setFont(font)
    large = [QFontMetricsF(theme.font_for(role)).height() for role in ("body", "display", "tick")]
    assert [big / little for big, little in zip(large, small, strict=True)] == pytest.approx(
        [2, 2, 2], rel=0.1
    )
    assert (theme.control_height(), theme.metric(16)) == (2 * height, 2 * indent)


def test_a_system_font_below_13_px_is_raised_to_it(qapp: QApplication) -> None:
    font = QFont(qapp.font())
    font.setPixelSize(9)
    qapp.setFont(font)
    theme.apply_theme(qapp, "dark", reduce_motion=True)
    assert theme.text_scale() == pytest.approx(1.0, abs=0.02)


def test_mathematics_is_an_italic_serif() -> None:
    font = theme.math_font()
    assert font.italic()
    assert font.families()[0] in {
        "STIX Two Text",
        "Cambria Math",
        "Times New Roman",
        "Noto Serif",
        "DejaVu Serif",
        "serif",
    }


@pytest.mark.parametrize("path", sorted((assets_dir() / "icons").glob("*/*.svg")), ids=lambda path: path.stem)
def test_every_icon_draws_in_the_colour_asked_for(path) -> None:
    picture = icon_image(path.stem, theme.color("noise"), 24, 2.0)
    assert (picture.width(), picture.devicePixelRatio()) == (48, 2.0)
    pixels = [picture.pixelColor(x, y) for x in range(48) for y in range(48)]
    drawn = [pixel for pixel in pixels if pixel.alpha() == 255]
    assert drawn
    asked = theme.color("noise")
    if path.stem != "logo":
        assert max(abs(pixel.red() - asked.red()) + abs(pixel.blue() - asked.blue()) for pixel in drawn) <= 2


def test_an_unknown_icon_is_an_error_not_a_blank() -> None:
    with pytest.raises(IconMissingError):
        icon_image("no-such-icon", theme.color("text"), 16)


def test_the_focus_ring_surrounds_the_widget_that_has_the_keyboard(shown, color_at) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(20, 20, 20, 20)
    first, second = QPushButton("First"), QPushButton("Second")
    column.addWidget(first)
    column.addWidget(second)
    shown(page, 200, 120)
    second.setFocus(Qt.FocusReason.TabFocusReason)
    assert theme.notifier.focus_ring.target is second
    spot = second.geometry()
    assert color_at(page, spot.center().x(), spot.top() - 3).name().upper() == DARK.accent
    assert color_at(page, spot.center().x(), first.geometry().top() - 3).name().upper() == DARK.panel
    second.move(second.x(), second.y() + 7)
    assert color_at(page, spot.center().x(), spot.top() + 4).name().upper() == DARK.accent


def test_a_widget_that_dies_with_the_keyboard_leaves_no_ring(shown, qtbot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    button = QPushButton("Gone soon")
    column.addWidget(button)
    shown(page, 200, 120)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(button.destroyed):
        button.deleteLater()
    assert theme.notifier.focus_ring.target is not button
    assert all(child.isHidden() or child.width() == 0 for child in page.findChildren(QWidget))
