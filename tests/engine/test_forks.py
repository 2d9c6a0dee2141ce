"""Runs that leave other runs: what they share, what differs, and that all can be made again bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from diffviz.core.noise import Stream
from diffviz.core.samplers import ReverseStep, SamplerKind, SamplerSpec, SeededNoise
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.core.timesteps import Spacing
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.history import RunHistory
from diffviz.engine.images import ImageStore
from diffviz.engine.request import ReverseContext, ReverseRequest
from diffviz.engine.reverse_task import reverse_steps
from diffviz.engine.run import Run
from diffviz.engine.run_plan import plan_run
from diffviz.engine.run_start import RunApproach

SIZE = 8
SCHEDULE = ScheduleSpec(num_timesteps=200)
EVERY_WAY = [
    SamplerSpec(num_sampling_steps=8),
    SamplerSpec(SamplerKind.DDIM, 8),
    SamplerSpec(SamplerKind.DDIM, 8, eta=0.6),
    SamplerSpec(SamplerKind.DPMPP2M, 8),
    SamplerSpec(SamplerKind.HEUN, 8, churn=20.0),
]
every_way = pytest.mark.parametrize("sampler", EVERY_WAY, ids=lambda spec: f"{spec.kind}-{spec.eta}")


@pytest.fixture(scope="module")
def shelf():
    images = ImageStore()
    rows, columns = np.mgrid[0:24, 0:24]
    for pattern in (rows, columns, 255 - rows - columns):
        images.add_paste(np.stack([(pattern * 10) % 256] * 3, axis=-1).astype(np.uint8))
    return DenoiserShelf(images)


def make_request(shelf, **changes):
    request = ReverseRequest(
        SCHEDULE,
        SamplerSpec(num_sampling_steps=8),
        exact_size=SIZE,
        picture_keys=shelf.images.opened_keys,
        num_samples=2,
    )
    return replace(request, **changes)


def walked(shelf, request, parent=None, **points):
    run = Run("A", request, parent)
    for record in reverse_steps(request, shelf, **points):
        if isinstance(record, ReverseContext):
            run.context = record
        elif isinstance(record, ReverseStep):
            run.append(record)
    return run


def assert_same_pixels(one, other):
    assert [step.t for step in one.steps] == [step.t for step in other.steps]
    for first, second in zip(one.steps, other.steps, strict=True):
        assert torch.equal(first.x_t, second.x_t)
        assert torch.equal(first.x_s, second.x_s)
        assert (first.index, first.num_steps) == (second.index, second.num_steps)


@every_way
def test_a_fork_that_changes_nothing_is_its_parent_bit_for_bit(shelf, sampler):
    parent = walked(shelf, make_request(shelf, sampler=sampler))
    for t in (200, 150, 25):
        request = parent.request.forked(t)
        fork = walked(shelf, request, parent, fork_point=parent.point_at(t))
        assert fork.own_steps[0].t == t
        assert_same_pixels(fork, parent)


@every_way
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(shelf, sampler):
    request = make_request(shelf, sampler=sampler)
    whole = walked(shelf, request)
    for count in (1, 3, 7):
        run = Run("B", request)
        for step in whole.steps[:count]:
            run.append(step)
        for record in reverse_steps(request, shelf, go_on_from=run.resume_point()):
            if isinstance(record, ReverseStep):
                run.append(record)
        assert_same_pixels(run, whole)
        assert run.resume_point() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"sampler": SamplerSpec(SamplerKind.DPMPP2M, 12)},
        {"sampler": SamplerSpec(SamplerKind.DDIM, 20, eta=1.0, spacing=Spacing.LOGSNR)},
        {"seed": 5},
        {"schedule": ScheduleSpec("cosine", 200)},
        {"schedule": ScheduleSpec("cosine", 90)},
        {"denoiser": "exact:pictures", "picture_keys": ("paste:1", "paste:2")},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_a_branch_rerun_from_its_request_alone_gives_the_same_pixels(shelf, changes):
    parent = walked(shelf, make_request(shelf))
    request = parent.request.forked(125, make_request(shelf, **changes))
    fork = walked(shelf, request, parent, fork_point=parent.point_at(125))
    again = list(reverse_steps(request, shelf))
    assert [record.t for record in again if isinstance(record, RunApproach)] == [200, 175, 150]
    steps = [record for record in again if isinstance(record, ReverseStep)]
    assert len(steps) == len(fork.own_steps)
    for one, other in zip(steps, fork.own_steps, strict=True):
        assert torch.equal(one.x_s, other.x_s)
    assert fork.complete
    assert fork.own_steps[-1].index + 1 == fork.own_steps[-1].num_steps == len(plan_run(request).times)
    if "schedule" not in changes:
        # The steps above the fork are the parent's own.
        assert [step.t for step in fork.steps[:3]] == [200, 175, 150]
        assert fork.steps[2] is parent.steps[2]
        assert not torch.equal(fork.own_steps[1].x_t, parent.steps[4].x_t)


def test_a_fork_at_the_first_step_of_a_fork_rerun_from_its_request_alone_gives_the_same_pixels(shelf):
    parent = walked(shelf, make_request(shelf, sampler=SamplerSpec(SamplerKind.DDIM, 8)))
    request = parent.request.forked(100, make_request(shelf, sampler=SamplerSpec(SamplerKind.DPMPP2M, 8)))
    fork = walked(shelf, request, parent, fork_point=parent.point_at(100))
    of_fork = request.forked(100, make_request(shelf, sampler=SamplerSpec(SamplerKind.DPMPP2M, 20)))
    grandchild = walked(shelf, of_fork, fork, fork_point=fork.point_at(100))
    again = walked(shelf, of_fork, fork)
    assert_same_pixels(again, grandchild)


def test_redrawing_one_step_changes_its_noise_and_no_other(shelf):
    parent = walked(shelf, make_request(shelf))
    request = parent.request.redrawn_at(100, 77)
    fork = walked(shelf, request, parent, fork_point=parent.point_at(100))
    assert torch.equal(fork.own_steps[0].x_t, parent.step_with_index(4).x_t)
    for step in fork.steps[:-1]:
        same = parent.step_with_index(step.index)
        assert torch.equal(step.noise, same.noise) == (step.t != 100)
    drawn = SeededNoise(77, (3, SIZE, SIZE), 2)(Stream.ANCESTRAL, 100).float()
    assert torch.equal(fork.own_steps[0].noise, drawn)
    again = fork.request.redrawn_at(50, 78)
    assert dict(again.redrawn) == {100: 77, 50: 78}
    grandchild = walked(shelf, again, fork, fork_point=fork.point_at(50))
    assert_same_pixels(walked(shelf, again, fork), grandchild)


def test_another_schedule_goes_on_at_the_nearest_noise_level(shelf):
    parent = walked(shelf, make_request(shelf))
    request = parent.request.forked(100, make_request(shelf, schedule=ScheduleSpec("cosine", 200)))
    fork = walked(shelf, request, parent, fork_point=parent.point_at(100))
    was = build_schedule(SCHEDULE).log_snr[100]
    levels = build_schedule(ScheduleSpec("cosine", 200)).log_snr
    start = fork.own_steps[0].t
    assert abs(levels[start] - was) == np.abs(levels[1:] - was).min()
    # Along its own prediction: same ε̂ and x̂_0 at a slightly other mixture.
    known = shelf.images.picture_set(SIZE, keys=shelf.images.opened_keys).images
    ends = np.moveaxis(fork.steps[-1].x_s.numpy(), 1, -1)
    assert min(np.abs(known - ends[0]).max(axis=(1, 2, 3))) < 0.2


def test_what_belongs_to_the_beginning_stays_with_a_fork(shelf):
    parent = make_request(shelf, start_image="paste:1", start_t=120)
    other = make_request(shelf, start_image="paste:2", start_t=90, num_samples=7, seed=3)
    fork = parent.forked(100, other)
    assert (fork.start_image, fork.start_t, fork.num_samples, fork.seed) == ("paste:1", 120, 2, 3)
    assert fork.settings == replace(other, start_image="paste:1", start_t=120, num_samples=2)
    assert plan_run(parent).times[0] == 120
    assert plan_run(fork).times == plan_run(parent).times


def test_a_fork_into_pictures_of_another_size_is_refused(shelf):
    parent = walked(shelf, make_request(shelf))
    request = parent.request.forked(100, make_request(shelf, exact_size=SIZE + 1))
    with pytest.raises(ValueError, match=r"keeps the size of its pictures, 3 × 8 × 8, but .* 3 × 9 × 9"):
        walked(shelf, request, parent, fork_point=parent.point_at(100))


def test_a_fork_where_there_is_no_step_is_refused(shelf):
    with pytest.raises(ValueError, match="no step at t = 101"):
        plan_run(make_request(shelf).forked(101))


def test_a_thinned_run_says_that_it_cannot_be_left_where_steps_are_missing(shelf):
    request = make_request(shelf, sampler=SamplerSpec(num_sampling_steps=20))
    run = walked(shelf, request)
    kept = {step.t for step in run.steps}
    assert run.thin()
    for t in kept:
        point = run.point_at(t)
        if point is not None:
            assert point.came_from is None or point.t < point.came_from[0]
    assert run.point_at(run.steps[0].t) is not None
    assert run.point_at(run.steps[1].t) is None
    # From its request alone it still works.
    fork = request.forked(run.steps[1].t)
    assert torch.equal(walked(shelf, fork).own_steps[-1].x_s, run.steps[-1].x_s)


def fill(history, shelf, request, parent=None):
    run = history.begin(request, parent)
    for step in walked(shelf, request).own_steps:
        history.append(run, step)
    return run


def test_no_run_is_let_go_before_its_forks_and_none_that_is_looked_at_through_a_fork(shelf):
    history = RunHistory()
    root = fill(history, shelf, make_request(shelf))
    other = fill(history, shelf, make_request(shelf, seed=9))
    of_other = fill(history, shelf, other.request.forked(100, make_request(shelf, seed=10)), other)
    fork = fill(history, shelf, root.request.forked(100, make_request(shelf, seed=11)), root)
    assert history.forks_of(root) == (fork,)
    assert fork.lineage == (fork, root)
    assert history.current is fork
    notes = []
    history.noted.connect(notes.append)
    history.set_budget(1)
    assert history.runs == (root, fork)
    assert [words.rpartition(": ")[2] for words in notes if "let go" in words] == [
        f"run {of_other.id} was let go.",
        f"run {other.id} was let go.",
    ]
    assert fork.complete
    assert fork.frame_at(200) is not None


def test_a_thousand_steps_of_small_colour_pictures_keep_within_64_mib():
    shape = (1, 3, 32, 32)
    run = Run("A", ReverseRequest(ScheduleSpec(), SamplerSpec(num_sampling_steps=1000)))
    shelf = DenoiserShelf(ImageStore())
    shelf.images.add_paste(np.zeros((4, 4, 3), np.uint8))
    request = ReverseRequest(
        ScheduleSpec(),
        SamplerSpec(num_sampling_steps=1000),
        exact_size=32,
        picture_keys=shelf.images.opened_keys,
    )
    for record in reverse_steps(request, shelf):
        if isinstance(record, ReverseStep):
            run.append(record)
    assert len(run.steps) == 1000
    assert tuple(run.steps[0].x_t.shape) == shape
    assert run.nbytes < 64 * 2**20
