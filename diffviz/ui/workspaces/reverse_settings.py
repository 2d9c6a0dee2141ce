"""The settings of the next run: between the session and the denoise panel."""

from __future__ import annotations

import secrets

from PySide6.QtCore import QObject, Signal, Slot

from diffviz.data.images import to_uint8
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.run_start import fitted_picture
from diffviz.engine.session import Session, StartFrom
from diffviz.models.devices import DeviceInfo
from diffviz.ui.widgets.denoise_panel import DenoisePanel, DenoiserOption, DeviceOption
from diffviz.ui.widgets.forward_inspector import MAX_SEED
from diffviz.ui.workspaces.denoise_fields import (
    denoiser_options,
    session_changes,
    settings_of,
    times_known_to,
)

_WAITING_DEVICE = DeviceOption("cpu", "CPU")


class ReverseSettings(QObject):
    """
    Shows the settings in the panel, and takes edits into the session.

    Signals
    -------
    known_times_changed(object)
        First and last time whose noise the denoiser was trained at; None where it knows every level.
    """

    known_times_changed = Signal(object)

    def __init__(
        self,
        panel: DenoisePanel,
        session: Session,
        images: ImageStore,
        shelf: DenoiserShelf,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panel, self._session, self._images, self._shelf = panel, session, images, shelf
        self._fitted: tuple[str, tuple[int, int, int] | None, str] | None = None
        panel.changes_requested.connect(self._on_changes_requested)
        panel.new_seed_requested.connect(self.draw_new_noise)
        self.refresh_denoisers()
        panel.set_devices([_WAITING_DEVICE])

    @property
    def option(self) -> DenoiserOption | None:
        """The denoiser that is chosen; None where it is not at hand."""
        return self._panel.options.get(self._session.state.denoiser)

    def set_devices(self, devices: tuple[DeviceInfo, ...]) -> None:
        """Offer what torch found."""
        options = [DeviceOption(d.key, d.label, d.reason_unavailable or "") for d in devices]
        self._panel.set_devices(options)

    def refresh_denoisers(self) -> None:
        """Look again which denoisers there are."""
        self._panel.set_denoisers(denoiser_options(self._shelf, self._session.state.exact_size))
        titles = [(key, self._images.entry(key).title) for key in self._images.keys]
        self._panel.beginning.set_pictures(titles)
        self.show()

    def show(self) -> None:
        """Show the settings of the session."""
        state, option = self._session.state, self.option
        self._show_fitted_picture(option)
        self._panel.show_settings(settings_of(state, option))
        self.known_times_changed.emit(times_known_to(option, state))

    @Slot()
    def draw_new_noise(self) -> None:
        """Take another seed for the next run."""
        self._session.update(reverse_seed=secrets.randbelow(MAX_SEED))

    def _show_fitted_picture(self, option: DenoiserOption | None) -> None:
        """Show the picture of the start as the denoiser gets it."""
        state = self._session.state
        wanted = (state.image, option.image_shape, state.start_fit) if option is not None else None
        if state.start is StartFrom.NOISE or wanted is None or wanted[1] is None:
            wanted = None
        if wanted == self._fitted:
            return
        self._fitted = wanted
        pixels = None
        if wanted is not None and wanted[1] is not None:
            pixels = to_uint8(fitted_picture(self._images, wanted[0], wanted[1], wanted[2]))
        self._panel.beginning.show_preview(pixels)

    @Slot(dict)
    def _on_changes_requested(self, changes: dict[str, object]) -> None:
        named = session_changes(changes)
        self._session.update(merge=f"denoise {' '.join(sorted(named))}", **named)
