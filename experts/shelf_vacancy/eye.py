"""The network that looks at one slot: a small depthwise-separable convolutional net."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EMBEDDING = 24


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


class Eye(nn.Module):
    """Patches [n, 3, 24, 24] → logits [n, labels] and embedding [n, 24]. 3×3 places are kept, as where something lies tells goods from clutter."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            separable(32, 48, 1),
            separable(48, 64, 2),
            separable(64, 96, 1),
            separable(96, 96, 1),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(96 * 9, EMBEDDING),
        ).to(memory_format=torch.channels_last)
        self.head = nn.Linear(EMBEDDING, labels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.body(varied(x) if self.training else x)
        return self.head(embedding.relu()), embedding


def varied(x: Tensor) -> Tensor:
    """Shifted a little, mirrored or not, with colours paler or stronger, and with noise; in the layout in memory that is fastest to learn in."""
    count = len(x)
    x = x.roll([int(s) for s in torch.randint(-1, 2, (2,))], (2, 3))
    x = torch.where(torch.rand(count, 1, 1, 1) < 0.5, x, x.flip(3))
    x = x * torch.cat([torch.ones(count, 1, 1, 1), torch.rand(count, 1, 1, 1).expand(-1, 2, -1, -1) + 0.4], 1)
    return (x + torch.randn_like(x) * torch.rand(count, 1, 1, 1) ** 2 * 0.6).contiguous(memory_format=torch.channels_last)
