"""Networks in files: safetensors, which cannot run code, with a JSON header that says what is inside.

Reading a header needs neither torch nor the weights, so that a list of networks costs next to nothing.
"""

from __future__ import annotations

import json
import os
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffviz.core.schedules import ScheduleSpec
from diffviz.data.schedule_files import spec_from_json, spec_to_json

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.models.architecture import Network

FORMAT = 1
METADATA_KEY = "diffviz"
_MAX_HEADER_BYTES = 16 << 20


class CheckpointError(ValueError):
    """A network file that cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True)
class CheckpointHeader:
    """What a network file says about its network.

    Attributes
    ----------
    architecture
        `kind` and the options of `diffviz.models.architecture.make_config`.
    prediction
        What the network says: "noise", "x_0", "v" or "mean" (values of `PredictionType`).
    schedule
        The schedule it was trained with; its own time is one-based in it.
    data_shape
        Shape of one example: (C, H, W) of a picture, (d,) of a point.
    images_seen, command
        How long it was trained, and the command line that repeats it.
    fingerprint
        By which the points of a person's own file, which it learned, are known again; empty for other data.
    """

    name: str
    architecture: dict[str, Any]
    prediction: str
    schedule: ScheduleSpec
    data_shape: tuple[int, ...]
    class_names: tuple[str, ...] = ()
    trained_on: str = ""
    licence: str = ""
    images_seen: int = 0
    command: str = ""
    fingerprint: str = ""
    format: int = FORMAT


@dataclass(frozen=True)
class StoredFile:
    """A safetensors file seen from outside: its header, its size, and how many numbers it holds."""

    header: CheckpointHeader
    parameters: int
    file_bytes: int


def read_metadata(path: Path) -> tuple[dict[str, str], dict[str, Any], int]:
    """Metadata, tensor table and size of a safetensors file, in plain Python.

    Raises
    ------
    CheckpointError
        If the file is missing, not a safetensors file, or shorter than its table says.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            prefix = stream.read(8)
            length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else 0
            if not 2 <= length <= min(_MAX_HEADER_BYTES, size - 8):
                raise CheckpointError(f"{path.name} is not a safetensors file, or it is truncated.")
            table = json.loads(stream.read(length))
    except OSError as error:
        raise CheckpointError(f"{path.name} could not be opened: {error.strerror or error}.") from error
    except ValueError as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path.name} is not a safetensors file.") from error
    if not isinstance(table, dict):
        raise CheckpointError(f"{path.name} is not a safetensors file.")
    metadata = table.pop("__metadata__", {})
    try:
        end = max((entry["data_offsets"][1] for entry in table.values()), default=0)
    except (KeyError, TypeError, IndexError) as error:
        raise CheckpointError(f"{path.name} is not a safetensors file.") from error
    if size != 8 + length + end:
        raise CheckpointError(
            f"{path.name} is truncated: it has {size} bytes where its header promises {8 + length + end}."
        )
    return metadata, table, size


def read_header(path: Path) -> StoredFile:
    """What a network file says about itself, without loading it.

    Raises
    ------
    CheckpointError
        If the file is damaged, or is not a network of this program.
    """
    metadata, table, size = read_metadata(path)
    if METADATA_KEY not in metadata:
        raise CheckpointError(f"{path.name} is a safetensors file, but not a network of diffviz.")
    try:
        values = json.loads(metadata[METADATA_KEY])
        if values.get("format") != FORMAT:
            raise CheckpointError(f"{path.name} has format {values.get('format')}; only {FORMAT} is known.")
        known = {field.name for field in fields(CheckpointHeader)}
        parts = {name: value for name, value in values.items() if name in known}
        parts["architecture"] = dict(parts["architecture"])
        parts["schedule"] = spec_from_json(parts["schedule"])
        parts["data_shape"] = tuple(int(side) for side in parts["data_shape"])
        parts["class_names"] = tuple(str(name) for name in parts["class_names"])
        header = CheckpointHeader(**parts)
        parameters = sum(_count(entry["shape"]) for entry in table.values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path.name} has a header that diffviz cannot read.") from error
    return StoredFile(header, parameters, size)


def write_checkpoint(path: Path, header: CheckpointHeader, weights: Mapping[str, Tensor]) -> None:
    """Write a network beside its place and move it in, so that a reader never sees half a file.

    Raises
    ------
    OSError
        If the disk refuses; the old file is then still there.
    """
    values = asdict(header) | {"schedule": spec_to_json(header.schedule)}
    write_tensors(path, {METADATA_KEY: json.dumps(values, ensure_ascii=False)}, weights)


def write_tensors(path: Path, metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> None:
    """Write a safetensors file beside its place and move it in."""
    from safetensors.torch import save

    content = save(
        {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, dict(metadata)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def load_network(path: Path, device: str = "cpu") -> tuple[CheckpointHeader, Network]:
    """Build the network of a file and give it its weights, in evaluation mode, as float32.

    Raises
    ------
    CheckpointError
        If the file is damaged, foreign, or its weights do not fit the architecture that it names.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from diffviz.models.architecture import build_network
    from diffviz.models.network_config import make_config

    header = read_header(path).header
    try:
        options = dict(header.architecture)
        network = build_network(make_config(options.pop("kind"), options))
        network.load_state_dict({name: w.float() for name, w in load_file(path).items()})
    except (RuntimeError, ValueError, KeyError, TypeError, ZeroDivisionError, SafetensorError) as error:
        raise CheckpointError(
            f"{path.name} does not hold the weights of the architecture that it names."
        ) from error
    return header, network.to(device).eval()


def _count(shape: list[int]) -> int:
    product = 1
    for side in shape:
        product *= int(side)
    return product
