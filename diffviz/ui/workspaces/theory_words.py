"""What the pages of the Theory workspace are called, and what the title says of the question."""

from __future__ import annotations

from diffviz.engine.images import ImageStore
from diffviz.engine.session import SessionState
from diffviz.engine.theory_question import asked_class
from diffviz.ui.widgets.segmented import Segment

MODES = (
    Segment("bound", "Bound", "Where the bits of the variational bound go"),
    Segment("losses", "Losses", "One answer judged by every loss, and what losses cost"),
    Segment("spectrum", "Spectrum", "Which details the noise has drowned"),
)
TITLES = {
    "bound": "Where the bits go",
    "losses": "Losses of the same answer",
    "spectrum": "Power by spatial frequency",
}


def question_words(state: SessionState, images: ImageStore, class_names: tuple[str, ...]) -> str:
    """The time, and as which class a denoiser with these classes is asked."""
    words = f"t = {state.t}"
    if not class_names:
        return words
    index = asked_class(state, images, class_names).index
    return f"{words} · asked {'without a class' if index is None else f'as {class_names[index]}'}"
