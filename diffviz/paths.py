"""Where things lie: what ships with the program, and the folders of the person who runs it.

The same questions have the same answers from a source checkout, an installed wheel and a frozen bundle.
Every function asks the environment anew, so that a test or a portable installation can redirect the user
folders with ``DIFFVIZ_HOME``.
"""

import os
import sys
from pathlib import Path

HOME_VARIABLE = "DIFFVIZ_HOME"


def assets_dir() -> Path:
    """Folder of the pictures, fonts and icons that ship with the program."""
    return _shipped("assets")


def checkpoints_dir() -> Path:
    """Folder of the trained networks that ship with the program."""
    return _shipped("checkpoints")


def user_data_dir() -> Path:
    """Folder for what the user makes and keeps; not created here."""
    return _user_dir("data", "XDG_DATA_HOME", ".local/share")


def user_checkpoints_dir() -> Path:
    """Folder of the networks that the user trained; not created here."""
    return user_data_dir() / "checkpoints"


def user_config_dir() -> Path:
    """Folder of the settings; not created here."""
    return _user_dir("config", "XDG_CONFIG_HOME", ".config")


def user_cache_dir() -> Path:
    """Folder for what can be made or fetched again; not created here."""
    return _user_dir("cache", "XDG_CACHE_HOME", ".cache")


def user_log_dir() -> Path:
    """Folder of the logs and of what the fault handler writes; not created here."""
    return _user_dir("log", "XDG_STATE_HOME", ".local/state")


def _shipped(name: str) -> Path:
    """Folder ``name`` beside the package (source checkout) or inside it (wheel, frozen bundle)."""
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def _user_dir(role: str, xdg_variable: str, xdg_default: str) -> Path:
    """Folder of one role under the platform's convention, or under DIFFVIZ_HOME where that is set."""
    if home := os.environ.get(HOME_VARIABLE):
        return Path(home).expanduser() / role
    if sys.platform == "win32":
        variable = "LOCALAPPDATA" if role in {"cache", "log"} else "APPDATA"
        base = Path(os.environ.get(variable) or Path.home() / "AppData" / "Roaming")
        return base / "diffviz" / role
    if sys.platform == "darwin":
        library = Path.home() / "Library"
        return {
            "data": library / "Application Support" / "diffviz",
            "config": library / "Preferences" / "diffviz",
            "cache": library / "Caches" / "diffviz",
            "log": library / "Logs" / "diffviz",
        }[role]
    base = Path(os.environ.get(xdg_variable) or Path.home() / xdg_default)
    return base / "diffviz"
