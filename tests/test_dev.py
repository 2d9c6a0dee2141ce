"""The set-up script says plainly what a machine lacks, and does nothing twice."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def dev():
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_can_read_the_script():
    ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def test_an_old_python_alone_is_told_what_is_needed(dev, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is Python 3\.9"):
        dev.find_python()


@pytest.mark.skipif(os.name == "nt", reason="makes a script that POSIX runs")
def test_an_old_python_finds_a_newer_one_beside_it(dev, monkeypatch, tmp_path):
    newer = tmp_path / "python3.12"
    newer.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert dev.find_python() == [str(newer)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libraries of Linux")
class TestLibraries:
    def test_nothing_is_said_where_nothing_is_missing(self, dev, monkeypatch, capsys):
        monkeypatch.setattr(dev, "WINDOW_LIBRARIES", {"libc.so.6": "libc6"})
        dev.need_libraries({"sh": "dash"})
        assert capsys.readouterr().out == ""

    def test_other_systems_are_told_the_names(self, dev, monkeypatch, capsys, tmp_path):
        monkeypatch.setattr(dev, "WINDOW_LIBRARIES", {"libno-such.so.1": "libno-such1"})
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SystemExit, match=r"package manager .*libno-such1 xvfb"):
            dev.need_libraries({"Xvfb": "xvfb"})
        assert capsys.readouterr().out == "Missing on this system: libno-such.so.1, Xvfb.\n"

    @pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="Debian and its children")
    def test_a_debian_user_is_told_the_command(self, dev, monkeypatch, tmp_path):
        (tmp_path / "apt-get").write_text("#!/bin/sh\n")
        (tmp_path / "apt-get").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        sentence = "Get it with:  sudo apt-get install -y --no-install-recommends libegl1"
        with pytest.raises(SystemExit, match=sentence):
            dev.need_packages(["libegl1"], "libEGL.so.1")

    @pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="Debian and its children")
    def test_root_on_debian_gets_it_installed(self, dev, monkeypatch, tmp_path):
        log = tmp_path / "log"
        (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
        (tmp_path / "apt-get").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        dev.need_packages(["libegl1", "xvfb"], "libEGL.so.1, Xvfb")
        assert log.read_text() == "install -y --no-install-recommends libegl1 xvfb\n"


class TestSetUp:
    @pytest.fixture
    def calls(self, dev, monkeypatch, tmp_path):
        """What pip is asked for, in a checkout whose environment is this one."""
        for name in ("pyproject.toml", "constraints.txt"):
            (tmp_path / name).write_text(name)
        monkeypatch.setattr(dev, "ROOT", tmp_path)
        monkeypatch.setattr(dev, "MARKER", tmp_path / "marker.json")
        monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
        calls = []

        def run(command, **_options):
            calls.append(command)
            return subprocess.CompletedProcess(command, 0, "")

        monkeypatch.setattr(subprocess, "run", run)
        return calls

    def test_packages_are_installed_once_until_their_list_changes(self, dev, calls, tmp_path):
        dev.set_up(["test"])
        dev.set_up(["test"])
        dev.set_up([])
        assert [call[-4:] for call in calls] == [["-c", "constraints.txt", "-e", ".[test]"]]
        (tmp_path / "constraints.txt").write_text("other")
        dev.set_up([])
        assert len(calls) == 2
        assert calls[1][-1] == ".[test]"

    def test_tests_add_what_running_did_not_need(self, dev, calls):
        dev.set_up([])
        dev.set_up(["test"])
        assert [call[-1] for call in calls] == [".", ".[test]"]
        assert json.loads(dev.MARKER.read_text())["extras"] == ["test"]

    def test_torch_is_never_installed_without_the_constraint(self):
        pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        assert any(line.startswith("torch==") for line in pins)


def test_an_unknown_command_shows_what_there_is(dev, capsys):
    assert dev.main(["dance"]) == 2
    assert "python3 dev.py test" in capsys.readouterr().out
    assert dev.main(["--help"]) == 0
