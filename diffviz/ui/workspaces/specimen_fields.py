"""The session's fields as the panel of the image under test names them."""

from __future__ import annotations

from dataclasses import replace

from diffviz.engine.images import ImageStore
from diffviz.engine.session import SessionState
from diffviz.engine.state import NO_CLASS, OWN_CLASS
from diffviz.engine.theory_question import asked_class
from diffviz.engine.theory_tasks import data_problem, set_problem
from diffviz.models.denoiser import DenoiserInfo
from diffviz.ui.schedule_controller import describe
from diffviz.ui.widgets.denoise_panel import DenoiserOption
from diffviz.ui.widgets.specimen_panel import SpecimenSettings
from diffviz.ui.workspaces.denoise_fields import denoiser_remark


def specimen_settings(
    state: SessionState, option: DenoiserOption | None, info: DenoiserInfo | None, images: ImageStore
) -> SpecimenSettings:
    """What the panel shows of a state, with the denoiser that is chosen."""
    problem = "" if info is None else data_problem(state.denoiser, info)
    class_names = () if option is None else option.class_names
    bound_over = "image" if problem else state.bound_over
    return SpecimenSettings(
        image=state.image,
        start_fit=state.start_fit,
        denoiser=state.denoiser,
        schedule=state.schedule,
        schedule_name=describe(state.schedule).split(",")[0],
        bound_over=bound_over,
        bound_pictures=state.bound_pictures,
        bound_draws=state.bound_draws,
        bound_terms=state.bound_terms,
        bound_variance=state.bound_variance,
        remark=denoiser_remark(state, option),
        data_problem=problem,
        set_problem="" if info is None else set_problem(state.denoiser, info),
        bound_class=state.bound_class,
        classes=_classes(state, images, class_names, bound_over),
    )


def _classes(
    state: SessionState, images: ImageStore, class_names: tuple[str, ...], bound_over: str
) -> tuple[tuple[str, str], ...]:
    """What the denoiser can be asked as: keys and labels; none where it knows no classes."""
    if not class_names:
        return ()
    asked = asked_class(replace(state, bound_class=OWN_CLASS), images, class_names)
    name = "not known" if asked.index is None else class_names[asked.index]
    words = {"own": f"Its own: {name}", "session": f"As in Reverse: {name}", "none": "Its own: not known"}
    own = "Each its own" if bound_over == "data" else words[asked.origin]
    named = ((str(index), name) for index, name in enumerate(class_names))
    return ((str(OWN_CLASS), own), (str(NO_CLASS), "No class"), *named)
