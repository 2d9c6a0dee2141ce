"""The session's fields as the panel of the image under test names them."""

from __future__ import annotations

from diffviz.engine.session import SessionState
from diffviz.engine.theory_tasks import data_of, has_own_set
from diffviz.models.denoiser import DenoiserInfo
from diffviz.ui.schedule_controller import describe
from diffviz.ui.widgets.denoise_panel import DenoiserOption
from diffviz.ui.widgets.specimen_panel import SpecimenSettings
from diffviz.ui.workspaces.denoise_fields import denoiser_remark

_NO_SET = "The denoiser has no data set of its own here: choose a network, or the exact denoiser of a set."
_UNKNOWN_DATA = "The pictures that it is for are not known here."


def specimen_settings(
    state: SessionState, option: DenoiserOption | None, info: DenoiserInfo | None
) -> SpecimenSettings:
    """What the panel shows of a state, with the denoiser that is chosen."""
    return SpecimenSettings(
        image=state.image,
        start_fit=state.start_fit,
        denoiser=state.denoiser,
        schedule=state.schedule,
        schedule_name=describe(state.schedule).split(",")[0],
        bound_over=state.bound_over,
        bound_pictures=state.bound_pictures,
        bound_draws=state.bound_draws,
        bound_terms=state.bound_terms,
        bound_variance=state.bound_variance,
        remark=denoiser_remark(state, option),
        data_problem="" if info is None or data_of(info) is not None else _UNKNOWN_DATA,
        set_problem="" if info is None or has_own_set(info) else _NO_SET,
    )
