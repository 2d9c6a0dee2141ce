"""The session's fields as the panel of the image under test names them."""

from __future__ import annotations

from diffviz.engine.session import SessionState
from diffviz.engine.theory_tasks import data_problem, set_problem
from diffviz.models.denoiser import DenoiserInfo
from diffviz.ui.schedule_controller import describe
from diffviz.ui.widgets.denoise_panel import DenoiserOption
from diffviz.ui.widgets.specimen_panel import SpecimenSettings
from diffviz.ui.workspaces.denoise_fields import denoiser_remark


def specimen_settings(
    state: SessionState, option: DenoiserOption | None, info: DenoiserInfo | None
) -> SpecimenSettings:
    """What the panel shows of a state, with the denoiser that is chosen."""
    problem = "" if info is None else data_problem(state.denoiser, info)
    return SpecimenSettings(
        image=state.image,
        start_fit=state.start_fit,
        denoiser=state.denoiser,
        schedule=state.schedule,
        schedule_name=describe(state.schedule).split(",")[0],
        bound_over="image" if problem else state.bound_over,
        bound_pictures=state.bound_pictures,
        bound_draws=state.bound_draws,
        bound_terms=state.bound_terms,
        bound_variance=state.bound_variance,
        remark=denoiser_remark(state, option),
        data_problem=problem,
        set_problem="" if info is None else set_problem(state.denoiser, info),
    )
