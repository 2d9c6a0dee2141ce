"""Files that appear whole or not at all: written beside their place and moved in at the end."""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


class ExportError(ValueError):
    """Something could not be written; the message is one sentence for the user."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of ``path`` when the block ends well.

    Whatever ends the block otherwise (an error, Ctrl-C, the closing of a generator around it) leaves
    ``path`` as it was and nothing beside it.

    Raises
    ------
    ExportError
        If the file cannot be made, written or moved: a full disk, a missing folder, no permission.
    """
    beside = _beside(path)
    try:
        with _sentences_for(path):
            if path.is_dir():
                raise ExportError(f"{path} could not be written: it is a folder.")
            with beside.open("xb") as stream:
                yield stream
            os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path, pattern: str) -> Iterator[Path]:
    """Give a new folder that takes the place of ``path`` when the block ends well.

    An existing folder is replaced only if every entry of it matches ``pattern``: if it came from here.

    Raises
    ------
    ExportError
        As `whole_file`, and if ``path`` is a file or a folder with other things in it.
    """
    beside = _beside(path)
    try:
        with _sentences_for(path):
            if path.exists() and not path.is_dir():
                raise ExportError(f"{path} could not be written: a file of that name is in the way.")
            if path.is_dir() and any(not entry.match(pattern) for entry in path.iterdir()):
                raise ExportError(f"{path} could not be written: the folder holds other files already.")
            beside.mkdir()
            yield beside
            if path.is_dir():
                old = _beside(path)
                os.replace(path, old)
                os.replace(beside, path)
                shutil.rmtree(old, ignore_errors=True)
            else:
                os.replace(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@contextlib.contextmanager
def _sentences_for(path: Path) -> Iterator[None]:
    """Turn what the system refuses into one sentence about ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            reason = "the disk is full"
        elif isinstance(error, PermissionError):
            reason = "the system does not permit it"
        elif isinstance(error, FileNotFoundError) and not path.parent.is_dir():
            reason = f"there is no folder {path.parent}"
        else:
            reason = (error.strerror or str(error)).lower()
        raise ExportError(f"{path} could not be written: {reason}.") from error


def _beside(path: Path) -> Path:
    """A hidden name in the same folder, hence on the same disk, that nothing has yet."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
