"""The man page and the completions of shells, made from the commands so that they never disagree."""

from __future__ import annotations

import inspect
import re
import shlex
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import project
import typer

from diffviz.cli import application

SEE_WINDOW = "Without a command, or with picture files, the window opens."


@dataclass(frozen=True)
class Option:
    """One option of a command: its names, the word for its value (none for a switch), the choices."""

    names: tuple[str, ...]
    value: str
    choices: tuple[str, ...]
    is_file: bool
    help: str


@dataclass(frozen=True)
class Command:
    """One command: its name, what it does, the words it takes in order, its options."""

    name: str
    help: str
    arguments: tuple[str, ...]
    options: tuple[Option, ...]

    @property
    def summary(self) -> str:
        """The first sentence of what it does."""
        return self.help.partition("\n\n")[0].replace("\n", " ").rstrip(".")


def commands() -> list[Command]:
    """Every command of the program, as its command line has it."""
    group: Any = typer.main.get_command(application())
    return [_read(name, command) for name, command in group.commands.items()]


def _read(name: str, command: Any) -> Command:
    arguments = tuple(
        (parameter.metavar or parameter.name).upper() if parameter.required else f"[{parameter.name.upper()}]"
        for parameter in command.params
        if "Argument" in type(parameter).__name__
    )
    options = tuple(_option(parameter) for parameter in command.params if hasattr(parameter, "is_flag"))
    return Command(name, inspect.cleandoc(command.help or ""), arguments, options)


def _option(parameter: Any) -> Option:
    annotation = parameter.type_descriptor.annotation
    found = [annotation, *get_args(annotation)]
    choices = next((get_args(kind) for kind in found if get_origin(kind) is Literal), ())
    names = tuple(sorted([*parameter.opts, *parameter.secondary_opts], key=len))
    words = str(parameter.help or "").strip()
    if isinstance(parameter.show_default, str):
        words += f" Default: {parameter.show_default}."
    elif parameter.default not in (None, False, ()) and parameter.show_default and not parameter.is_flag:
        words += f" Default: {parameter.default}."
    is_file = any(getattr(kind, "__name__", "") == "Path" for kind in found)
    value = "" if parameter.is_flag else parameter.metavar or ("FILE" if is_file else "VALUE")
    return Option(
        names, "|".join(map(str, choices)) or value, tuple(map(str, choices)), is_file, words.strip()
    )


def man_page(date: str) -> str:
    """The page of section 1, in the man macros."""
    lines = [
        f'.TH DIFFVIZ 1 "{date}" "diffviz {project.VERSION}" "User Commands"',
        ".SH NAME",
        f"diffviz \\- {_roff(project.SUMMARY[0].lower() + project.SUMMARY[1:])}",
        ".SH SYNOPSIS",
        ".B diffviz",
        ".RI [ PICTURE \\|.\\|.\\|.]",
        ".br",
        ".B diffviz",
        ".IR COMMAND \\ [ OPTIONS ]",
        ".SH DESCRIPTION",
        _roff(SEE_WINDOW + " Everything else works without a display."),
        ".SH OPTIONS",
        *(".TP", "\\fB\\-\\-version\\fR", "Print the version and end."),
        *(".TP", "\\fB\\-\\-self\\-test\\fR", "Try this installation, and end with status 0 if all is well."),
        *(".TP", "\\fB\\-\\-help\\fR", "List the commands; after a command, its options."),
        ".SH COMMANDS",
    ]
    for command in commands():
        lines += [f".SS diffviz {' '.join([command.name, *map(_roff, command.arguments)])}"]
        for paragraph in command.help.split("\n\n"):
            lines += [".PP", _roff(paragraph)]
        for option in command.options:
            names = ", ".join(f"\\fB{_roff(name)}\\fR" for name in option.names)
            value = f" \\fI{_roff(option.value)}\\fR" if option.value else ""
            lines += [".TP", names + value, _roff(option.help or "\u00a0")]
    lines += [
        ".SH ENVIRONMENT",
        *(".TP", ".B DIFFVIZ_HOME", "A folder that holds all that diffviz keeps of its user."),
        ".SH FILES",
        *(".TP", ".I ~/.local/share/diffviz/checkpoints", "Networks of the user; the window lists them."),
        *(".TP", ".I ~/.config/diffviz", "Settings."),
        ".SH EXIT STATUS",
        "0 if all went well, 1 if something failed, 2 for input that cannot be used, 130 if interrupted.",
    ]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    joined = re.sub(r"\s+", " ", text).strip().replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{joined}" if joined.startswith((".", "'")) else joined


def bash_completion() -> str:
    """Commands and options for bash, with the choices of options that have some, and files."""
    known = commands()
    cases, values = [], []
    for command in known:
        words = " ".join(name for option in command.options for name in option.names)
        cases.append(f'        {command.name}) words="{words} --help" ;;')
        for option in command.options:
            if option.choices:
                pattern = "|".join(f"{command.name}:{name}" for name in option.names)
                values.append(f'        {pattern}) words="{" ".join(option.choices)}" ;;')
    names = " ".join(command.name for command in known)
    return "\n".join(
        [
            "# Completion of diffviz for bash.",
            "_diffviz() {",
            '    local current="${COMP_WORDS[COMP_CWORD]}" words=""',
            '    case "${COMP_WORDS[1]}:${COMP_WORDS[COMP_CWORD-1]}" in',
            *values,
            "    esac",
            '    if [ -z "$words" ]; then',
            '    if [ "$COMP_CWORD" = 1 ]; then',
            f'        words="{names} --version --self-test --help"',
            '    else case "${COMP_WORDS[1]}" in',
            *cases,
            "    esac; fi",
            "    fi",
            '    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")',
            "}",
            "complete -o bashdefault -o default -F _diffviz diffviz",
            "",
        ]
    )


def zsh_completion() -> str:
    """The same for zsh."""
    lines = ["#compdef diffviz", "# Completion of diffviz for zsh.", "local -a commands", "commands=("]
    known = commands()
    lines += [f"  {shlex.quote(f'{command.name}:{command.summary}')}" for command in known]
    lines += [
        ")",
        "if (( CURRENT == 2 )); then",
        "  _describe command commands",
        "  _files",
        "  return",
        "fi",
    ]
    lines += ['local command="$words[2]"', "shift words; (( CURRENT-- ))", 'case "$command" in']
    for command in known:
        lines.append(f"  {command.name}) _arguments \\")
        for option in command.options:
            lines += [f"    {shlex.quote(_zsh(name, option))} \\" for name in option.names]
        lines += ["    '*:file:_files' ;;"]
    return "\n".join([*lines, "  *) _files ;;", "esac", ""])


def _zsh(name: str, option: Option) -> str:
    words = re.sub(r"([\[\]:\\])", r"\\\1", option.help)
    if not option.value:
        return f"{name}[{words}]"
    action = f"({' '.join(option.choices)})" if option.choices else "_files" if option.is_file else " "
    return f"*{name}[{words}]:{option.names[-1].lstrip('-')}:{action}"


def fish_completion() -> str:
    """The same for fish."""
    lines = ["# Completion of diffviz for fish."]
    for command in commands():
        start = f"complete -c diffviz -n {shlex.quote('__fish_use_subcommand')} -a {command.name}"
        lines.append(f"{start} -d {shlex.quote(command.summary)}")
        inside = f"complete -c diffviz -n {shlex.quote(f'__fish_seen_subcommand_from {command.name}')}"
        for option in command.options:
            names = " ".join(
                f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
            )
            takes = f" -x -a {shlex.quote(' '.join(option.choices))}" if option.choices else ""
            takes = takes or (" -r" if option.value else "")
            lines.append(f"{inside} {names}{takes} -d {shlex.quote(option.help)}")
    return "\n".join([*lines, ""])
