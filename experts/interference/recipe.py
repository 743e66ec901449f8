"""What it is trained and judged on; `python -m experts.training interference`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experts.interference.model import MODEL
from experts.recipe import Draw, Recipe, Sample
from experts.signals.energy import LABELS, TRAINED, Ranges, trace

WEAK = replace(TRAINED, level=(-92.0, -86.0))
LIGHT = replace(TRAINED, bluetooth_load=(0.06, 0.15), zigbee_load=(0.015, 0.04), wifi_load=(0.015, 0.05), oven_on=(0.2, 0.32))
PATTERN = replace(TRAINED, mains=(46.0, 55.0, 65.0), bluetooth_inside=(0.05, 0.15), zigbee_bytes=(10.0, 25.0), wifi_frame=(3e-3, 5e-3))


def drawing(ranges: Ranges) -> Draw:
    def draw(rng: np.random.Generator) -> Sample:
        label = int(rng.integers(len(LABELS)))
        return Sample(trace(rng, LABELS[label], ranges), (label,))

    return draw


TOLD = {
    "version": "1.0.0",
    "title": "Interference type",
    "description": "Tells from a trace of received energy in a 2.4 GHz channel what disturbs it: nothing, a microwave oven, Bluetooth, ZigBee, or WiFi traffic.",
    "data": "Synthetic: experts/signals/energy.py",
    "command": "python -m experts.training interference",
    "trained_on": {
        "level": "-85 to -45 dBm at the detector",
        "noise floor": "-100 to -87 dBm in 20 MHz",
        "trace": "100 to 200 ms at 8, 10, 12.5 or 20 kHz",
        "devices": "1 to 3 ovens or piconets, 2 to 4 ZigBee nodes, 1 to 8 WiFi stations",
        "microwave": "50 and 60 Hz mains, on for 32 to 48 % of a cycle",
        "bluetooth": "15 to 100 % of the slot pairs, 15 to 50 % of the hops inside the channel",
        "zigbee": "load 4 to 60 %, frames of 25 to 127 bytes",
        "wifi": "load 5 to 97 %, frames of 0.1 to 3 ms",
        "background": "beacons of up to two access points and a distant network at -97 to -82 dBm, impulses",
    },
    "valid": {"noise_floor": [-108.0, -70.0]},
    "means": {
        "none": "nothing disturbs its channel",
        "microwave": "a microwave oven disturbs its channel",
        "bluetooth": "Bluetooth disturbs its channel",
        "zigbee": "ZigBee disturbs its channel",
        "wifi": "other WiFi disturbs its channel",
    },
    "limits": "One kind of source at a time. None means that nothing stands out of the noise: sources weaker than it, or with a handful of bursts, look like none.",
}

RECIPE = Recipe(
    name="interference",
    model=MODEL,
    draw=drawing(TRAINED),
    shifts={"weak signal": drawing(WEAK), "light load": drawing(LIGHT), "burst pattern": drawing(PATTERN)},
    told=TOLD,
)
