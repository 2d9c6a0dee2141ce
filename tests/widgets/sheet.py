"""Render every widget in both themes to PNG, to be looked at beside the mock-ups.

Run ``QT_QPA_PLATFORM=offscreen python tests/widgets/sheet.py FOLDER [FONT] [POINTS]``.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from diffviz.paths import assets_dir
from diffviz.ui import theme
from diffviz.ui.widgets.badge import Badge
from diffviz.ui.widgets.buttons import make_button
from diffviz.ui.widgets.collapsible import Collapsible
from diffviz.ui.widgets.command_palette import CommandPalette, PaletteCommand
from diffviz.ui.widgets.drop_overlay import DropOffer, DropOverlay
from diffviz.ui.widgets.equation_stage import EquationStage
from diffviz.ui.widgets.fields import (
    Choice,
    ChoiceField,
    IntegerField,
    LabelledField,
    NumberField,
    SliderField,
    ToggleField,
)
from diffviz.ui.widgets.gallery import Gallery
from diffviz.ui.widgets.hint_card import HintCard
from diffviz.ui.widgets.image_view import ImageView
from diffviz.ui.widgets.math_label import MathLabel
from diffviz.ui.widgets.message_bar import MessageBar
from diffviz.ui.widgets.read_out import ReadOutGrid
from diffviz.ui.widgets.segmented import SegmentedSwitch
from diffviz.ui.widgets.surfaces import ProgressLine, make_card, make_rule, make_well

PHOTOS = ("chelsea.png", "astronaut.png", "coffee.png", "rocket.jpg", "raccoon_face.png", "camera.png")


def photo(name: str, size: int) -> np.ndarray:
    with Image.open(assets_dir() / "photos" / name) as opened:
        picture = opened.convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(square)


def as_bytes(x: np.ndarray) -> np.ndarray:
    return np.clip(np.rint((x + 1.0) * 127.5), 0, 255).astype(np.uint8)


def controls() -> QWidget:
    page = QWidget()
    grid = QGridLayout(page)
    grid.setContentsMargins(16, 14, 16, 14)
    grid.setSpacing(12)
    kind = ChoiceField([("linear", "Linear"), ("cosine", "Cosine")])
    grid.addWidget(LabelledField("Kind", kind), 0, 0)
    grid.addWidget(LabelledField("Steps T", IntegerField(1, 4000, value=1000)), 0, 1)
    grid.addWidget(LabelledField("First $β$", NumberField(value=0.0001)), 1, 0)
    bad = LabelledField("Last $β$", NumberField(value=0.02))
    bad.set_problem("β must stay below 1.")
    grid.addWidget(bad, 1, 1)
    quantity = SegmentedSwitch([("b", "$β$"), ("a", "$ᾱ$"), ("l", "log-SNR"), ("s", "$σ$")], "Quantity")
    quantity.set_current("a")
    grid.addWidget(quantity, 2, 0)
    grid.addWidget(SegmentedSwitch([("f", "Frozen $ε$"), ("m", "Markov chain"), ("r", "Redraw")]), 2, 1)
    exact = ChoiceField([Choice("exact", "Exact denoiser", icon="noise", icon_role="model")])
    grid.addWidget(LabelledField("Denoiser", exact), 3, 0)
    device = SegmentedSwitch([("cpu", "CPU"), ("cuda", "CUDA")])
    device.set_unavailable("cuda", "No CUDA device was found.")
    grid.addWidget(LabelledField("Device", device), 3, 1)
    grid.addWidget(SliderField("Guidance scale", 1, 10, value=3), 4, 0)
    warm_up = IntegerField(0, 1000, value=100, unit="steps")
    grid.addWidget(LabelledField("Warm-up", warm_up), 4, 1)
    grid.addWidget(ToggleField("Zero terminal SNR", checked=True), 5, 0)
    grid.addWidget(ToggleField("Hold ends 0.5 s"), 5, 1)
    row = QHBoxLayout()
    for style, words, icon in (
        ("plain", "Step", "step"),
        ("primary", "Run", "play"),
        ("outline", "Choose another", ""),
        ("flat", "Open image", "folder"),
    ):
        row.addWidget(make_button(style, words, icon))
    off = make_button("plain", "Step", "step")
    off.setEnabled(False)
    row.addWidget(off)
    row.addStretch(1)
    grid.addLayout(row, 6, 0, 1, 2)
    row = QHBoxLayout()
    for name in ("first", "last"):
        row.addWidget(make_button("tool", icon=name, tooltip=name))
    row.addWidget(make_button("round", icon="play", tooltip="Play"))
    loop = make_button("tool", icon="repeat", tooltip="Loop", checkable=True)
    loop.setChecked(True)
    row.addWidget(loop)
    for kind_name, words in (
        ("exact", "Exact denoiser · 457 emoji"),
        ("network", "Fashion U-Net · 28×28"),
        ("run", "Run B from $t$ 700"),
        ("running", "Running"),
    ):
        row.addWidget(Badge(kind_name, words))
    row.addStretch(1)
    grid.addLayout(row, 7, 0, 1, 2)
    grid.addWidget(
        ReadOutGrid(
            [
                ("Signal left $ᾱ_t$", "0.4715"),
                ("Noise level $σ_t$", "0.727"),
                ("SNR", "−0.5", "dB"),
                ("PSNR to $x_0$", "10.1", "dB"),
            ]
        ),
        8,
        0,
    )
    well = make_well()
    well.layout().addWidget(
        MathLabel("$L_{t−1} = D_{KL}$( [signal]$q(x_{t−1}|x_t,x_0)$[/] ‖ [model]$p_θ$[/] )")
    )
    card = make_card()
    card.layout().addWidget(QLabel("A card with one thought."))
    part = QVBoxLayout()
    part.addWidget(well)
    part.addWidget(card)
    grid.addLayout(part, 8, 1)
    progress = ProgressLine()
    progress.set_share(0.46)
    grid.addWidget(progress, 9, 0)
    grid.addWidget(make_rule(), 9, 1)
    grid.addWidget(
        Collapsible("Advanced", MathLabel("Folded help text.", "label", "text2", wraps=True)), 10, 0
    )
    grid.addWidget(
        MathLabel(
            "Help text in the second grey, long enough to wrap at least once in its column.",
            "label",
            "text2",
            wraps=True,
        ),
        10,
        1,
    )
    page.resize(640, 640)
    page.after_show = lambda: kind.setFocus(Qt.FocusReason.TabFocusReason)
    return page


def stage_page() -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    bar = MessageBar()
    column.addWidget(bar)
    stage = EquationStage()
    x_0 = photo("chelsea.png", 192).astype(np.float32) / 127.5 - 1.0
    noise = np.random.default_rng(7).standard_normal(x_0.shape).astype(np.float32)
    x_t = 0.687 * x_0 + 0.727 * noise
    stage.set_pictures(as_bytes(x_t), as_bytes(x_0), as_bytes(noise / 2.5))
    stage.set_coefficients(0.687, 0.727)
    stage.set_step(270)
    stage.set_pixel_probe(lambda x, y, c: (float(x_t[y, x, c]), float(x_0[y, x, c]), float(noise[y, x, c])))
    column.addWidget(stage, 1)
    gallery = Gallery()
    gallery.set_pictures([(name, name, photo(name, 112)) for name in PHOTOS])
    gallery.set_current("chelsea.png")
    column.addWidget(gallery)
    page.resize(820, 680)

    def after_show() -> None:
        bar.show_message(
            "error",
            "photo.png could not be read:",
            "the file is truncated. Still showing chelsea.png.",
            [("Choose another", lambda: None)],
        )
        bar.show_message("note", "2165 × 1703 scaled to 1024 × 805", "for display.")
        gallery.strip.setFocus()

    page.after_show = after_show
    return page


def triptych() -> QWidget:
    page = QWidget()
    row = QHBoxLayout(page)
    row.setContentsMargins(16, 16, 16, 16)
    rng = np.random.default_rng(1)
    small = photo("coffee.png", 32)
    for symbol, name, picture, outline in (
        ("x_t", "Now, t = 540", as_bytes(rng.standard_normal((32, 32, 3))), None),
        ("x̂_0", "Predicted image", small, "model"),
        ("ε̂", "Predicted noise", as_bytes(rng.standard_normal((32, 32, 3)) / 2), "model"),
        ("x_s", "Next", None, None),
    ):
        view = ImageView(symbol, name)
        view.set_image(picture)
        view.set_outline(outline)
        view.set_placeholder("Run to see the next picture")
        row.addWidget(view)
    page.resize(900, 280)
    return page


def palette_page() -> QWidget:
    page = stage_page()
    palette = CommandPalette(page)
    titles = [
        ("Open image…", "Ctrl+O"),
        ("Export animation…", "Ctrl+E"),
        ("Play or pause", "Space"),
        ("New noise", "N"),
        ("Go to Forward", "Alt+1"),
        ("Go to Reverse", "Alt+2"),
        ("Fork here", "F"),
        ("Undo", "Ctrl+Z"),
    ]
    commands = [PaletteCommand(t, lambda: None, k, "No run to fork" if k == "F" else "") for t, k in titles]

    def after_show() -> None:
        palette.open(commands)
        palette.search.setText("o r")
        palette.search.textEdited.emit("o r")

    page.after_show = after_show
    return page


def drop_page(accepted: bool) -> QWidget:
    page = stage_page()
    overlay = DropOverlay(page, lambda _data: DropOffer(""))
    good = DropOffer(
        "Drop to open astronaut.png",
        ("It replaces the image; schedule, seed and $t$ stay as they are.", "512 × 512 is shown as it is."),
        photo("astronaut.png", 256),
    )
    bad = DropOffer(
        "notes.pdf cannot be opened",
        ("It is not a picture. PNG, JPEG, WebP, GIF, BMP or TIFF are.",),
        None,
        False,
    )
    page.after_show = lambda: overlay.show_offer(good if accepted else bad)
    return page


def hint_page() -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    card = HintCard()
    column.addWidget(card)
    page.resize(660, 190)
    page.after_show = lambda: None
    return page


PAGES = {
    "controls": controls,
    "stage": stage_page,
    "triptych": triptych,
    "palette": palette_page,
    "drop": lambda: drop_page(True),
    "drop_bad": lambda: drop_page(False),
    "hint": hint_page,
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    app.setFont(
        QFont(sys.argv[2] if len(sys.argv) > 2 else "Inter", int(sys.argv[3]) if len(sys.argv) > 3 else 10)
    )
    for scheme in ("dark", "light"):
        theme.apply_theme(app, scheme, reduce_motion=True)
        for name, build in PAGES.items():
            page = build()
            page.setAutoFillBackground(True)
            page.show()
            page.activateWindow()
            app.processEvents()
            if hasattr(page, "after_show"):
                page.after_show()
            for _ in range(3):
                app.processEvents()
            page.grab().save(str(folder / f"{name}_{scheme}.png"))
            page.close()
            page.deleteLater()
            app.processEvents()


if __name__ == "__main__":
    main()
