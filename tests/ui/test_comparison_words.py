"""What is said of two runs beside each other is true of both."""

import pytest
import torch
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from diffviz.core.samplers import ReverseStep, SamplerSpec, StepCoefficients
from diffviz.core.schedules import ScheduleSpec
from diffviz.core.slips import Slip
from diffviz.engine.request import ReverseRequest
from diffviz.engine.run import Run
from diffviz.ui.widgets.columns_stage import ColumnsStage
from diffviz.ui.workspaces.pair_view import PairView

SHAPE = (1, 1, 4, 4)


def made(run_id: str, x_t: float, x_0: float, slip: Slip | None = None) -> Run:
    """A run of one step, with pictures of one value each."""
    request = ReverseRequest(ScheduleSpec(), SamplerSpec(num_sampling_steps=1), slip=slip)
    noisy, clean, noise = (torch.full(SHAPE, value) for value in (x_t, x_0, 0.0))
    run = Run(run_id, request)
    run.append(ReverseStep(0, 1, 1000, 0, noisy, clean, noise, None, noisy, StepCoefficients()))
    return run


@pytest.fixture
def stage(application: QApplication, qtbot: QtBot) -> ColumnsStage:
    del application
    stage = ColumnsStage()
    qtbot.addWidget(stage)
    stage.resize(820, 560)
    return stage


def test_equal_guesses_of_runs_that_differ_are_not_called_equal_runs(stage: ColumnsStage) -> None:
    view = PairView(stage)
    view.show(made("A", 0.5, 0.25), made("B", 0.75, 0.25), 1000, "x_0")
    assert stage.sentence.plain == (
        "What is shown is equal here, bit for bit; xt of runs A and B differs by 0.25 (root mean square)."
    )
    view.show(made("A", 0.5, 0.25), made("B", 0.5, 0.25), 1000, "x_0")
    assert stage.sentence.plain == "Runs A and B are equal here, bit for bit."
    view.show(made("A", 0.5, 0.25), made("B", 0.75, 0.25), 1000, "x_t")
    assert stage.sentence.plain.startswith("Runs A and B differ by 0.25 (root mean square) here")


def test_a_difference_beyond_black_and_white_is_not_said_to_be_of_2(stage: ColumnsStage) -> None:
    view = PairView(stage)
    view.show(made("A", 0.0, -1.0), made("B", 0.0, 0.5), 1000, "x_0")
    assert stage.captions[2].plain == "brightest: 1.5 of 2"
    view.show(made("A", 0.0, -1.0), made("B", 0.0, 3.75), 1000, "x_0")
    assert stage.captions[2].plain == "brightest: 4.75, more than from black to white"


def test_the_sentence_of_a_mistake_shows_its_symbols_as_mathematics(stage: ColumnsStage) -> None:
    PairView(stage).show(made("A", 0.0, 0.0), made("B", 0.0, 0.5, Slip.CUMPROD_FOR_ALPHA), 1000, "x_0")
    assert "$x_t$ is shrunk again and again" in stage.sentence.markup
