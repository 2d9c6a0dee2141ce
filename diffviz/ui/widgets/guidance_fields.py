"""The fields of the denoise panel that say how strongly a run is drawn towards its class."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from diffviz.ui.widgets.collapsible import Collapsible
from diffviz.ui.widgets.fields import SliderField
from diffviz.ui.widgets.toggle import ToggleField

_MOST_GUIDANCE = 8.0
_MOST_CLASSIFIER = 10.0
_STRIP_SAMPLES = 9


class GuidanceFields(QWidget):
    """
    Guidance scale, a strip over it, and folded away below contrast and classifier.

    Signals
    -------
    changes_requested(dict)
        The user moved a slider: "guidance_scale", "path_guidance", "guidance_rescale" or "classifier_scale"
        with its value; or the switch, with all that belongs to a strip of several samples.
    """

    changes_requested = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale = SliderField(
            "Guidance scale",
            0.0,
            _MOST_GUIDANCE,
            step=0.1,
            value=1.0,
            text_of=_guidance_text,
            tooltip="0: no class; 1: as trained; more: the class is exaggerated (Ho & Salimans, 2022)",
        )
        self.strip = ToggleField(
            "Same noise over g",
            tooltip=f"{_STRIP_SAMPLES} samples from the same noise, from no class to a scale of "
            f"{_MOST_GUIDANCE:g}; the Strip view shows them beside each other",
        )
        self.last = SliderField(
            "Scale of the last sample",
            0.0,
            _MOST_GUIDANCE,
            step=0.1,
            value=_MOST_GUIDANCE,
            text_of=_guidance_text,
            tooltip="The samples go evenly from the guidance scale above to this one",
        )
        self.rescale = SliderField(
            "Contrast given back",
            0.0,
            1.0,
            step=0.05,
            value=0.0,
            text_of=_share_text,
            tooltip="φ: strong guidance raises the contrast of x̂₀; this takes it back (Lin et al., 2024)",
        )
        self.classifier = SliderField(
            "Classifier scale",
            0.0,
            _MOST_CLASSIFIER,
            step=0.1,
            value=0.0,
            text_of=_share_text,
            tooltip="A classifier of noisy pictures pushes each step towards the class; best with a guidance "
            "scale of 0 (Dhariwal & Nichol, 2021)",
        )
        more = QWidget()
        inner = QVBoxLayout(more)
        inner.setContentsMargins(0, 4, 0, 0)
        inner.setSpacing(10)
        inner.addWidget(self.rescale)
        inner.addWidget(self.classifier)
        self.more = Collapsible("More guidance", more, is_open=False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.scale)
        column.addWidget(self.strip)
        column.addWidget(self.last)
        column.addWidget(self.more)
        self.scale.value_edited.connect(self._on_scale_edited)
        self.strip.state_edited.connect(self._on_strip_edited)
        self.last.value_edited.connect(self._on_last_edited)
        self.rescale.value_edited.connect(self._on_rescale_edited)
        self.classifier.value_edited.connect(self._on_classifier_edited)

    def show_settings(
        self,
        scale: float,
        last: float | None,
        rescale: float,
        classifier_scale: float,
        *,
        has_classifier: bool,
    ) -> None:
        """Show settings, silently; the classifier's only where there is one for the classes.

        `last` is the scale of the last sample, None where all have the same.
        """
        self.scale.set_value(scale)
        self.strip.set_on(last is not None)
        self.last.setVisible(last is not None)
        if last is not None:
            self.last.set_value(last)
        self.rescale.set_value(rescale)
        self.classifier.set_value(classifier_scale)
        self.classifier.setVisible(has_classifier)

    @Slot(float)
    def _on_scale_edited(self, scale: float) -> None:
        self.changes_requested.emit({"guidance_scale": round(scale, 2)})

    @Slot(bool)
    def _on_strip_edited(self, is_on: bool) -> None:
        if is_on:
            strip = {"guidance_scale": 0.0, "path_guidance": _MOST_GUIDANCE, "num_samples": _STRIP_SAMPLES}
            self.changes_requested.emit(strip)
        else:
            self.changes_requested.emit({"guidance_scale": 1.0, "path_guidance": None, "num_samples": 1})

    @Slot(float)
    def _on_last_edited(self, scale: float) -> None:
        self.changes_requested.emit({"path_guidance": round(scale, 2)})

    @Slot(float)
    def _on_rescale_edited(self, share: float) -> None:
        self.changes_requested.emit({"guidance_rescale": round(share, 2)})

    @Slot(float)
    def _on_classifier_edited(self, scale: float) -> None:
        self.changes_requested.emit({"classifier_scale": round(scale, 2)})


def _guidance_text(scale: float) -> str:
    if abs(scale - 1.0) < 1e-9:
        return "1.0 (off)"
    if scale < 1e-9:
        return "0.0 (no class)"
    return f"{scale:.1f}"


def _share_text(value: float) -> str:
    return "off" if value < 1e-9 else f"{value:.2f}".rstrip("0").rstrip(".")
