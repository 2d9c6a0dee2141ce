"""What a reverse run is asked to do: class, sampler, device, start; what cannot be done is said."""

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from diffviz import paths
from diffviz.core.samplers import SamplerKind, SamplerSpec
from diffviz.core.schedules import ScheduleSpec, build_schedule
from diffviz.data.images import fit, to_uint8
from diffviz.engine.job import JobState
from diffviz.models.architecture import build_network
from diffviz.models.checkpoint import CheckpointHeader, write_checkpoint
from diffviz.models.network_config import ConvNetConfig, describe
from diffviz.ui.main_window import MainWindow
from tests.ui import expected
from tests.ui.person import Person, pixels, write_picture
from tests.ui.runs import current, run_to_the_end, wait_for_the_end


@pytest.fixture(autouse=True)
def _reverse(window: MainWindow) -> None:
    sampler = SamplerSpec(num_sampling_steps=4)
    window.session.update(workspace="reverse", exact_size=16, sampler=sampler)


def choose_network(window: MainWindow, person: Person) -> None:
    name = window.reverse.panel.options["fashion-unet"].name
    person.choose(window.reverse.panel.denoiser, name)
    assert window.session.state.denoiser == "fashion-unet"


def test_a_network_draws_the_class_that_is_chosen_and_another_one_differently(
    window: MainWindow, person: Person
) -> None:
    panel = window.reverse.panel
    assert not panel.class_choice.isVisible()
    choose_network(window, person)
    assert not panel.exact_size.isVisible()
    person.choose(panel.class_choice, "Trouser")
    trouser = run_to_the_end(window, person)
    assert window.reverse.stage.badge.plain.startswith("Fashion U-Net")
    assert panel.run_block._note.isHidden()
    person.choose(panel.class_choice, "Bag")
    assert panel.run_block._note.plain.startswith("Settings changed")
    bag = run_to_the_end(window, person)
    assert panel.run_block._note.isHidden()
    assert bag.request.class_index != trouser.request.class_index
    # The first four columns of trousers are background; a bag fills them.
    assert not torch.allclose(bag.steps[-1].x_s, trouser.steps[-1].x_s, atol=0.1)
    assert torch.equal(bag.steps[0].x_t, trouser.steps[0].x_t)


def test_guidance_is_offered_for_a_class_alone_and_changes_the_picture(
    window: MainWindow, person: Person
) -> None:
    panel = window.reverse.panel
    choose_network(window, person)
    assert not panel.guidance.isVisible()
    person.choose(panel.class_choice, "Trouser")
    assert panel.guidance.isVisible()
    plain = run_to_the_end(window, person)
    slider = panel.guidance.slider
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(10):
        person.key(Qt.Key.Key_Right)
    assert window.session.state.guidance_scale == pytest.approx(2.0)
    guided = run_to_the_end(window, person)
    assert not torch.allclose(guided.steps[-1].x_s, plain.steps[-1].x_s, atol=1e-3)


def test_every_sampler_reaches_a_picture_and_hides_what_it_ignores(
    window: MainWindow, person: Person
) -> None:
    panel = window.reverse.panel
    for kind in (*[k for k in SamplerKind if k is not SamplerKind.DDPM], SamplerKind.DDPM):
        person.choose(panel.sampler, panel.sampler.itemText(panel.sampler.keys().index(kind)))
        assert window.session.state.sampler.kind is kind
        assert panel.variance.isVisible() == (kind is SamplerKind.DDPM)
        assert panel.eta.isVisible() == (kind is SamplerKind.DDIM)
        run = run_to_the_end(window, person)
        assert run.request.sampler.kind is kind
        assert torch.isfinite(run.steps[-1].x_s).all()
    assert not window.message_bar.messages


def test_the_number_of_steps_follows_the_field_and_never_exceeds_the_chain(
    window: MainWindow, person: Person
) -> None:
    person.set_number(window.reverse.panel.steps, "6")
    assert len(run_to_the_end(window, person).steps) == 6
    window.session.update(schedule=ScheduleSpec("cosine", 3))
    assert window.session.state.sampler.num_sampling_steps == 3
    assert window.reverse.panel.steps.value() == 3
    assert len(run_to_the_end(window, person).steps) == 3


def test_edits_of_the_settings_can_be_undone(window: MainWindow, person: Person) -> None:
    person.choose(window.reverse.panel.sampler, "DDIM")
    person.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.session.state.sampler.kind is SamplerKind.DDPM
    assert window.reverse.panel.sampler.current == "ddpm"


def test_with_changed_settings_a_paused_run_is_not_resumed_but_run_anew(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    person.key(".")
    qtbot.waitUntil(lambda: len(current(window).steps) == 1)
    first = current(window)
    block = window.reverse.panel.run_block
    assert block.run_button.text() == "Resume"
    person.set_number(window.reverse.panel.seed, "5")
    person.hold_no_control()
    assert block.run_button.text() == "Run"
    second = run_to_the_end(window, person)
    assert second is not first
    assert second.request.seed == 5


def test_every_device_is_listed_and_those_that_are_missing_say_why(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.torch_ready, timeout=60_000):
        window.preload_torch()
    field = window.reverse.panel.device
    assert {"cpu", "cuda:0", "mps"} <= set(field.keys())
    for row, key in enumerate(field.keys()):
        is_there = bool(field.model().item(row).isEnabled())
        reason = field.itemData(row, Qt.ItemDataRole.ToolTipRole)
        assert is_there == (key == "cpu" or torch.accelerator.is_available())
        assert is_there or len(reason) > 10


def test_the_exact_denoiser_brings_a_picture_of_ones_own_back_from_half_way(
    window: MainWindow, person: Person, qtbot: QtBot, tmp_path
) -> None:
    path = write_picture(tmp_path / "waves.png", 40, 40)
    person.drop([path])
    qtbot.waitUntil(lambda: window.session.state.image == f"file:{path}")
    panel = window.reverse.panel
    person.click(panel.start.button("image"))
    assert panel.start_t.isVisible()
    person.set_number(panel.start_t, "400")
    run = run_to_the_end(window, person)
    assert run.steps[0].t == 400
    own = to_uint8(fit(expected.clean_picture(window.session.state), 16, "crop", 3))
    final = pixels(window.reverse.stage.x_t.picture)
    assert np.abs(final.astype(int) - own.astype(int)).max() <= 1
    card = window.reverse.stage.comparison
    assert card.isVisible()
    words = card.accessibleName()
    assert float(words.split(" at ")[1].split(" dB")[0]) > 40
    assert card.accessibleDescription() == "x_t on the way in: ∞"
    # A time between those of the curve; with little noise the error is the noise alone.
    window.session.update(t=3)
    noise_power = 1 - build_schedule(window.session.state.schedule).alphas_cumprod[3]
    shown_db = float(card.accessibleDescription().split(": ")[1].removesuffix(" dB"))
    assert shown_db == pytest.approx(10 * np.log10(4 / noise_power), abs=0.5)
    assert not window.reverse.stage.why.isVisible()


def test_from_pure_noise_the_exact_denoiser_says_which_pictures_it_sees(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    run_to_the_end(window, person)
    why = window.reverse.stage.why
    # Answers for earlier steps may come before that for the end.
    qtbot.waitUntil(lambda: why.isVisible() and "Decided" in why.accessibleName())
    assert "100 percent" in why.accessibleDescription()
    window.session.update(t=1000)
    qtbot.waitUntil(lambda: "undecided" in why.accessibleName())


def test_on_a_chain_that_keeps_signal_a_start_from_noise_still_ends_in_a_picture(
    window: MainWindow, person: Person
) -> None:
    window.session.update(schedule=ScheduleSpec("linear", 1000, zero_terminal_snr=True))
    assert torch.isfinite(run_to_the_end(window, person).steps[-1].x_s).all()
    window.session.update(schedule=ScheduleSpec("linear", 100, (("rescale", 0.0),)))
    assert torch.isfinite(run_to_the_end(window, person).steps[-1].x_s).all()
    assert not window.message_bar.messages


def test_a_device_that_is_not_there_fails_with_its_reason_and_everything_else_works(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    if torch.accelerator.is_available():
        pytest.skip("this machine has an accelerator")
    window.session.update(denoiser="fashion-unet", device="cuda:0")
    person.click(window.reverse.panel.run_block.run_button)
    qtbot.waitUntil(lambda: bool(window.message_bar.messages), timeout=30_000)
    level, headline, reason = window.message_bar.messages[0]
    assert (level, headline) == ("error", "Sampling failed")
    assert ".." not in reason
    assert len(reason) > 10
    assert window.reverse.runner.state is JobState.IDLE
    assert "ready" not in window.reverse.stage.x_0._placeholder
    window.session.update(device="cpu", denoiser="exact:pictures")
    assert run_to_the_end(window, person).complete


def small_network(changes: dict[str, object]) -> None:
    """Write a network of untrained weights into the user's folder."""
    config = ConvNetConfig()
    network = build_network(config)
    values = {
        "name": "Small net",
        "architecture": describe(config),
        "prediction": "noise",
        "schedule": ScheduleSpec("cosine"),
        "data_shape": (1, 8, 8),
        "class_names": (),
        "trained_on": "nothing",
    }
    path = paths.user_checkpoints_dir() / "small.safetensors"
    write_checkpoint(path, CheckpointHeader(**(values | changes)), dict(network.named_parameters()))


def test_a_network_of_ones_own_is_offered_and_runs_at_its_own_size(
    window: MainWindow, person: Person
) -> None:
    small_network({})
    window.reverse.refresh_denoisers()
    person.choose(window.reverse.panel.denoiser, "Small net")
    run = run_to_the_end(window, person)
    assert run.steps[0].x_t.shape == (1, 1, 8, 8)
    assert window.reverse.stage.x_0.picture_size == (8, 8)


def test_a_network_whose_weights_have_another_shape_fails_with_a_sentence(
    window: MainWindow, person: Person, qtbot: QtBot
) -> None:
    small_network({"architecture": describe(ConvNetConfig(image_channels=3)), "data_shape": (3, 8, 8)})
    window.reverse.refresh_denoisers()
    person.choose(window.reverse.panel.denoiser, "Small net")
    person.click(window.reverse.panel.run_block.run_button)
    qtbot.waitUntil(lambda: bool(window.message_bar.messages), timeout=30_000)
    assert "small.safetensors does not hold the weights" in window.message_bar.messages[0][2]
    window.session.update(denoiser="exact:pictures")
    assert wait_after_run(window, person)


def wait_after_run(window: MainWindow, person: Person) -> bool:
    person.click(window.reverse.panel.run_block.run_button)
    return wait_for_the_end(window, person.qtbot).complete
