"""What the Theory workspace asks: one step under the microscope, the bound, losses along the chain."""

import itertools
import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.integrate import quad

from diffviz.cli import main
from diffviz.core.losses import Loss, loss_weights
from diffviz.core.prediction import PredictionType
from diffviz.core.sampler_steps import Variance
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.engine.state import NO_CLASS, OWN_CLASS, SessionState, settle
from diffviz.engine.step_view import StepViewer
from diffviz.engine.theory_question import AskedClass, BoundQuestion, TheoryQuestion, asked_class
from diffviz.engine.theory_tasks import bound_steps, loss_steps, loss_times, timing_steps
from diffviz.evaluation.agreement import disagreement, unit_weights
from tests.ui.person import write_picture

STATE = SessionState(exact_size=12, schedule=ScheduleSpec("cosine", 100))


@pytest.fixture(scope="module")
def shelf():
    return DenoiserShelf(ImageStore())


def look(shelf, t, **changes):
    question = TheoryQuestion.from_state(settle(replace(STATE, **changes)), shelf.images)
    return StepViewer(shelf).look(question, t)


def bound_of(shelf, **changes):
    question = BoundQuestion.from_state(settle(replace(STATE, **changes)), shelf.images)
    *_, last = bound_steps(question, shelf)
    return last


@pytest.mark.parametrize("variance", [Variance.BETA, Variance.TILDE, Variance.OPTIMAL])
def test_each_pixel_costs_the_divergence_of_the_two_gaussians_shown_for_it(shelf, variance):
    answer = look(shelf, 30, bound_variance=variance).answer
    place = np.unravel_index(answer.bits.argmax(), answer.bits.shape)
    mean_q, mean_p = float(answer.mean_q[place]), float(answer.mean_p[place])

    def integrand(x):
        log_q = -((x - mean_q) ** 2) / (2 * answer.variance_q) - 0.5 * math.log(answer.variance_q)
        log_p = -((x - mean_p) ** 2) / (2 * answer.variance_p) - 0.5 * math.log(answer.variance_p)
        return math.exp(log_q) / math.sqrt(2 * math.pi) * (log_q - log_p)

    reach = 12 * math.sqrt(answer.variance_q)
    nats, _ = quad(integrand, mean_q - reach, mean_q + reach, epsabs=1e-12, limit=200)
    assert float(answer.bits[place]) == pytest.approx(nats / math.log(2), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("variance", [Variance.BETA, Variance.TILDE])
def test_the_step_costs_its_weight_times_the_error_of_the_noise(shelf, variance):
    schedule = build_schedule(STATE.schedule)
    loss = Loss.ELBO_BETA if variance is Variance.BETA else Loss.ELBO_TILDE
    for t in (2, 40, 99):
        answer = look(shelf, t, bound_variance=variance).answer
        assert answer.weight == pytest.approx(loss_weights(loss, PredictionType.NOISE, schedule)[t], rel=1e-9)
        nats = answer.weight * answer.noise_error + answer.constant
        assert answer.bits_per_dim == pytest.approx(nats / math.log(2), rel=1e-5)
        assert (answer.constant > 0) == (variance is Variance.BETA)


def test_the_sample_falls_where_p_says(shelf):
    answer = look(shelf, 60).answer
    scaled = (answer.sample - answer.mean_p) / math.sqrt(answer.variance_p)
    assert abs(float(scaled.mean())) < 4 / math.sqrt(scaled.size)
    assert float(scaled.std()) == pytest.approx(1, abs=4 / math.sqrt(2 * scaled.size))


def test_the_microscope_looks_at_the_picture_of_the_filmstrip(shelf):
    for mode in ("frozen", "markov", "redraw"):
        view = look(shelf, 25, noise_mode=mode, seed=3)
        assert set(np.unique(np.rint((view.x_0 + 1) * 127.5) - (view.x_0 + 1) * 127.5).round(4)) == {0}
        np.testing.assert_array_equal(view.x_t, view.question.process(view.x_0).x_t(25))


def test_at_the_ends_there_is_no_step_or_the_decoder(shelf):
    assert look(shelf, 0).answer is None
    answer = look(shelf, 1).answer
    assert answer.variance_q == 0.0
    np.testing.assert_array_equal(answer.sample, answer.mean_p)
    still = look(shelf, 5, schedule=ScheduleSpec("constant", 10, params=(("beta", 0.0),))).answer
    assert still.bits_per_dim == 0.0
    assert still.weight == 0.0


def test_the_bound_of_a_picture_is_the_sum_of_what_its_steps_cost(shelf):
    """The microscope sees other draws of the noise than the bound, so that its sum is close."""
    news = bound_of(shelf, bound_terms=0, bound_draws=2, schedule=ScheduleSpec("cosine", 40))
    assert news.words == "2 draws of noise for this image"
    costs = news.bound.costs
    assert costs.sum() == pytest.approx(news.bound.so_far.total)
    looked_at = [
        look(shelf, t, noise_mode="redraw", schedule=ScheduleSpec("cosine", 40)) for t in range(1, 41)
    ]
    spread = max(4 * news.bound.so_far.standard_error, 0.15 * news.bound.so_far.total)
    assert sum(view.answer.bits_per_dim for view in looked_at) == pytest.approx(
        news.bound.so_far.total, abs=spread
    )


def test_a_bound_grows_term_by_term_from_the_noise_to_the_image(shelf):
    question = BoundQuestion.from_state(settle(replace(STATE, bound_terms=15, bound_draws=1)), shelf.images)
    known = [np.isfinite(news.bound.costs).sum() for news in bound_steps(question, shelf)]
    assert len(known) <= 15
    assert all(a < b for a, b in itertools.pairwise(known))
    assert known[-1] == 101


def test_the_window_asks_for_the_same_bound_as_the_command(shelf, tmp_path, capsys):
    """One question, one number: the same pictures, times and noise."""
    for seed in range(6):
        write_picture(tmp_path / f"{seed}.png", 32, 32, seed)
    denoiser = f"exact:{tmp_path}"
    words = ["--pictures", "4", "--terms", "4", "--samples", "0", "--seed", "2", "--json", "--device", "cpu"]
    assert main(["evaluate", "--model", denoiser, *words]) == 0
    printed = json.loads(capsys.readouterr().out)["bound"][-1]
    news = bound_of(
        shelf,
        denoiser=denoiser,
        schedule=ScheduleSpec("cosine"),
        exact_size=32,
        bound_over="data",
        bound_pictures=4,
        bound_terms=4,
        seed=2,
    )
    assert news.words == f"4 training pictures of {tmp_path.name}"
    assert asdict(news.bound.so_far) == pytest.approx(printed)


def test_pictures_that_were_held_out_are_asked_about_where_there_are_some(shelf):
    news = bound_of(shelf, denoiser="emoji-unet", bound_over="data", bound_pictures=2, bound_terms=2)
    assert news.words == "2 held-out pictures of Emoji, without a class"


def test_the_bound_of_my_pictures_is_that_of_the_gallery(shelf):
    news = bound_of(shelf, bound_over="data", bound_pictures=4, bound_terms=8)
    assert news.words == "4 of my pictures"
    assert news.bound.so_far.num_pictures == 4


def test_what_does_not_matter_to_a_bound_does_not_ask_for_another_one(shelf):
    def asked(**changes):
        return BoundQuestion.from_state(settle(replace(STATE, **changes)), shelf.images)

    assert asked(t=5, noise_mode="markov", bound_pictures=9) == asked()
    data = {"bound_over": "data"}
    assert asked(**data, image="sample:other", start_fit="pad", bound_draws=7) == asked(**data)
    assert asked(image="sample:other") != asked()
    network = {"denoiser": "emoji-unet", "bound_variance": Variance.OPTIMAL}
    assert asked(**network).variance is Variance.TILDE, "a network does not know the optimal variance"


FASHION = ("fashion-unet", ("T-shirt/top", "Trouser", "Pullover"))


def test_the_class_is_the_pictures_own_else_that_of_the_session_else_none(shelf):
    key = shelf.images.add_paste(np.zeros((28, 28), np.uint8), class_name="Trouser")
    plain = settle(replace(STATE, denoiser=FASHION[0]))

    def asked(names=FASHION[1], **changes):
        return asked_class(settle(replace(plain, **changes)), shelf.images, names)

    assert asked() == AskedClass(None, "none")
    assert asked(class_index=2) == AskedClass(2, "session")
    assert asked(class_index=2, image=key) == AskedClass(1, "own")
    assert asked(class_index=2, image=key, bound_class=0) == AskedClass(0, "chosen")
    assert asked(class_index=2, image=key, bound_class=NO_CLASS) == AskedClass(None, "none")
    assert asked(names=("cat", "dog"), image=key) == AskedClass(None, "none"), "a class of other data"
    assert asked(names=(), class_index=2) == AskedClass(None, "none")
    assert settle(replace(plain, bound_class=7), 3).bound_class == OWN_CLASS


def test_a_network_is_asked_as_the_class_in_every_part_of_the_theory(shelf):
    picture = np.random.default_rng(1).integers(0, 255, (28, 28), np.uint8)
    key = shelf.images.add_paste(picture, class_name="Trouser")
    state = settle(replace(STATE, denoiser=FASHION[0], image=key, bound_terms=2, bound_draws=1))
    by_class, answers = {}, {}
    for chosen in (OWN_CLASS, 1, NO_CLASS):
        asking = replace(state, bound_class=chosen)
        question = TheoryQuestion.from_state(asking, shelf.images, FASHION[1])
        view = StepViewer(shelf).look(question, 40)
        errors = next(found for found in loss_steps(question, shelf) if found.t == 1)
        *_, news = bound_steps(BoundQuestion.from_state(asking, shelf.images, FASHION[1]), shelf)
        answers[chosen] = (view.answer.pred_x_0.tobytes(), errors.errors, news.bound.so_far.total)
        by_class[chosen] = news.words
    assert answers[OWN_CLASS] == answers[1]
    assert all(own != none for own, none in zip(answers[OWN_CLASS], answers[NO_CLASS]))
    assert by_class[OWN_CLASS].endswith("for this image, as Trouser")
    assert by_class[NO_CLASS].endswith("for this image, without a class")


def test_of_a_data_set_each_picture_is_asked_about_as_its_own_class(shelf):
    data = {"denoiser": FASHION[0], "bound_over": "data", "bound_pictures": 3, "bound_terms": 2}
    totals = {}
    for chosen in (OWN_CLASS, NO_CLASS, 0):
        state = settle(replace(STATE, **data, bound_class=chosen))
        *_, news = bound_steps(BoundQuestion.from_state(state, shelf.images, FASHION[1]), shelf)
        totals[news.words.split(", ")[-1]] = news.bound.so_far.total
    assert list(totals) == ["each as its own class", "without a class", "as T-shirt/top"]
    assert len(set(totals.values())) == 3


def test_losses_along_the_chain_agree_in_every_unit(shelf):
    question = TheoryQuestion.from_state(STATE, shelf.images)
    found = list(loss_steps(question, shelf))
    assert [errors.t for errors in found] == list(loss_times(100))
    for objective in Loss:
        weights = unit_weights(objective, question.schedule)
        assert max(disagreement(weights[:, e.t] * e.errors) for e in found) < 1e-8
    spoiled = settle(replace(STATE, schedule=replace(STATE.schedule, zero_terminal_snr=True)))
    question = TheoryQuestion.from_state(spoiled, shelf.images)
    assert 100 not in [errors.t for errors in loss_steps(question, shelf)], "ε̂ says nothing without signal"


def test_losses_are_timed_for_the_picture_that_is_looked_at(shelf):
    question = TheoryQuestion.from_state(STATE, shelf.images)
    *_, last = timing_steps(question, 30, shelf)
    assert last.done == last.total
    assert last.call_mean.median_s > last.mean.median_s > 0
