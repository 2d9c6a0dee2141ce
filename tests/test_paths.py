"""Shipped files and user folders are found from a checkout, from a wheel, and under the platform's rules."""

import sys
from pathlib import Path

import pytest

from diffviz import paths


def test_what_ships_is_there():
    assert (paths.assets_dir() / "photos" / "chelsea.png").is_file()
    assert (paths.assets_dir() / "fonts" / "caption.ttf").is_file()
    assert list(paths.checkpoints_dir().glob("*.safetensors"))


def test_a_wheel_holds_what_ships_inside_the_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "diffviz"
    (package / "assets").mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(package / "paths.py"))
    assert paths.assets_dir() == package / "assets"
    assert paths.checkpoints_dir() == tmp_path / "site-packages" / "checkpoints"


def test_one_variable_moves_every_user_folder(monkeypatch, tmp_path):
    monkeypatch.setenv(paths.HOME_VARIABLE, str(tmp_path))
    assert paths.user_data_dir() == tmp_path / "data"
    assert paths.user_checkpoints_dir() == tmp_path / "data" / "checkpoints"
    assert paths.user_config_dir() == tmp_path / "config"
    assert paths.user_cache_dir() == tmp_path / "cache"
    assert paths.user_log_dir() == tmp_path / "log"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ("data/diffviz", ".config/diffviz", ".local/state/diffviz")),
        (
            "darwin",
            ("Library/Application Support/diffviz", "Library/Preferences/diffviz", "Library/Logs/diffviz"),
        ),
        ("win32", ("AppData/Roaming/diffviz/data", "AppData/Roaming/diffviz/config", "Local/diffviz/log")),
    ],
)
def test_user_folders_follow_the_platform(platform, expected, monkeypatch, tmp_path):
    for name in (paths.HOME_VARIABLE, "XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    found = (paths.user_data_dir(), paths.user_config_dir(), paths.user_log_dir())
    assert found == tuple(tmp_path / folder for folder in expected)
