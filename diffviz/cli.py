"""The command line: the window without a command, and one command for everything it can do without one."""

from __future__ import annotations

import itertools
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

COMMANDS = ("schedule", "forward", "sample", "train", "models", "evaluate")
BAD_INPUT, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run diffviz as its command line asks; returns the exit status.

    Parameters
    ----------
    arguments
        Words after the program's name; those of this process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--version"]:
        from importlib.metadata import version

        print(f"diffviz {version('diffviz')}")
        return 0
    if words[:1] == ["--self-test"]:
        from diffviz.self_test import run

        return int(run())
    if not words or (words[0] not in COMMANDS and not words[0].startswith("-")):
        return _open_window(words)
    return _run_command(words)


def _open_window(files: list[str]) -> int:
    for file in files:
        if not Path(file).exists():
            return _refuse(
                f"{file}: there is no such file and no such command; commands are {', '.join(COMMANDS)}."
            )
    from diffviz.app import main as open_window

    return int(open_window(files))


def application() -> typer.Typer:
    """Return the commands and their options; the man page and the shell completion are made from them too."""
    import typer

    from diffviz import cli_evaluate, cli_forward, cli_models, cli_sample, cli_schedule, cli_train

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
    app.callback()(_describe)
    app.command("schedule")(cli_schedule.schedule)
    app.command("forward")(cli_forward.forward)
    app.command("sample")(cli_sample.sample)
    app.command("train")(cli_train.train)
    app.command("models")(cli_models.models)
    app.command("evaluate")(cli_evaluate.evaluate)
    return app


def _run_command(words: list[str]) -> int:
    """Run one command; whatever goes wrong is one line on stderr."""
    import typer
    from typer.exceptions import TyperException

    app = application()
    try:
        return int(app(words, prog_name="diffviz", standalone_mode=False) or 0)
    except TyperException as error:
        return _refuse(_usage(error.format_message(), words), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has left (`| head`). Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ValueError as error:  # what every room raises for input it cannot use, as one sentence
        return _refuse(str(error))
    except (OSError, RuntimeError, MemoryError) as error:
        lines = str(error).strip().splitlines()
        return _refuse(lines[0] if lines else "There is not enough memory.", 1)


def _usage(message: str, words: list[str]) -> str:
    """What is wrong with an option, in one line that names its value."""
    line = " ".join(message.replace("Value error, ", "").split())
    found = re.fullmatch(r"Invalid value for '(-[\w-]+)'[^:]*: (.*)", line)
    if found is None:
        command = f" {words[0]}" if words[0] in COMMANDS else ""
        return f"{line.rstrip('.')}; diffviz{command} --help says what there is."
    option, reason = found.groups()
    values = [after for word, after in itertools.pairwise(words) if word == option]
    values += [word.removeprefix(f"{option}=") for word in words if word.startswith(f"{option}=")]
    return f"{' '.join([option, *values[-1:]])}: {reason[0].lower()}{reason[1:]}"


def _describe() -> None:
    """See, steer and understand diffusion models.

    Without a command, or with picture files, diffviz opens its window. Also: diffviz --version,
    diffviz --self-test.
    """


def _refuse(sentence: str, status: int = BAD_INPUT) -> int:
    print(f"diffviz: {sentence}", file=sys.stderr)
    return status
