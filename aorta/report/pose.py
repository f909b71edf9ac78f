"""How the patient stands in the pictures: upright, also where the image has lost its orientation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.records import Anatomy, Array

_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
_NAMES = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))
_STEEP = 0.5  # an abdominal aorta runs within 60° of vertical (as in anatomy/body.py)


@dataclass(frozen=True)
class Pose:
    """Signed LPS axes (3,) of the front view: towards its right, upward, and towards who looks."""

    right: Array
    up: Array
    towards: Array

    @property
    def usual(self) -> bool:
        """Whether the file's directions are the patient's."""
        return bool(self.up[2] > 0)

    @property
    def sides(self) -> dict[str, Array]:
        """Four views around the body, the front first: name -> (3, 3) rows right, up, towards the viewer."""
        views = ((self.right, self.towards), (-self.towards, self.right), (-self.right, -self.towards), (self.towards, -self.right))
        return {_of(_NAMES, towards): np.stack([right, self.up, towards]) for right, towards in views}


def letter(direction: Array) -> str:
    """L, R, A, P, S or I of a signed axis."""
    return _of(_LETTERS, direction)


def axis(direction: Array) -> int:
    """0, 1 or 2: which coordinate a signed axis runs along."""
    return int(np.abs(direction).argmax())


def _of(words: tuple[tuple[str, str], ...], direction: Array) -> str:
    at = axis(direction)
    return words[at][int(direction[at] > 0)]


def pose(anatomy: Anatomy | None) -> Pose:
    """Head up, seen from the front; where the aorta lies across the file's vertical, its own course is up.

    Then nobody knows which side is the front: the vessel is looked at along its thinnest extent.
    """
    usual = Pose(np.array([1.0, 0, 0]), np.array([0, 0, 1.0]), np.array([0, -1.0, 0]))
    aorta = anatomy.branch("aorta") if anatomy is not None else None
    if aorta is None:
        return usual
    course = aorta.points[0] - aorta.points[-1]
    if abs(course[2]) >= _STEEP * np.linalg.norm(course):
        return usual
    along = axis(course)
    up = np.eye(3)[along] * np.sign(course[along])
    extent = np.ptp(anatomy.outer.points, axis=0)
    thin, wide = sorted((q for q in range(3) if q != along), key=lambda q: extent[q])
    right = np.eye(3)[wide]
    return Pose(right, up, np.cross(right, up))
