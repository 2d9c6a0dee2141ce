"""The one truth: settling, announcing, undoing."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleError, ScheduleSpec, build_schedule
from diffviz.engine.session import Session, SessionState, StartFrom, StateError, Workspace, settle
from diffviz.engine.state import MAX_SEED, VIEW_FIELDS

COSINE = ScheduleSpec("cosine")
SHORT = ScheduleSpec(num_timesteps=100)

states = st.builds(
    SessionState,
    workspace=st.sampled_from(Workspace),
    schedule=st.builds(ScheduleSpec, st.sampled_from(["linear", "cosine", "jsd"]), st.integers(1, 4000)),
    ghost=st.none() | st.builds(ScheduleSpec, st.sampled_from(["linear", "cosine"]), st.integers(1, 4000)),
    t=st.integers(-10, 5000),
    seed=st.integers(-5, 2**40),
    class_index=st.none() | st.integers(-3, 20),
    guidance_scale=st.floats(-10, 100),
    sampler=st.builds(
        SamplerSpec,
        kind=st.sampled_from(SamplerKind),
        num_sampling_steps=st.integers(-1, 5000),
        eta=st.floats(-1, 3),
    ),
    start=st.sampled_from(StartFrom),
    start_t=st.integers(-10, 5000),
    reverse_seed=st.integers(-5, 2**40),
    num_samples=st.integers(-1, 1000),
    exact_size=st.integers(-1, 5000),
)
class_counts = st.none() | st.integers(0, 12)


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def heard(session):
    heard = []
    session.changed.connect(lambda old, new: heard.append((old, new)))
    return heard


@given(states, class_counts)
def test_settling_twice_is_settling_once(state, num_classes):
    settled = settle(state, num_classes)
    assert settle(settled, num_classes) == settled
    assert hash(settled) == hash(settle(state, num_classes))


@given(states, class_counts)
def test_a_settled_state_agrees_with_itself(state, num_classes):
    settled = settle(state, num_classes)
    total = settled.schedule.num_timesteps
    assert settled.schedule == state.schedule
    assert 0 <= settled.t <= total
    assert 1 <= settled.start_t <= total
    assert 1 <= settled.sampler.num_sampling_steps <= total
    assert 1 <= settled.num_samples <= 64
    assert 0 <= settled.seed <= MAX_SEED
    assert 0.0 <= settled.sampler.eta <= 1.0
    assert settled.ghost is None or settled.ghost.num_timesteps == total
    if settled.class_index is not None:
        assert settled.class_index >= 0
        assert num_classes is None or settled.class_index < num_classes


@given(states)
def test_settling_changes_nothing_that_is_already_right(state):
    settled = settle(state)
    if 0 <= state.t <= state.schedule.num_timesteps:
        assert settled.t == state.t
    assert (settled.image, settled.denoiser, settled.device) == (state.image, state.denoiser, state.device)


def test_the_first_state_is_settled_already():
    assert settle(SessionState()) == SessionState()


def test_shortening_the_chain_pulls_the_timeline_back(session):
    session.update(t=900, sampler=SamplerSpec(num_sampling_steps=500), start_t=800)
    session.update(schedule=SHORT)
    assert (session.state.t, session.state.sampler.num_sampling_steps, session.state.start_t) == (
        100,
        100,
        100,
    )


def test_the_ghost_follows_the_length_of_the_chain(session):
    session.update(schedule=SHORT)
    assert session.state.ghost == ScheduleSpec("cosine", num_timesteps=100)


def test_a_ghost_that_cannot_be_that_short_goes():
    state = SessionState(schedule=ScheduleSpec("jsd", 5), ghost=ScheduleSpec("linear"))
    assert settle(state).ghost is None


def test_a_schedule_without_any_signal_at_the_end_stays_as_it_is(session):
    session.update(schedule=ScheduleSpec(zero_terminal_snr=True))
    assert session.state.schedule.zero_terminal_snr
    assert build_schedule(session.state.schedule).alphas_cumprod[-1] == 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "gamma"},
        {"reverse_shows": "everything"},
        {"workspace": "cellar"},
        {"guidance_scale": float("nan")},
        {"t": float("inf")},
    ],
)
def test_an_impossible_value_is_said_and_changes_nothing(session, heard, change):
    before = session.state
    with pytest.raises(StateError):
        session.update(**change)
    assert session.state is before
    assert heard == []
    assert not session.can_undo


def test_an_impossible_schedule_is_said_and_changes_nothing(session, heard):
    before = session.state
    with pytest.raises(ScheduleError):
        session.update(schedule=ScheduleSpec(num_timesteps=5000))
    assert session.state is before
    assert heard == []
    assert not session.can_undo


def test_words_from_a_file_become_choices(session):
    session.update(workspace="reverse", start="image")
    assert session.state.workspace is Workspace.REVERSE
    assert session.state.start is StartFrom.IMAGE


def test_numbers_from_numpy_become_plain_ones(session):
    session.update(t=np.int64(31), guidance_scale=np.float32(2.0))
    assert type(session.state.t) is int
    assert type(session.state.guidance_scale) is float


def test_a_change_of_many_fields_is_announced_once(session, heard):
    before = session.state
    session.update(t=10, seed=8, schedule=COSINE)
    assert heard == [(before, session.state)]


def test_a_change_that_changes_nothing_is_not_announced(session, heard):
    session.update(t=session.state.t, seed=session.state.seed)
    assert heard == []
    assert not session.can_undo


def test_a_change_that_settles_back_is_not_announced(session, heard):
    session.update(t=1000)
    session.update(t=2000)
    assert len(heard) == 1


def test_views_hear_changes_in_order_even_if_one_of_them_makes_another():
    session = Session()
    heard_first, heard_second = [], []

    def first(old, new):
        heard_first.append((old.t, new.t))
        if new.t == 1:
            session.update(t=2)
            assert session.state.t == 2

    session.changed.connect(first)
    session.changed.connect(lambda old, new: heard_second.append((old.t, new.t)))
    session.update(t=1)
    assert heard_first == heard_second == [(270, 1), (1, 2)]


def test_what_follows_hears_a_change_after_every_view_however_late_that_was_made(session):
    heard = []
    session.followed.connect(lambda _, new: heard.append(("frame", new.t)))
    session.changed.connect(lambda _, new: heard.append(("picture", new.t)))
    session.changed.connect(lambda *_: session.update(t=7))
    session.update(t=5)
    assert heard == [("picture", 5), ("frame", 5), ("picture", 7), ("frame", 7)]


def test_an_unknown_field_is_an_error(session):
    with pytest.raises(TypeError):
        session.update(timestep=3)


def test_another_denoiser_lets_the_class_go(session):
    session.update(denoiser="fashion", class_index=3)
    session.update(denoiser="exact:emoji")
    assert session.state.class_index is None
    session.update(denoiser="fashion", class_index=4)
    assert session.state.class_index == 4


def test_a_class_that_the_denoiser_does_not_have_is_let_go():
    session = Session(num_classes=lambda denoiser: {"exact:pictures": 0, "fashion": 10}[denoiser])
    session.update(denoiser="fashion", class_index=9)
    assert session.state.class_index == 9
    session.update(class_index=10)
    assert session.state.class_index is None


def test_undo_and_redo_walk_the_same_states(session):
    first = session.state
    session.update(seed=1)
    second = session.state
    session.update(schedule=COSINE)
    third = session.state
    walked = []
    for walk in (session.undo, session.undo, session.undo, session.redo, session.redo, session.redo):
        walk()
        walked.append(session.state)
    assert walked == [second, first, first, second, third, third]


def test_a_new_change_forgets_what_could_be_redone(session):
    session.update(seed=1)
    session.undo()
    assert session.can_redo
    session.update(seed=2)
    assert not session.can_redo
    session.undo()
    assert session.state.seed == 7


def test_looking_around_makes_no_undo_entry_and_outlives_an_undo(session):
    session.update(seed=1)
    session.update(t=40, workspace=Workspace.REVERSE, quantity="beta", reverse_shows="noise", device="cuda:0")
    session.undo()
    state = session.state
    assert state.seed == 7
    assert (state.t, state.workspace, state.quantity, state.reverse_shows, state.device) == (
        40,
        Workspace.REVERSE,
        "beta",
        "noise",
        "cuda:0",
    )
    assert not session.can_undo


def test_looking_around_keeps_what_can_be_redone(session):
    session.update(seed=1)
    session.undo()
    session.update(t=3)
    session.redo()
    assert (session.state.seed, session.state.t) == (1, 3)


def test_undo_settles_how_one_looks_at_the_older_state(session):
    session.update(schedule=SHORT)
    session.update(schedule=ScheduleSpec())
    session.update(t=900)
    session.undo()
    assert (session.state.schedule, session.state.t) == (SHORT, 100)


def test_view_fields_are_fields_of_the_state():
    assert {field.name for field in dataclasses.fields(SessionState)} >= VIEW_FIELDS


def test_a_drag_is_one_step_for_undo(session, heard):
    for beta in (0.01, 0.011, 0.012):
        session.update(schedule=ScheduleSpec(params=(("beta_max", beta),)), merge="drag")
        session.update(t=session.state.t - 1)
    session.end_gesture()
    assert len(heard) == 6
    session.undo()
    assert session.state.schedule == ScheduleSpec()
    assert not session.can_undo
    session.redo()
    assert session.state.schedule.value("beta_max") == 0.012


def test_two_drags_are_two_steps_for_undo(session):
    session.update(seed=1, merge="drag")
    session.end_gesture()
    session.update(seed=2, merge="drag")
    session.undo()
    assert session.state.seed == 1
    session.undo()
    assert session.state.seed == 7


def test_another_gesture_or_none_ends_a_drag(session):
    session.update(seed=1, merge="left")
    session.update(seed=2, merge="right")
    session.update(seed=3)
    session.update(seed=4, merge="right")
    seeds = []
    while session.can_undo:
        session.undo()
        seeds.append(session.state.seed)
    assert seeds == [3, 2, 1, 7]


def test_dragging_away_and_back_leaves_nothing_to_undo(session):
    session.update(seed=1, merge="drag")
    session.update(seed=7, merge="drag")
    session.end_gesture()
    assert not session.can_undo


def test_undoing_in_the_middle_of_a_drag_takes_the_drag_back(session):
    session.update(seed=1, merge="drag")
    session.update(seed=2, merge="drag")
    session.undo()
    assert session.state.seed == 7
    session.update(seed=3, merge="drag")
    session.undo()
    assert session.state.seed == 7


def test_the_history_does_not_grow_without_end(session):
    for seed in range(300):
        session.update(seed=seed)
    count = 0
    while session.can_undo:
        session.undo()
        count += 1
    assert count == 200


def test_buttons_hear_when_there_is_something_to_undo(qtbot, session):
    with qtbot.waitSignal(session.history_changed):
        session.update(seed=1)
    assert session.can_undo
    with qtbot.waitSignal(session.history_changed):
        session.undo()
    assert not session.can_undo


def test_after_a_visit_the_own_state_is_back_with_all_that_could_be_undone_and_redone(session):
    session.update(seed=1)
    session.update(seed=2)
    session.undo()
    own = session.state
    session.visit(dataclasses.replace(own, seed=50, schedule=COSINE))
    assert session.is_visiting
    assert not session.can_undo
    session.update(seed=51)
    session.undo()
    assert session.state.seed == 50
    session.visit(dataclasses.replace(own, seed=60))
    assert not session.can_undo
    session.leave()
    assert session.state == own
    session.redo()
    assert session.state.seed == 2
    session.undo()
    session.undo()
    assert session.state.seed == 7
    assert not session.is_visiting


def test_an_impossible_visit_changes_nothing_and_leaving_without_one_neither(session):
    session.update(seed=1)
    before = session.state
    with pytest.raises(ScheduleError):
        session.visit(dataclasses.replace(before, schedule=ScheduleSpec("square")))
    assert not session.is_visiting
    session.leave()
    assert session.state == before
    assert session.can_undo
