"""Fetching the files of a data set, checked before they are believed."""

from __future__ import annotations

import hashlib
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diffviz.data.dataset_files import DatasetError

TIMEOUT_S = 20.0
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set: its name, and the SHA-256 of its content."""

    name: str
    sha256: str


@dataclass(frozen=True)
class DownloadStep:
    """How far a download is; `total_bytes` is 0 where the server does not say."""

    name: str
    bytes_read: int
    total_bytes: int


def download(base_url: str, files: tuple[RemoteFile, ...], folder: Path) -> Iterator[DownloadStep]:
    """Fetch files into a folder, each written beside its place and moved in once its checksum is right.

    Files that are there already are not fetched again. Closing the generator leaves no partial file.

    Raises
    ------
    DatasetError
        If the server cannot be reached or sends something else.
    OSError
        If the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        if not (folder / file.name).exists():
            yield from _fetch(base_url + file.name, file, folder)


def _fetch(url: str, file: RemoteFile, folder: Path) -> Iterator[DownloadStep]:
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{file.name}.", delete=False) as stream:
        beside = Path(stream.name)
        try:
            done = 0
            try:
                with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
                    total = int(response.headers.get("Content-Length") or 0)
                    while chunk := response.read(_CHUNK_BYTES):
                        digest.update(chunk)
                        stream.write(chunk)
                        done += len(chunk)
                        yield DownloadStep(file.name, done, total)
            except urllib.error.URLError as error:
                raise DatasetError(
                    f"{file.name} could not be fetched ({error.reason}): is this computer online?"
                ) from error
            if digest.hexdigest() != file.sha256:
                raise DatasetError(f"{file.name} from {url} is not the file it should be (wrong checksum).")
            stream.close()
            beside.chmod(0o644)
            beside.replace(folder / file.name)
        finally:
            beside.unlink(missing_ok=True)
