"""A classifier that also reads noisy pictures: log p(y | x_t, t), its gradient for guidance, its features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffviz.core.schedules import NoiseLevel, build_schedule
from diffviz.core.timesteps import matching_time
from diffviz.models.catalog import CLASSIFIER, ClassifierInfo, find_classifier
from diffviz.models.checkpoint import CheckpointError
from diffviz.models.denoiser import ClassIndex
from diffviz.models.embedding import TimeAndClass
from diffviz.models.network_config import NORM_GROUPS
from diffviz.models.unet import ResBlock, Shrink

_GRID = 4


@dataclass(frozen=True)
class ClassifierConfig:
    """Sizes of a classifier; every entry of `channel_mult` is one level of half the size of that before."""

    num_classes: int
    image_channels: int = 1
    base_channels: int = 32
    channel_mult: tuple[int, ...] = (1, 2, 4)


class ClassifierNetwork(nn.Module):
    """The way down of a U-Net, and two linear layers on what is left, which is pooled into a 4×4 grid.

    As the noise-aware classifier of Dhariwal and Nichol (2021), but small. The first convolution already
    halves the picture, since what makes a class is larger than a pixel; the grid keeps where things are.
    """

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        base = config.base_channels
        self.embedding = TimeAndClass(base, 4 * base, 0)
        self.conv_in = nn.Conv2d(config.image_channels, base, 3, stride=2, padding=1)
        self.levels = nn.ModuleList()
        channels = base
        for factor in config.channel_mult:
            shrink = Shrink(channels) if len(self.levels) else nn.Identity()
            block = ResBlock(channels, factor * base, 4 * base, ada_gn=True, dropout=0.0)
            self.levels.append(nn.ModuleDict({"shrink": shrink, "block": block}))
            channels = factor * base
        self.norm_out = nn.GroupNorm(NORM_GROUPS, channels)
        self.grid_values = _GRID**2 * channels
        self.hidden = nn.Linear(self.grid_values, 4 * base)
        self.head = nn.Linear(4 * base, config.num_classes)

    def forward(self, x_t: Tensor, t: Tensor, kept: Tensor | None = None) -> Tensor:
        """Unnormalised log p(y | x_t, t), shape (B, num_classes); parameters as in `features`."""
        return cast("Tensor", self.head(self.features(x_t, t, kept)))

    def features(self, x_t: Tensor, t: Tensor, kept: Tensor | None = None) -> Tensor:
        """What the last layer decides by.

        Parameters
        ----------
        x_t
            Pictures, float32, shape (B, C, H, W), values of x_0 in [−1, 1].
        t
            Times of the schedule that the network was trained with, shape (B,); 0 means clean.
        kept
            Factors of the values in the grid, shape (B, `grid_values`), 0 where one is dropped in training.

        Returns
        -------
        Tensor
            Shape (B, 4 · base_channels).
        """
        embedding = self.embedding(t, None)
        h = self.conv_in(x_t)
        for level in self.levels:
            parts = cast("nn.ModuleDict", level)
            h = parts["block"](parts["shrink"](h), embedding)
        grid = functional.adaptive_avg_pool2d(functional.silu(self.norm_out(h)), _GRID)
        values = grid.flatten(1)
        return functional.silu(self.hidden(values if kept is None else values * kept))


class Classifier:
    """A trained classifier, asked at noise levels of any schedule.

    Parameters
    ----------
    network
        A network in evaluation mode.
    info
        What it is.
    """

    def __init__(self, network: ClassifierNetwork, info: ClassifierInfo) -> None:
        self.network = network
        self.info = info
        self.schedule = build_schedule(info.schedule)

    def log_probabilities(self, x_t: Tensor, level: NoiseLevel) -> Tensor:
        """Logarithm of p(y | x_t, t) in nats, shape (B, num_classes), with x_t's dtype and device.

        Raises
        ------
        ValueError
            If the pictures are of another kind than the classifier's.
        """
        with torch.no_grad():
            logits = self.network(*self._inputs(x_t, level))
        return functional.log_softmax(logits, dim=1).to(x_t)

    def gradient(self, x_t: Tensor, level: NoiseLevel, class_index: ClassIndex) -> Tensor:
        """∇_{x_t} log p(y | x_t, t), which classifier guidance adds to the score.

        Parameters
        ----------
        x_t
            Noised pictures, shape (B, C, H, W). Works also where gradients are switched off.
        level
            How noisy they are; all alike.
        class_index
            y: one class for all, or one for each; where it is `None` the gradient is zero.

        Returns
        -------
        Tensor
            Shape, dtype and device of x_t; of each sample by itself, whatever the batch.

        Raises
        ------
        ValueError
            If the pictures are of another kind than the classifier's, or a class is none of its own.
        """
        batch = len(x_t)
        wanted = [class_index] * batch if class_index is None or isinstance(class_index, int) else class_index
        count = len(self.info.class_names)
        for index in wanted:
            if index is not None and not 0 <= index < count:
                raise ValueError(
                    f"{self.info.name} knows {count} classes, and class {index} is none of them."
                )
        # A sampler may run in inference mode, whose tensors never take part in gradients.
        with torch.inference_mode(False), torch.enable_grad():
            x, time = self._inputs(x_t.detach().clone(), level)
            x = x.requires_grad_()
            chosen = functional.one_hot(
                torch.tensor([count if index is None else index for index in wanted], device=x.device),
                count + 1,
            )[:, :count]
            total = (functional.log_softmax(self.network(x, time), dim=1) * chosen).sum()
            (gradient,) = torch.autograd.grad(total, x)
        return gradient.to(x_t)

    def features(self, x_t: Tensor, level: NoiseLevel) -> Tensor:
        """What the classifier decides by, float32 (B, F) on its own device.

        Raises
        ------
        ValueError
            If the pictures are of another kind than the classifier's.
        """
        with torch.no_grad():
            return self.network.features(*self._inputs(x_t, level))

    def _inputs(self, x_t: Tensor, level: NoiseLevel) -> tuple[Tensor, Tensor]:
        channels, height, width = self.info.image_shape
        if tuple(x_t.shape[1:]) != (channels, height, width):
            raise ValueError(
                f"{self.info.name} reads pictures of {height}×{width} in {channels} channels, "
                f"not {tuple(x_t.shape[1:])}."
            )
        device = next(self.network.parameters()).device
        clean = level.one_minus_alpha_cumprod == 0.0
        time = 0.0 if clean else matching_time(level, self.schedule)
        return x_t.to(device, torch.float32), torch.full((len(x_t),), time, device=device)


def describe_classifier(config: ClassifierConfig) -> dict[str, Any]:
    """Plain values for a file's header, from which `load_classifier` makes an equal description."""
    return {"kind": CLASSIFIER, **asdict(config)}


def load_classifier(key_or_path: str | Path, device: str = "cpu") -> Classifier:
    """Load a classifier by its key in the catalogue, or from a file.

    Raises
    ------
    CheckpointError
        If there is no such classifier, or its file cannot be used.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path, info, options = find_classifier(key_or_path)
    try:
        network = ClassifierNetwork(_config(options))
        network.load_state_dict({name: weight.float() for name, weight in load_file(path).items()})
        return Classifier(network.to(device).eval().requires_grad_(False), info)
    except (RuntimeError, ValueError, KeyError, TypeError, ZeroDivisionError, SafetensorError) as error:
        raise CheckpointError(
            f"{path.name} does not hold the weights of the classifier that it names."
        ) from error


def _config(options: Mapping[str, Any]) -> ClassifierConfig:
    values: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in options.items() if name != "kind"
    }
    return ClassifierConfig(**values)
