"""Trains a small network to tell circles, squares and crosses apart, in pictures that it draws itself.

It goes on from its checkpoint when there is one. After --minutes it writes a checkpoint and ends with 85, by which HTCondor
knows to keep the checkpoint and to start it again.
"""

import argparse
import os
import sys
import time

import torch
from torch import nn

CHECKPOINT = "checkpoint.pt"
MODEL = "model.pt"
GO_ON = 85
SIDE = 16


def draw(count, seed):
    """Pictures with noise, and what is in them: 0 a circle, 1 a square, 2 a cross. The same seed draws the same."""
    source = torch.Generator().manual_seed(seed)
    kinds = torch.randint(3, (count,), generator=source)
    radius = torch.randint(3, 7, (count, 1, 1), generator=source).float()
    centre = torch.randint(6, 10, (2, count, 1, 1), generator=source).float()
    rows, columns = torch.meshgrid(torch.arange(SIDE).float(), torch.arange(SIDE).float(), indexing="ij")
    down, right = (rows - centre[0]).abs(), (columns - centre[1]).abs()
    shapes = torch.stack(
        [
            ((down.square() + right.square()).sqrt() - radius).abs() < 0.8,
            (torch.maximum(down, right) - radius).abs() < 0.8,
            (torch.minimum(down, right) < 0.8) & (torch.maximum(down, right) <= radius),
        ]
    )
    pictures = shapes[kinds, torch.arange(count)].float()
    noise = torch.randn(count, SIDE, SIDE, generator=source)
    return (pictures + 0.3 * noise).unsqueeze(1), kinds


def network():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 3),
    )


def save(content, path):
    """An eviction at any time leaves the old file or the new one."""
    torch.save(content, path + ".new")
    os.replace(path + ".new", path)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--minutes", type=float, default=float("inf"), help="write a checkpoint and end with 85 after so long")
    options = arguments.parse_args()

    begin = time.monotonic()
    torch.manual_seed(options.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else "no GPU"
    print("PyTorch %s, %s" % (torch.__version__, name), flush=True)

    model = network().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    done = 0
    if os.path.exists(CHECKPOINT):
        state = torch.load(CHECKPOINT, map_location=device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["epochs"]
        print("going on after epoch %d" % done, flush=True)

    pictures, kinds = (part.to(device) for part in draw(4096, options.seed))
    unseen, truth = (part.to(device) for part in draw(1024, options.seed + 1))
    for epoch in range(done, options.epochs):
        # Of each epoch its own order, the same whether or not the job was interrupted before.
        order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(epoch)).to(device)
        for batch in order.split(64):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(pictures[batch]), kinds[batch])
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            right = (model(unseen).argmax(1) == truth).float().mean().item()
        print("epoch %d: loss %.4f, %.1f %% of unseen pictures" % (epoch + 1, loss.item(), 100 * right), flush=True)
        save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epoch + 1}, CHECKPOINT)
        if epoch + 1 < options.epochs and time.monotonic() - begin > 60 * options.minutes:
            return GO_ON

    save(model.state_dict(), MODEL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
