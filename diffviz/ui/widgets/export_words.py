"""What the export dialog says about formats and processes."""

from diffviz.ui.widgets.export_choices import STRIP, ExportChoices
from diffviz.ui.widgets.format_cards import FormatCard
from diffviz.ui.widgets.segmented import Segment

CARDS = (
    FormatCard("gif", "GIF", "universal", "GIF plays everywhere; it has 256 colours for each frame"),
    FormatCard("mp4", "MP4", "smallest", "H.264 film, the smallest file; for slides and messages"),
    FormatCard("webp", "WebP", "sharp", "Animated WebP: every pixel kept, or a small file; browsers play it"),
    FormatCard("apng", "APNG", "lossless", "Animated PNG: every pixel kept; browsers play it"),
    FormatCard("webm", "WebM", "free video", "VP9 film for the web, free of patents"),
    FormatCard("png", "PNG", "per frame", "A folder of numbered PNG pictures, one for each frame"),
    FormatCard(STRIP, "Strip", "one picture", "One PNG with a few times side by side; for papers and slides"),
)
FORMAT_KEYS = frozenset(card.key for card in CARDS)
_NOTES = {
    "mp4": "Plays everywhere.",
    "webm": "Browsers and most players show it.",
    "gif": "256 colours a frame. Its clock counts hundredths of a second, hence these frame rates.",
    "webp": "Browsers and most viewers play it.",
    "apng": "Every pixel is kept. Browsers play it; viewers without APNG show its first frame.",
    "png": "A new folder with frame_00000.png and so on. Every pixel is kept.",
    STRIP: "One PNG picture, evenly spaced times from left to right. Every pixel is kept.",
}
_EXACT_NOTE = "Colour at full resolution. Not every player shows it: QuickTime and Firefox may not."
_LOSSLESS_NOTE = "Every pixel is kept."
_SQUARES_NOTE = "Each pixel becomes a square of even size, so that noise keeps its colour."
_SMOOTH_NOTE = "[warn]Smooth scaling washes colour noise out in this format: better take sharp pixels.[/]"
WHAT = (
    Segment("forward", "Forward", "The picture dissolves into noise"),
    Segment("reverse", "Reverse", "The run that is looked at: noise becomes a picture"),
    Segment("both", "Both", "Forward and reverse side by side, at the same t"),
    Segment("samples", "Samples", "The samples of the run one after the other, at the t that is looked at"),
)


def format_note(choices: ExportChoices) -> str:
    """Return what to know about the format as it is chosen, in one or two sentences."""
    if choices.is_video and choices.exact_colour:
        return _EXACT_NOTE
    if not choices.keeps_colour:
        return f"{_NOTES[choices.format]} {_SMOOTH_NOTE if choices.is_smooth else _SQUARES_NOTE}"
    if choices.format == "webp":
        return f"{_NOTES['webp']} {_LOSSLESS_NOTE}"
    return _NOTES[choices.format]


def range_words(choices: ExportChoices, length: int) -> str:
    """Return the ends of the range in the order of the frames; ``length`` is T, or the last place."""
    if choices.what == "samples":
        ends = [str(choices.first_t + 1), str(choices.last_t + 1)]
    else:
        first = "0 (image)" if choices.first_t == 0 else str(choices.first_t)
        last = f"{choices.last_t} (noise)" if choices.last_t == length else str(choices.last_t)
        ends = [first, last]
    return " to ".join(reversed(ends) if choices.direction == "to_image" else ends)
