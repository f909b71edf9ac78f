"""Named points on the vessel: found, or given by the planner."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aorta.anatomy.curve import Curve
from aorta.errors import GeometryError
from aorta.records import Landmark

FARTHEST_MM = 60.0
"""A given landmark farther than this from every centreline is not on this vessel (sac radii reach 50 mm)."""

FOUND, GIVEN = "found", "case file"


def on_curve(name: str, curve: Curve, arc: float, branch: str = "aorta") -> Landmark:
    """A found landmark at an arc length of a branch."""
    return Landmark(name, curve.at(arc), FOUND, branch, float(arc))


def given_landmarks(points: Mapping[str, tuple[float, float, float]], curves: Mapping[str, Curve]) -> list[Landmark]:
    """The planner's landmarks with the nearest place on the centrelines.

    Landmarks of an iliac artery are looked for on that artery, all others on the aorta.

    Raises
    ------
    GeometryError
        A point is far from the vessel, as when it is in another frame.
    """
    landmarks = []
    for name, xyz in points.items():
        branch = next((b for b in curves if b != "aorta" and name.startswith(b)), "aorta")
        point, curve = np.array(xyz, float), curves[branch]
        arc = float(curve.project(point)[0])
        distance = float(np.linalg.norm(curve.at(arc) - point))
        if distance > FARTHEST_MM:
            flipped = point * [-1, -1, 1]
            other = float(np.linalg.norm(curve.at(curve.project(flipped)[0]) - flipped))
            hint = "; with x and y negated it would be on it: the point may be RAS" if other < FARTHEST_MM else ""
            raise GeometryError(
                f"landmark '{name}' is not on the vessel",
                where=f"landmarks: {name}",
                why=f"({point[0]:.1f}, {point[1]:.1f}, {point[2]:.1f}) is {distance:.0f} mm from the {branch} centreline{hint}",
                fix="give landmarks in LPS millimetres of the image",
            )
        landmarks.append(Landmark(name, point, GIVEN, branch, arc))
    return landmarks


def pick(landmarks: list[Landmark], name: str) -> Landmark | None:
    """The landmark to measure with: the planner's before the program's."""
    named = [m for m in landmarks if m.name == name]
    return next((m for m in named if m.source == GIVEN), named[0] if named else None)
