"""The lab's state in words and numbers: its settings, its fit to the data, a network and its floor."""

from __future__ import annotations

from collections.abc import Iterable

from diffviz.core.schedules import build_schedule
from diffviz.core.timesteps import late_start, sampling_timesteps
from diffviz.data.point_files import PAINTED_TITLE
from diffviz.engine.lab_driver import CloudFit
from diffviz.engine.lab_field import NetworkField
from diffviz.engine.lab_spec import (
    DRAWN,
    EXACT,
    LIVE,
    MAX_PARTICLES,
    LabMotion,
    LabSpec,
    data_title,
    exact_points,
)
from diffviz.engine.painted_points import painting_print
from diffviz.engine.state import SessionState
from diffviz.evaluation.cloud_distances import Fit
from diffviz.models.denoiser import DenoiserInfo
from diffviz.ui.widgets.denoise_panel import DenoiserOption
from diffviz.ui.widgets.fields import Choice
from diffviz.ui.widgets.lab_panel import LabSettings
from diffviz.ui.widgets.segmented import Segment
from diffviz.ui.workspaces.denoise_fields import denoiser_remark

MODES = (
    Segment("plane", "Plane", "The plane at the time under the playhead"),
    Segment("phase", "Phase plot", "One coordinate over all times, with the paths through it"),
    Segment("cut", "1-D slice", "Density and score along a line through the plane"),
)
HINT = (
    "Click to follow another start from $t$ = $T$. Drag a ring to move it; double-click takes it away. "
    "Turn the wheel to look closer."
)

Cells = list[tuple[str, str, str]]


def moving_words(state: SessionState) -> str:
    """What moves, for the title."""
    lab = state.lab
    how = {
        LabMotion.FORWARD: "forward process",
        LabMotion.FLOW: f"flow, g = {lab.g:.2f}",
        LabMotion.SAMPLER: state.sampler.kind.upper(),
    }[lab.motion]
    count = len(exact_points(lab))
    return f"{lab.particles:,} particles · {how} · {count:,} data point{'s' if count != 1 else ''}"


def option_of(info: DenoiserInfo | None) -> DenoiserOption | None:
    """A network as the panels offer it; None for none."""
    if info is None:
        return None
    return DenoiserOption(info.key, info.name, detail=info.detail, trained_schedule=info.schedule)


def learned_remark(lab: LabSpec, info: DenoiserInfo | None) -> str:
    """That a network learned other points than those that are shown; empty where it learned these."""
    if info is None or not info.trained_on:
        return ""
    is_own = lab.data == DRAWN
    if is_own and info.fingerprint == painting_print(lab.drawn):
        return ""
    if not is_own and info.trained_on == data_title(lab):
        return ""
    was_painted = is_own and info.trained_on.startswith(PAINTED_TITLE)
    return f"This network learned {info.trained_on}" + (
        "; the painting was changed since." if was_painted else ", not these points."
    )


def denoiser_choices(networks: Iterable[DenoiserInfo], live: str) -> list[Choice]:
    """What the panel offers: exact score, networks, and the one in training if anything is said of it."""
    return [
        Choice(EXACT, "Exact score", "The best answer there is to these points", "noise", "model"),
        *(Choice(info.key, info.name, info.detail, "network", "model") for info in networks),
        *([Choice(LIVE, "Network in training", live, "network", "model")] if live else []),
    ]


def settings_of(state: SessionState, info: DenoiserInfo | None) -> LabSettings:
    """What the panel shows of a state, with the network that is chosen; None: the exact score."""
    remarks = (learned_remark(state.lab, info), denoiser_remark(state, option_of(info)))
    lab, schedule = state.lab, build_schedule(state.schedule)
    times = sampling_timesteps(schedule, state.sampler.num_sampling_steps, state.sampler.spacing)
    return LabSettings(
        motion=lab.motion,
        denoiser=lab.denoiser,
        sampler=state.sampler,
        num_timesteps=state.num_timesteps,
        g=lab.g,
        particles=lab.particles,
        most_particles=MAX_PARTICLES,
        seed=state.seed if lab.motion is LabMotion.FORWARD else state.reverse_seed,
        noise_mode=state.noise_mode,
        denoiser_remark=" ".join(filter(None, remarks)),
        sampler_remark=late_start(schedule, times),
    )


def fit_readings(state: SessionState, fit: CloudFit | None, *, is_walking: bool) -> tuple[Cells, str]:
    """Cells and a sentence on the finished particles."""
    if state.lab.motion is LabMotion.FORWARD:
        return [], "The particles begin as the data: let a sampler or the flow lead them back to see a fit."
    if fit is None:
        return [], "The particles are on their way." if is_walking else "Nothing has been measured yet."
    cells = [
        ("Sliced distance", f"{fit.sliced.distance:.3f}", ""),
        ("Chance alone", f"{fit.sliced.low:.3f}–{fit.sliced.high:.3f}", ""),
        ("Energy distance", f"{fit.energy.distance:.3f}", ""),
        ("Chance alone", f"{fit.energy.low:.3f}–{fit.energy.high:.3f}", ""),
    ]
    return cells, f"{_verdict(fit.sliced, fit.measured)}{_modes(fit)}"


def _verdict(fit: Fit, measured: int) -> str:
    if fit.is_chance:
        return f"As near as {measured:,} true draws from the data are, nine times of ten."
    return (
        f"{fit.distance / fit.high:.1f} times as far as {measured:,} true draws are, nine times of ten: "
        "more steps, another sampler or a better denoiser come nearer."
    )


def _modes(fit: CloudFit) -> str:
    if fit.counts is None or fit.fair is None:
        return ""
    low, high = fit.fair
    outside = sum(not low <= count <= high for count in fit.counts)
    numbers = ", ".join(f"{count:,}" for count in fit.counts)
    fair = f"a fair draw gives {low:,} to {high:,} each"
    verdict = "all within it" if not outside else f"{outside} outside it"
    return f" The Gaussians hold {numbers}; {fair}, {verdict}."


def loss_readings(state: SessionState, field: NetworkField | None) -> tuple[Cells, str]:
    """Cells and a sentence on the network at the playhead; nothing where the exact score is at work."""
    if state.lab.denoiser == EXACT or field is None:
        return [], ""
    cells = [
        ("Network", f"{field.loss:.4f}", ""),
        ("Floor", f"{field.floor:.4f}", ""),
    ]
    gap = field.loss - field.floor
    words = (
        f"Mean squared error of $ε̂$ at $t$ = {field.t} on the same noised data; nothing goes below the floor "
        f"of the exact score. The network is {gap:.4f} above it."
    )
    return cells, words.replace("-", "\u2212")
