"""The man page and the completions know every command and option, and nothing else."""

import re
import shutil
import subprocess
import sys

import pytest

from diffviz.cli import COMMANDS


def help_of(command):
    words = [sys.executable, "-m", "diffviz", command, "--help"]
    return subprocess.run(words, capture_output=True, text=True, check=True, env={"COLUMNS": "200"}).stdout


@pytest.fixture(scope="module")
def options_in_help():
    """Long options that `diffviz sample --help` prints, as a user sees them."""
    return set(re.findall(r"(?<![\w-])--[a-z][\w-]*", help_of("sample"))) - {"--help"}


def test_every_command_and_its_options_are_on_the_man_page(options_in_help):
    import command_pages

    page = command_pages.man_page("2026-01-02").replace("\\-", "-")
    assert re.findall(r"^\.SS diffviz (\w+)", page, re.MULTILINE) == list(COMMANDS)
    section = page.partition(".SS diffviz sample")[2].partition(".SS")[0]
    assert set(re.findall(r"\\fB(--[\w-]+)\\fR", section)) == options_in_help


def test_the_man_page_is_set_without_a_warning():
    if shutil.which("groff") is None:
        pytest.skip("groff is not on this machine")
    import command_pages

    text = command_pages.man_page("2026-01-02").encode()
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-K", "utf8", "-ww"], input=text, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def completed(*words):
    import command_pages

    line = " ".join(f"'{word}'" for word in words)
    script = f"{command_pages.bash_completion()}\nCOMP_WORDS=({line})\nCOMP_CWORD={len(words) - 1}\n"
    script += '_diffviz; printf "%s\\n" "${COMPREPLY[@]}"\n'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="completion of bash")
def test_bash_completes_commands_options_and_choices(options_in_help):
    assert completed("diffviz", "") == [*COMMANDS, "--version", "--self-test", "--help"]
    assert completed("diffviz", "s") == ["schedule", "sample"]
    assert set(completed("diffviz", "sample", "--")) == options_in_help | {"--help"}
    assert set(completed("diffviz", "sample", "--sampler", "d")) == {"ddpm", "ddim", "dpmpp2m"}
    # Where it has nothing to offer, the shell goes on with files.
    assert completed("diffviz", "photo.png", "x") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_theirs(shell, tmp_path):
    import command_pages

    text = getattr(command_pages, f"{shell}_completion")()
    assert all(command in text for command in COMMANDS)
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    (tmp_path / "completion").write_text(text, encoding="utf-8")
    subprocess.run([shell, "-n", str(tmp_path / "completion")], check=True)
