import math

import pytest
import torch

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.models.architecture import build_network, initialise
from diffviz.models.convnet import ConvNet
from diffviz.models.embedding import course, sin_guided, sin_ho
from diffviz.models.mlp import Mlp
from diffviz.models.network_config import ConvNetConfig, UNetConfig, describe, make_config
from diffviz.models.unet import UNet
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.loop import TrainingRun


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (UNetConfig(), 1_191_233),
        (UNetConfig(num_classes=10), 1_192_641),
        (UNetConfig(image_channels=3), 1_192_387),
        (UNetConfig(ada_gn=False), 1_112_801),
        (UNetConfig(base_channels=16), 299_937),
        (
            UNetConfig(base_channels=64, channel_mult=(1, 2, 2, 2), num_res_blocks=2, attention_levels=(2,)),
            9_591_233,
        ),
    ],
)
def test_the_u_net_has_exactly_the_parameters_of_the_specification(config, parameters):
    assert count(UNet(config)) == parameters


def test_the_five_layer_network_has_exactly_the_parameters_of_the_course():
    assert count(ConvNet()) == 124_177
    assert count(ConvNet(ConvNetConfig(image_channels=3))) == 126_035
    assert count(ConvNet().time) == 22_800


def test_an_untrained_u_net_says_zero_so_that_the_simple_loss_is_one():
    network = UNet(UNetConfig(base_channels=8))
    x_t = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert not network(x_t, torch.tensor([1.0, 1000.0])).any()

    config = TrainingConfig(
        network=UNetConfig(base_channels=8),
        prediction=PredictionType.NOISE,
        loss=Loss.SIMPLE,
        batch_size=64,
        learning_rate=1e-12,
    )
    run = TrainingRun(config, Examples(torch.full((8, 1, 28, 28), 127, dtype=torch.uint8)))
    loss = run.advance().loss
    standard_error = math.sqrt(2 / (64 * 28 * 28))
    assert abs(loss - 1) < 4 * standard_error


@pytest.mark.parametrize("side", [28, 32, 30, 9])
def test_the_u_net_returns_the_size_it_was_given(side):
    network = UNet(UNetConfig(base_channels=8, image_channels=3)).eval()
    assert network(torch.zeros(1, 3, side, side), torch.ones(1)).shape == (1, 3, side, side)


def test_no_class_and_the_last_row_of_the_class_table_are_the_same():
    network = UNet(UNetConfig(base_channels=8, num_classes=3))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(0))
    x_t, t = torch.ones(2, 1, 8, 8), torch.tensor([5.0, 9.0])
    null = torch.tensor([3, 3])
    assert torch.equal(network(x_t, t), network(x_t, t, null))
    assert not torch.equal(network(x_t, t), network(x_t, t, torch.tensor([0, 0])))


def test_gelu_on_the_last_layer_leaves_nothing_below_minus_0_17():
    output = ConvNet(ConvNetConfig(gelu_output=True))(10 * torch.randn(4, 1, 28, 28), torch.ones(4))
    assert output.min() >= -0.16998
    grid = torch.linspace(-2, 0, 200_001, dtype=torch.float64)
    assert torch.nn.functional.gelu(grid).min().item() == pytest.approx(-0.16997, abs=5e-6)


@pytest.mark.parametrize("network", [ConvNet(), Mlp()])
def test_networks_without_classes_say_so_when_asked_for_one(network):
    with pytest.raises(ValueError, match="knows no classes"):
        network(torch.zeros(1, 1, 8, 8), torch.ones(1), torch.zeros(1, dtype=torch.long))


def test_time_embeddings_agree_with_the_reference_vectors():
    t = torch.tensor([10.0], dtype=torch.float64)
    ho = [-0.54402111, 0.44767083, 0.02154268, 0.001, -0.83907153, 0.89419843, 0.99976793, 0.9999995]
    guided = [-0.83907153, 0.54030231, 0.99500417, 0.99995, -0.54402111, 0.84147098, 0.09983342, 0.00999983]
    assert sin_ho(t, 8)[0].tolist() == pytest.approx(ho, abs=1e-7)
    assert sin_guided(t, 8)[0].tolist() == pytest.approx(guided, abs=1e-7)


def test_the_course_embedding_is_zero_without_time_and_reaches_its_highest_frequency():
    assert not course(torch.zeros(1)).any()
    s = torch.tensor([1e-6], dtype=torch.float64)
    embedding = course(s)
    assert embedding.shape == (1, 32)
    assert embedding[0, 15].item() == pytest.approx(1834.245639e-6, rel=1e-6)
    at_one = course(torch.ones(1, dtype=torch.float64))
    assert at_one[0, 1].item() == pytest.approx(0, abs=1e-12)


def test_a_description_makes_an_equal_network_and_an_unknown_option_is_refused():
    config = UNetConfig(base_channels=8, channel_mult=(1, 2), num_classes=4)
    described = describe(config)
    assert make_config(described.pop("kind"), described | {"channel_mult": [1, 2]}) == config
    with pytest.raises(ValueError, match="has no option “colour”"):
        make_config("unet", {"colour": 1})
    with pytest.raises(ValueError, match="no architecture “gan”"):
        make_config("gan", {})


def test_first_weights_are_a_function_of_the_seed_and_zero_layers_stay_zero():
    one, same, other = (build_network(UNetConfig(base_channels=8, num_classes=2)) for _ in range(3))
    initialise(one, 3)
    initialise(same, 3)
    initialise(other, 4)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters()))
    assert not torch.equal(one.conv_in.weight, other.conv_in.weight)
    assert not one.conv_out.weight.any()
