"""What every test shares: user folders of its own, and a small picture with structure in it."""

import os
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

PATIENCE_MS = 60_000
SESSION_HOME = tempfile.TemporaryDirectory(prefix="diffviz-tests-")


def pytest_configure() -> None:
    # QSettings remembers its folder from its first use, so this is set before Qt is loaded.
    os.environ["XDG_CONFIG_HOME"] = SESSION_HOME.name


def pytest_unconfigure() -> None:
    SESSION_HOME.cleanup()


@pytest.fixture(autouse=True)
def _own_user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the folders of the person who runs it."""
    monkeypatch.setenv("DIFFVIZ_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def qtbot(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """Pytest-qt's robot with more patience: on a busy machine a first step has taken six seconds."""
    for name in ("waitUntil", "waitSignal", "waitSignals"):
        monkeypatch.setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE_MS))
    return qtbot


@pytest.fixture
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_picture() -> npt.NDArray[np.float32]:
    """RGB picture (24, 32, 3) with a different gradient in each channel, in [-1, 1]."""
    rows, columns = np.mgrid[0:24, 0:32].astype(np.float32)
    channels = [columns / 15.5 - 1, rows / 11.5 - 1, (rows + columns) / 27 - 1]
    return np.stack(channels, axis=-1).astype(np.float32)
