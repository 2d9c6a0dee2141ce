"""What a run is and how a fork differs from its parent, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.slips import SLIPS
from diffviz.engine.request import ReverseRequest

if TYPE_CHECKING:
    from diffviz.engine.run import Run

__all__ = ["SAMPLER_NAMES", "change_words", "run_words", "sample_names", "sampler_words"]

SAMPLER_NAMES = {
    SamplerKind.DDPM: "DDPM",
    SamplerKind.DDIM: "DDIM",
    SamplerKind.DPMPP2M: "DPM++ 2M",
    SamplerKind.EULER: "Euler",
    SamplerKind.HEUN: "Heun",
}


def sampler_words(spec: SamplerSpec) -> str:
    """Name of a sampler with the dial that it heeds: "DDIM η 0.5"."""
    name = SAMPLER_NAMES[spec.kind]
    if spec.kind is SamplerKind.DDIM and spec.eta:
        return f"{name} η {spec.eta:g}"
    if spec.kind in (SamplerKind.EULER, SamplerKind.HEUN) and spec.churn:
        return f"{name} churn {spec.churn:g}"
    return name


def run_words(run: Run) -> str:
    """What a run is: where it comes from and how it steps."""
    request = run.request
    if request.slip is not None:
        return f"broken on purpose: {SLIPS[request.slip].title}"
    if run.parent is not None:
        changes = change_words(run.parent.request, request)
        return f"forked from run {run.parent.id} at t = {run.fork_t} · {changes}"
    count = run.context.num_steps if run.context is not None else request.sampler.num_sampling_steps
    words = [sampler_words(request.sampler), f"{count} steps", _start_words(request), f"seed {request.seed}"]
    if request.path_guidance is not None:
        words.append(f"guidance {request.guidance_scale:g} to {request.path_guidance:g}")
    return " · ".join(words)


def _start_words(request: ReverseRequest) -> str:
    if request.start_t is None:
        return "from pure noise" + (
            "" if request.path_seed is None else f" to that of seed {request.path_seed}"
        )
    if not request.is_inverted:
        return f"from your picture at t = {request.start_t}"
    to_another = "" if request.path_image is None else " to another"
    return f"from your picture inverted to t = {request.start_t}{to_another}"


def sample_names(request: ReverseRequest) -> list[tuple[str, str]]:
    """A short and a long name for each sample of a run."""
    count = request.num_samples
    scales = request.guidance_scales
    if isinstance(scales, tuple):
        return [(f"g = {scale:.3g}", f"guidance {scale:.3g}") for scale in scales]
    if request.is_path:
        shares = [place / max(count - 1, 1) for place in range(count)]
        return [(f"{share:.2f}", f"{100 * share:.0f}% of the way") for share in shares]
    return [(f"{place + 1}", f"sample {place + 1}") for place in range(count)]


def change_words(parent: ReverseRequest, fork: ReverseRequest) -> str:
    """What a fork does otherwise than its parent: "DDIM η 0.5, seed 7"; at most three things."""
    was, now = parent.sampler, fork.sampler
    said: list[str] = []
    if dict(fork.redrawn) != dict(parent.redrawn) and fork.seed == parent.seed:
        said.append("other noise in one step")
    if fork.denoiser != parent.denoiser or fork.exact_size != parent.exact_size:
        said.append("another denoiser")
    if fork.schedule != parent.schedule:
        is_same_kind = fork.schedule.kind == parent.schedule.kind
        said.append("another schedule" if is_same_kind else f"{fork.schedule.kind} schedule")
    if sampler_words(now) != sampler_words(was):
        said.append(sampler_words(now))
    if now.num_sampling_steps != was.num_sampling_steps:
        said.append(f"{now.num_sampling_steps} steps")
    if now.variance is not was.variance:
        said.append(f"{now.variance.value} variance")
    if now.spacing is not was.spacing:
        said.append(f"{now.spacing.value} spacing")
    if now.clip is not was.clip:
        said.append(f"clip {now.clip.value}")
    if fork.class_index != parent.class_index:
        said.append("no class" if fork.class_index is None else "another class")
    if fork.guidance_scale != parent.guidance_scale:
        said.append(f"guidance {fork.guidance_scale:g}")
    if fork.path_guidance != parent.path_guidance:
        said.append("one guidance" if fork.path_guidance is None else f"guidance to {fork.path_guidance:g}")
    if fork.classifier_scale != parent.classifier_scale:
        said.append(f"classifier {fork.classifier_scale:g}")
    if fork.guidance_rescale != parent.guidance_rescale:
        said.append(f"contrast {fork.guidance_rescale:g}")
    if fork.seed != parent.seed:
        said.append(f"seed {fork.seed}")
    return ", ".join(said[:3]) or "no change"
