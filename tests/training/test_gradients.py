import pytest
import torch

from diffviz.models.memory import ran_out_of_memory
from diffviz.models.network_config import ConvNetConfig, UNetConfig
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.loop import TrainingRun, train

MORE_THAN_THERE_IS = 1 << 60
EXAMPLES = Examples(
    torch.randint(0, 256, (24, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(5)),
    torch.arange(24) % 2,
)
TINY = UNetConfig(base_channels=8, channel_mult=(1, 2), attention_levels=(1,), num_heads=2, num_classes=2)


def recipe(**changes):
    values = {"network": TINY, "images": 36, "batch_size": 12, "warmup_images": 12}
    return TrainingConfig(**(values | changes))


def refuse_more_than(run, most):
    """Have the network ask for more memory than any machine has when it is given more examples."""

    def hook(_network, arguments):
        if len(arguments[0]) > most:
            torch.empty(MORE_THAN_THERE_IS, dtype=torch.uint8)

    run.network.register_forward_pre_hook(hook)


@pytest.mark.parametrize("parts", [1, 2])
def test_when_memory_runs_out_the_same_batch_is_computed_in_smaller_pieces(parts):
    plain, short = (TrainingRun(recipe(batch_parts=parts), EXAMPLES) for _ in range(2))
    refuse_more_than(short, 4)
    expected, steps = list(train(plain)), list(train(short))
    for one, other in zip(expected, steps, strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-4)
        assert other.gradient_norm == pytest.approx(one.gradient_norm, rel=1e-3)
    # Not weight by weight: ahead of a normalisation a bias has only rounding for a gradient, and Adam heeds
    # its sign.
    answers = [run.network(torch.ones(1, 1, 8, 8), torch.tensor([500]), None) for run in (plain, short)]
    assert torch.allclose(*answers, rtol=0, atol=1e-4)
    assert "The memory ran out, so a batch is now computed 3 at a time" in steps[0].note
    assert [step.note for step in (*steps[1:], *expected)] == [""] * 5


def test_a_single_example_that_does_not_fit_ends_the_run_in_a_sentence():
    run = TrainingRun(recipe(), EXAMPLES)
    refuse_more_than(run, 0)
    with pytest.raises(MemoryError, match="not enough memory to train on a single example: take a smaller"):
        run.advance()
    assert run.step == 0


def test_other_failures_are_no_want_of_memory():
    run = TrainingRun(recipe(), EXAMPLES)

    def hook(*_):
        raise RuntimeError("The sizes of tensors must match.")

    run.network.register_forward_pre_hook(hook)
    with pytest.raises(RuntimeError, match="must match"):
        run.advance()
    assert ran_out_of_memory(MemoryError())
    assert ran_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert not ran_out_of_memory(ValueError("out of memory"))


@pytest.mark.parametrize("network", [TINY, ConvNetConfig()])
def test_pictures_pixel_by_pixel_in_memory_change_nothing(network):
    steps = [
        list(train(TrainingRun(recipe(network=network, channels_last=last), EXAMPLES)))
        for last in (False, True)
    ]
    for one, other in zip(*steps, strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-4)


def test_a_run_without_a_graphics_card_says_that_it_does_not_compile():
    first, second, _ = train(TrainingRun(recipe(compile=True), EXAMPLES))
    assert first.note == "The network is not compiled, since that pays on CUDA devices, not on cpu."
    assert second.note == ""


def test_what_is_switched_off_is_off():
    run = TrainingRun(
        recipe(gradient_clip=0.0, ema_decay=0.0, warmup_images=0, decay_fraction=0.0, learning_rate=1e-3),
        EXAMPLES,
    )
    for step in train(run):
        assert step.learning_rate == 1e-3
        norm = torch.cat([p.grad.flatten() for p in run.network.parameters()]).norm()
        assert float(norm) == pytest.approx(step.gradient_norm, rel=1e-5)
        for name, weight in run.network.named_parameters():
            assert torch.equal(run.average.weights[name], weight)
