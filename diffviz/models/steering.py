"""Which classifier can steer which denoiser."""

from __future__ import annotations

from collections.abc import Sequence

from diffviz.models.catalog import ClassifierInfo, list_classifiers
from diffviz.models.denoiser import DenoiserInfo


def matching_classifier(
    info: DenoiserInfo, among: Sequence[ClassifierInfo] | None = None
) -> ClassifierInfo | None:
    """The classifier of a denoiser's classes and pictures, or None; reads file headers only.

    Parameters
    ----------
    info
        The denoiser; one that works on any size is matched by its classes alone.
    among
        The classifiers at hand, if they are known already.
    """
    if not info.class_names:
        return None
    for classifier in list_classifiers() if among is None else among:
        is_same_size = info.image_shape in (None, classifier.image_shape)
        if is_same_size and classifier.class_names == info.class_names:
            return classifier
    return None
