"""Which classifier can steer which denoiser."""

from __future__ import annotations

from diffviz.models.catalog import ClassifierInfo, list_classifiers
from diffviz.models.denoiser import DenoiserInfo


def matching_classifier(info: DenoiserInfo) -> ClassifierInfo | None:
    """The classifier of a denoiser's classes and pictures, or None; reads file headers only.

    Parameters
    ----------
    info
        The denoiser; one that works on any size is matched by its classes alone.
    """
    for classifier in list_classifiers() if info.class_names else ():
        is_same_size = info.image_shape in (None, classifier.image_shape)
        if is_same_size and classifier.class_names == info.class_names:
            return classifier
    return None
