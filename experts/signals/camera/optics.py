"""From surfaces to pixels: lamps, lens, sensor and encoding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.signals.camera.settings import BEAM, Layout, Light
from experts.signals.camera.solids import Scene
from experts.signals.camera.view import ACROSS, DOWN, FOCAL, HEIGHT, WIDTH

Floats = NDArray[Any]
Rng = np.random.Generator

READ_NOISE = 4.0
"""Electrons."""


def lit(scene: Scene, layout: Layout, light: Light) -> Floats:
    """Radiance [120, 160, 3] with a mean of 1: light inside of the shelf, a gradient, an edge of shadow, a cast."""
    across, down = ACROSS / WIDTH, DOWN / HEIGHT
    along = across * float(np.cos(np.radians(light.direction))) + down * float(np.sin(np.radians(light.direction)))
    flux = indoors(scene, layout, light) * scene.facing * np.exp2(light.gradient * along)
    flux *= 1.0 - light.shadow * np.clip(0.5 + (down - 2.0 * along) * 8.0, 0.0, 1.0)
    radiance = scene.albedo * flux[..., None] * np.array(light.cast, np.float32)
    return radiance / radiance.mean()


def indoors(scene: Scene, layout: Layout, light: Light) -> Floats:
    """Ambient light that fades into the shelf, and lamps above the aisle whose light the beam above a slot cuts off, with a soft edge."""
    _, y, _, slope_y = scene.rays
    into = np.clip(scene.depth / layout.depth, 0.0, 1.0)
    below = (np.floor((y + BEAM) / layout.height) + 1) * layout.height - BEAM - (y + scene.depth * slope_y)
    shade = scene.depth * 0.5 * float(np.tan(np.radians(light.elevation)))
    lamps = np.where(scene.depth > 0, np.clip(0.5 + (below - shade) / 0.15, 0.0, 1.0), 1.0)
    return 0.6 * (1.0 - 0.5 * into) + 0.6 * lamps


def expose(radiance: Floats, light: Light, rng: Rng) -> NDArray[np.uint8]:
    """Lens, sensor and encoding: radiance [120, 160, 3] with a mean of 1 → sRGB.

    Vignetting is a power of the cosine off the axis; the noise is Poisson's shot noise (as its Gaussian) and read noise (EMVA 1288, section 2).
    """
    linear = light.brightness * blurred(radiance, light) * ((1.0 + (ACROSS**2 + DOWN**2) / FOCAL**2) ** (-light.vignette / 2))[..., None]
    if light.glare:
        x, y, size = rng.uniform(-WIDTH / 2, WIDTH / 2), rng.uniform(-HEIGHT / 2, HEIGHT / 2), rng.uniform(8.0, 30.0)
        linear = linear + (light.glare * np.exp(-((ACROSS - x) ** 2 + (DOWN - y) ** 2) / (2 * size**2)))[..., None]
    electrons = np.maximum(linear, 0.0) * light.photons
    noise = rng.standard_normal(linear.shape, np.float32) * np.sqrt(electrons + READ_NOISE**2)
    return SRGB[np.clip((electrons + noise) / light.photons * (len(SRGB) - 1) + 0.5, 0, len(SRGB) - 1).astype(np.int32)]


def blurred(image: Floats, light: Light) -> Floats:
    """Convolved with the lens's Gaussian and, along x, with the way travelled."""
    taps = np.arange(-3, 4)
    lens = np.exp(-(taps**2) / (2 * light.blur**2))
    way = np.convolve(lens, np.clip((light.motion + 1.0) / 2 - np.abs(taps), 0.0, 1.0), "same")
    for axis, kernel in ((0, lens), (1, way)):
        padded = np.pad(image, [(3, 3) if i == axis else (0, 0) for i in range(3)], mode="edge")
        size = image.shape[axis]
        parts = (weight * (padded[at : at + size] if axis == 0 else padded[:, at : at + size]) for at, weight in enumerate(kernel / kernel.sum()))
        image = sum(parts, np.zeros_like(image))
    return image


def srgb(linear: Floats) -> NDArray[np.uint8]:
    """The transfer function of IEC 61966-2-1, 0–1 → 0–255."""
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.round(255 * encoded).astype(np.uint8)


SRGB = srgb(np.linspace(0.0, 1.0, 4096))
