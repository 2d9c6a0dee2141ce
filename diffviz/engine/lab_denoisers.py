"""The denoisers of the lab: the exact score of its points, and networks that learned points."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from diffviz.engine.lab_spec import EXACT, LIVE, LabSpec, exact_points
from diffviz.models.catalog import list_networks, load_denoiser
from diffviz.models.denoiser import Denoiser, DenoiserInfo

if TYPE_CHECKING:
    from diffviz.models.denoiser import NetworkDenoiser

_POINTS = "2-D points"


def point_networks() -> tuple[DenoiserInfo, ...]:
    """The networks at hand that learned points in the plane."""
    return tuple(info for info in list_networks() if info.image_shape is None and _POINTS in info.detail)


class LabDenoisers:
    """Makes the lab's denoisers; its methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._networks: dict[str, NetworkDenoiser] = {}

    def fetch(self, lab: LabSpec) -> Denoiser:
        """The denoiser that a lab asks for.

        Raises
        ------
        CheckpointError
            If the network's file cannot be used.
        """
        return exact_points(lab) if lab.denoiser == EXACT else self.network(lab.denoiser)

    def network(self, key: str) -> NetworkDenoiser:
        """A network by its key, loaded if it is not at hand.

        Raises
        ------
        CheckpointError
            If its file cannot be used.
        ValueError
            If it is the one in training, and that was never handed out.
        """
        with self._lock:
            if key not in self._networks:
                if key == LIVE:
                    raise ValueError("The network in training has not been handed out yet.")
                self._networks[key] = load_denoiser(key)
            return self._networks[key]

    def put_live(self, network: NetworkDenoiser) -> None:
        """Take the network in training as it is now."""
        with self._lock:
            self._networks[LIVE] = network

    def forget(self, key: str) -> None:
        """Load a network anew when it is next asked for: its file is another one now."""
        with self._lock:
            self._networks.pop(key, None)
