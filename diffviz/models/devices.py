"""The devices that networks can compute on, and why the others cannot be used."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceInfo:
    """A device as PyTorch calls it and as a person calls it; with a reason where it cannot be used."""

    key: str
    label: str
    reason_unavailable: str | None = None


def available_devices() -> tuple[DeviceInfo, ...]:
    """Every device the program can name, usable ones and others; imports torch."""
    return (*_cuda(), _mps(), _xpu(), _cpu())


def best_device() -> str:
    """Key of the fastest device that can be used: CUDA, then XPU, then MPS, then the CPU."""
    usable = [device.key for device in available_devices() if device.reason_unavailable is None]
    ranks = {"cuda": 0, "xpu": 1, "mps": 2, "cpu": 3}
    return min(usable, key=lambda key: ranks[key.split(":")[0]])


def usable_device(key: str) -> str:
    """Check that a device named by a person can be used; "auto" gives the best one.

    Raises
    ------
    ValueError
        If it cannot, in one sentence that says why.
    """
    if key == "auto":
        return best_device()
    known = {device.key: device for device in available_devices()}
    device = known.get("cuda:0" if key == "cuda" else key)
    if device is None:
        raise ValueError(f"There is no device “{key}”; there are auto, {', '.join(known)}.")
    if device.reason_unavailable:
        raise ValueError(f"The device “{key}” cannot be used: {device.reason_unavailable}")
    return device.key


def _cpu() -> DeviceInfo:
    import torch

    threads = torch.get_num_threads()
    return DeviceInfo("cpu", f"CPU · {threads} thread{'s' * (threads != 1)} of {os.cpu_count() or 1}")


def _cuda() -> tuple[DeviceInfo, ...]:
    import torch

    if not torch.cuda.is_available():
        built = torch.version.cuda is not None
        reason = (
            "no NVIDIA graphics card with a working driver was found."
            if built
            else "the installed PyTorch was built without CUDA."
        )
        return (DeviceInfo("cuda:0", "CUDA", reason),)
    return tuple(
        DeviceInfo(f"cuda:{index}", f"CUDA · {torch.cuda.get_device_name(index)}")
        for index in range(torch.cuda.device_count())
    )


def _mps() -> DeviceInfo:
    import torch

    if torch.backends.mps.is_available():
        return DeviceInfo("mps", "Apple GPU")
    reason = "it needs a Mac." if sys.platform != "darwin" else "it needs an Apple chip and a recent macOS."
    return DeviceInfo("mps", "Apple GPU", reason)


def _xpu() -> DeviceInfo:
    import torch

    if torch.xpu.is_available():
        return DeviceInfo("xpu", f"Intel GPU · {torch.xpu.get_device_name(0)}")
    return DeviceInfo("xpu", "Intel GPU", "no Intel graphics card with a PyTorch built for it was found.")
