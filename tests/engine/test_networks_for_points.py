"""A network for points in the plane is at hand, but no choice for pictures."""

import pytest

from diffviz import paths
from diffviz.core.schedules import ScheduleSpec
from diffviz.engine.denoisers import DenoiserShelf
from diffviz.engine.images import ImageStore
from diffviz.models.architecture import build_network
from diffviz.models.catalog import list_networks
from diffviz.models.checkpoint import CheckpointHeader, write_checkpoint
from diffviz.models.network_config import MlpConfig, describe


@pytest.fixture
def _points_network(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFVIZ_HOME", str(tmp_path))
    config = MlpConfig(width=8, depth=1, time_dim=4)
    header = CheckpointHeader("Roll", describe(config), "x_0", ScheduleSpec("cosine"), (2,), (), "points")
    write_checkpoint(
        paths.user_checkpoints_dir() / "roll.safetensors", header, build_network(config).state_dict()
    )


@pytest.mark.usefixtures("_points_network")
def test_a_network_for_points_is_listed_but_not_offered_for_pictures():
    assert "roll" in {info.key for info in list_networks()}
    offered = {info.key for info in DenoiserShelf(ImageStore()).infos()}
    assert "fashion-unet" in offered
    assert "roll" not in offered
