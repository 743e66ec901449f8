"""The network that looks at one slot: a small depthwise-separable convolutional net."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

EMBEDDING = 24
SENSOR = 0.6
"""Most noise of a colour in training, in the logarithm."""
SPREAD = (0.46, 0.18, 0.25)
"""Of the logarithm's luminance within a patch, and of the two ratios of colours, to which the planes are normed."""


def separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A depthwise 3×3 convolution and a pointwise one."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Kept(nn.Module):
    """What comes in, and what a separable convolution adds to it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.added = separable(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.added(x)


class Eye(nn.Module):
    """Patches [n, 3, 32, 32] → logits [n, labels] and embedding [n, 24]. 4×4 places are kept, as where something lies tells goods from clutter."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            separable(32, 64, 1),
            Kept(64),
            separable(64, 96, 2),
            Kept(96),
            Kept(96),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(96 * 16, EMBEDDING),
            nn.BatchNorm1d(EMBEDDING),
        ).to(memory_format=torch.channels_last)
        self.head = nn.Linear(EMBEDDING, labels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """In use each patch is looked at as it is and mirrored."""
        if self.training:
            return self.look(varied(x))
        straight, mirrored = self.look(x), self.look(x.flip(3))
        return (straight[0] + mirrored[0]) / 2, (straight[1] + mirrored[1]) / 2

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.body(even(x))
        return self.head(embedding.relu()), embedding


def even(x: Tensor) -> Tensor:
    """Colours, which noise in the dark is strongest in and which need little sharpness, as means of 5 × 5."""
    colours = functional.avg_pool2d(functional.pad(x[:, 1:], (2, 2, 2, 2), mode="replicate"), 5, 1)
    return torch.cat([x[:, :1], colours], 1).contiguous(memory_format=torch.channels_last)


def varied(x: Tensor) -> Tensor:
    """Moved, zoomed by up to 15 %, mirrored or not, coarser as a small slot looks and in one direction more as a slanted one does, with colours
    paler or stronger, and with noise."""
    count, size = len(x), x.shape[-1]
    place = torch.zeros(count, 2, 3)
    place[:, 0, 0] = (0.85 + 0.3 * torch.rand(count)) * torch.where(torch.rand(count) < 0.5, 1.0, -1.0)
    place[:, 1, 1] = 0.85 + 0.3 * torch.rand(count)
    place[:, 0, 1] = 0.3 * (torch.rand(count) - 0.5)
    place[:, :, 2] = 0.12 * (torch.rand(count, 2) - 0.5)
    x = functional.grid_sample(x, functional.affine_grid(place, list(x.shape), align_corners=False), padding_mode="border", align_corners=False)
    if torch.rand(()) < 0.4:
        coarse = tuple(int(size * (0.4 + 0.5 * share)) for share in torch.rand(2).tolist())
        x = functional.interpolate(functional.interpolate(x, size=coarse, mode="area"), size=(size, size), mode="bilinear")
    x = x * torch.cat([torch.ones(count, 1, 1, 1), torch.rand(count, 1, 1, 1).expand(-1, 2, -1, -1) + 0.4], 1)
    return x + noise(count, size)


def noise(count: int, size: int) -> Tensor:
    """[count, 3, size, size]: of a sensor's three colours, each by itself, which the two ratios of colours have more of than the luminance that is
    their mean; and some that all planes have alike."""
    red, green, blue = (torch.randn(count, 3, size, size) * torch.rand(count, 1, 1, 1) ** 2 * SENSOR).unbind(1)
    planes = torch.stack([(red + green + blue) / 3, red - green, blue - green], 1) / torch.tensor(SPREAD)[:, None, None]
    return planes + torch.randn_like(planes) * torch.rand(count, 1, 1, 1) ** 2 * 0.3
