"""Marked-up lines: what they say, how they measure, how labels follow the theme."""

from PySide6.QtGui import QFont

from diffviz.ui import theme
from diffviz.ui.rich_line import RichLine, colored, parse, plain_text
from diffviz.ui.tokens import DARK, LIGHT
from diffviz.ui.widgets.math_label import MathLabel


def test_mathematics_splits_into_letters_and_scripts() -> None:
    assert [(run.text, run.is_math, run.script) for run in parse("PSNR to $x_0$, $q(x_{t−1}|x_t)$")] == [
        ("PSNR to ", False, ""),
        ("x", True, ""),
        ("0", True, "_"),
        (", ", False, ""),
        ("q(x", True, ""),
        ("t−1", True, "_"),
        ("|x", True, ""),
        ("t", True, "_"),
        (")", True, ""),
    ]


def test_a_hat_stays_on_its_letter_in_a_subscript() -> None:
    assert [run.text for run in parse("$a_x̂b$")] == ["a", "x̂", "b"]


def test_colours_and_weight_apply_until_they_are_closed() -> None:
    runs = parse("a [signal]**0.687**[/] × b")
    assert [(run.text, run.color_role, run.is_strong) for run in runs] == [
        ("a ", "", False),
        ("0.687", "signal", True),
        (" × b", "", False),
    ]


def test_brackets_that_name_no_role_stay_text() -> None:
    assert plain_text("x in [0, 1] and [note]") == "x in [0, 1] and [note]"


def test_screen_readers_hear_words_without_marks() -> None:
    assert plain_text(f"**Noise** $σ_t$ {colored('0.7', 'noise')}") == "Noise σt 0.7"


def test_tabular_digits_never_change_the_width() -> None:
    widths = {RichLine(f"0.{digit * 3}", "readout", tabular=True).width() for digit in "0123456789"}
    assert max(widths) - min(widths) < 0.01


def test_measures_follow_the_font_of_the_application(qapp) -> None:
    before = RichLine("Noise level $σ_t$").width()
    font = QFont(qapp.font())
    font.setPointSizeF(font.pointSizeF() * 2)
    qapp.setFont(font)
    assert RichLine("Noise level $σ_t$").width() > 1.8 * before


def test_labels_take_the_colours_of_the_theme_in_force(qapp) -> None:
    label = MathLabel("Noise $σ_t$ is [noise]high[/]", color_role="text2")
    assert DARK.noise in label.text()
    assert DARK.text2 in label.text()
    theme.apply_theme(qapp, "light", reduce_motion=True)
    assert LIGHT.noise in label.text()
    assert LIGHT.text2 in label.text()
    assert label.accessibleName() == "Noise σt is high"


def test_markup_cannot_smuggle_html() -> None:
    assert "&lt;b&gt;" in RichLine("<b>bold</b>").html(DARK)


def test_a_font_given_in_pixels_has_subscripts_as_small_as_one_in_points(qapp) -> None:
    def share() -> float:
        return RichLine("$_{ttttt}$", "readout").width() / RichLine("$ttttt$", "readout").width()

    font = QFont(qapp.font())
    font.setPointSizeF(15)
    qapp.setFont(font)
    in_points = share()
    font.setPixelSize(20)
    qapp.setFont(font)
    assert abs(share() - in_points) < 0.03
    assert "font-size:-" not in RichLine("$x_t$").html(DARK)
