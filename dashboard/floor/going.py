"""Where a device is drawn, with which mark, and where it is heading. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.floor.arrange import laid_out, stand
from dashboard.floor.ground import Ground, Point, Spot, mentioned
from dashboard.picture import ODD, Picture, posture
from dashboard.view import DeviceView

ARROWS = "→↗↑↖←↙↓↘"
MARKS = {"busy": "▶", "idle": "●", "stopped": "■", "problem": "!", "away": "○"}
ARRIVED = 0.6
"""m; nearer to its goal nothing is on its way."""


@dataclass(frozen=True)
class Going:
    """`at` None: nobody knows where it is. `goal`: where its sentence leads, while it is on its way; `place`: that place's name."""

    mark: str
    style: str = ""
    at: Point | None = None
    goal: Point | None = None
    place: str = ""
    metres: float | None = None


@dataclass(frozen=True)
class Scene:
    """What all devices have in common. `about`: subtask → the place or thing that the plan says it is about."""

    ground: Ground
    spots: Mapping[str, Spot]
    to_scale: bool
    about: Mapping[str, str]


def scene_of(picture: Picture) -> Scene:
    spots, to_scale = laid_out(picture.view.ground)
    about = {i.subtask: i.about for t in picture.view.threads.values() if t.open for i in t.items if i.subtask}
    return Scene(picture.view.ground, {s.id: s for s in spots}, to_scale, about)


def going(device: DeviceView, picture: Picture, scene: Scene) -> Going:
    at = _where(device, scene)
    mark, style = _mark(device, picture)
    if mark != MARKS["busy"] or at is None:
        return Going(mark, style, at)
    goal = scene.spots.get(_goal(device, scene))
    if goal is not None and (far := math.dist(at, stand(goal))) > ARRIVED:
        return Going(_arrow(at, stand(goal)), style, at, stand(goal), goal.name, far if scene.to_scale else None)
    motion = device.life.motion
    return Going(_arrow((0, 0), motion) if motion is not None else mark, style, at)


def _where(device: DeviceView, scene: Scene) -> Point | None:
    """Its own coordinates, else the place where it says that it is."""
    if device.life.position is not None and (scene.to_scale or not scene.spots):
        return device.life.position
    return stand(scene.spots[device.at]) if device.at in scene.spots else None


def _goal(device: DeviceView, scene: Scene) -> str:
    """The place that the plan says its work is about, else the last one that its sentence names."""
    running = next((t for t in device.tasks if t.text == device.doing), None)
    if running is None:
        return ""
    about = scene.about.get(running.subtask, "")
    return about if about in scene.spots else mentioned(scene.ground, running.text)


def _mark(device: DeviceView, picture: Picture) -> tuple[str, str]:
    word, style = posture(device)
    if word.startswith("■"):
        return MARKS["stopped"], style
    if word.startswith("!"):
        return MARKS["problem"], style
    if picture.links.get(device.device, "unknown") != "online":
        return MARKS["away"], ODD
    return (MARKS["busy"], "bold") if device.busy else (MARKS["idle"], "")


def _arrow(start: Point, end: Point) -> str:
    turn = math.atan2(end[1] - start[1], end[0] - start[0])
    return ARROWS[round(turn / (math.pi / 4)) % 8]
