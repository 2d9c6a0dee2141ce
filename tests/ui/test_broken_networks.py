"""Files in the user's folder of networks that are none: said at the start, and nothing else breaks."""

import pytest

from diffviz import paths
from diffviz.ui.main_window import MainWindow


@pytest.fixture
def _broken_file() -> None:
    folder = paths.user_checkpoints_dir()
    folder.mkdir(parents=True)
    (folder / "broken.safetensors").write_bytes(b"no network")


@pytest.mark.usefixtures("_broken_file")
def test_a_file_that_is_no_network_is_named_at_the_start_and_the_others_are_offered(
    window: MainWindow,
) -> None:
    level, headline, reason = window.message_bar.messages[0]
    assert level == "warn"
    assert headline == "A network cannot be used:"
    assert "broken.safetensors" in reason
    assert "fashion-unet" in window.reverse.panel.options
    assert "broken" not in window.reverse.panel.options
