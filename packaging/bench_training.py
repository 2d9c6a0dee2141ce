"""How fast networks are trained: our loop beside a plain PyTorch loop over diffusers' U-Net of like size.

    python packaging/bench_training.py [--steps N] [--batch N] [--threads N] [--device cpu|cuda:0]

All loops live in one process and take turns step by step, so that whatever else the machine does falls on
all of them; the figures are medians. The ratio is that of images per second on the clock; beside it stands
that of processor time per image, which tells more where other programs use the processor. It asserts nothing.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from diffusers import DDPMScheduler, UNet2DModel
from torch.nn import functional

from diffviz.core.losses import Loss
from diffviz.core.prediction import PredictionType
from diffviz.core.schedules import ScheduleSpec
from diffviz.models.network_config import UNetConfig
from diffviz.training.batch import Examples
from diffviz.training.config import TrainingConfig
from diffviz.training.loop import TrainingRun

SIDE, COLOURS, COUNT = 32, 3, 4096
WARM_UP = 2


@dataclass
class Contestant:
    """One loop, what it is called, the threads of one operation in it, and what its steps took."""

    name: str
    step: Callable[[], object]
    threads: int
    wall_s: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)

    def run(self, device: torch.device) -> None:
        torch.set_num_threads(self.threads)
        wall, processor = time.perf_counter(), time.process_time()
        self.step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        self.wall_s.append(time.perf_counter() - wall)
        self.processor_s.append(time.process_time() - processor)


def pictures() -> Examples:
    generator = torch.Generator().manual_seed(0)
    shape = (COUNT, COLOURS, SIDE, SIDE)
    return Examples(torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator))


def diffusers_network() -> UNet2DModel:
    """The network that is most like ours: its widths, depth, attention, and scale and shift by the time."""
    return UNet2DModel(
        sample_size=SIDE,
        in_channels=COLOURS,
        out_channels=COLOURS,
        layers_per_block=1,
        block_out_channels=(32, 64, 64),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        attention_head_dim=16,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
    )


def plain_loop(
    network: UNet2DModel, examples: Examples, batch: int, device: torch.device
) -> Callable[[], object]:
    """The loop of diffusers' own training example, without its accelerator."""
    network = network.to(device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6)
    scheduler = DDPMScheduler(num_train_timesteps=1000)
    generator = torch.Generator().manual_seed(1)

    def step() -> float:
        chosen = torch.randint(0, COUNT, (batch,), generator=generator)
        clean = (examples.values[chosen].float() / 127.5 - 1).to(device)
        noise = torch.randn(clean.shape, generator=generator).to(device)
        times = torch.randint(0, 1000, (batch,), generator=generator).to(device)
        said = network(scheduler.add_noise(clean, noise, times), times).sample
        loss = functional.mse_loss(said, noise)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return step


def ours(examples: Examples, batch: int, device: torch.device, **changes: object) -> TrainingRun:
    config = TrainingConfig(
        network=UNetConfig(image_channels=COLOURS),
        schedule=ScheduleSpec("linear"),
        prediction=PredictionType.NOISE,
        loss=Loss.SIMPLE,
        batch_size=batch,
        learning_rate=1e-4,
        ema_decay=0.0,
    )
    return TrainingRun(replace(config, **changes), examples, str(device))


def contestants(batch: int, threads: int, device: torch.device) -> list[Contestant]:
    examples = pictures()
    foreign = diffusers_network()
    run = ours(examples, batch, device)
    counts = [sum(p.numel() for p in network.parameters()) for network in (foreign, run.network)]
    print(f"{counts[0]:,} parameters in diffusers' network, {counts[1]:,} in ours")
    found = [
        Contestant("diffusers, plain loop", plain_loop(foreign, examples, batch, device), threads),
        Contestant("ours, float32", run.advance, threads),
        Contestant(
            "ours, float32, channels last", ours(examples, batch, device, channels_last=True).advance, threads
        ),
    ]
    if device.type == "cpu" and threads > 1:
        parts = ours(examples, batch, device, batch_parts=threads)
        found.append(Contestant(f"ours, float32, {threads} parts", parts.advance, 1))
        half = ours(examples, batch, device, batch_parts=threads, precision="bfloat16")
        found.append(Contestant(f"ours, bfloat16, {threads} parts", half.advance, 1))
    else:
        half = ours(examples, batch, device, precision="bfloat16")
        found.append(Contestant("ours, bfloat16", half.advance, threads))
    if device.type == "cuda":
        fast = ours(examples, batch, device, precision="bfloat16", channels_last=True, compile=True)
        found.append(Contestant("ours, bfloat16, channels last, compiled", fast.advance, threads))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{options.threads} threads"
    print(f"{where}, PyTorch {torch.__version__}, {SIDE}×{SIDE} pictures of {COLOURS} colours,")
    print(
        f"batch {options.batch}, AdamW, gradients clipped, no average of weights, {options.steps} steps each"
    )
    loops = contestants(options.batch, options.threads, device)
    for number in range(WARM_UP + options.steps):
        for loop in loops:
            loop.run(device)
        print(f"\rround {number + 1} of {WARM_UP + options.steps}", end="", file=sys.stderr)
    print(file=sys.stderr)
    base = loops[0]
    print(f"{'':42} images/s   ratio   processor ms/image   ratio")
    for loop in loops:
        wall, processor = (statistics.median(t[WARM_UP:]) for t in (loop.wall_s, loop.processor_s))
        base_wall, base_processor = (statistics.median(t[WARM_UP:]) for t in (base.wall_s, base.processor_s))
        print(
            f"{loop.name:42} {options.batch / wall:8.1f}  {base_wall / wall:6.2f}"
            f"  {1e3 * processor / options.batch:19.2f}  {base_processor / processor:6.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
