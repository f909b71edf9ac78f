"""Vessels of known shape as Anatomy records, from distance functions."""

from __future__ import annotations

import numpy as np
import pyvista as pv

from aorta.records import Anatomy, Branch, End, Landmark, Surface


def surface_of(distance, low, high, spacing=0.9) -> Surface:
    """The zero level of a function of points (n, 3), closed, normals outward."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    shape = np.ceil((high - low) / spacing).astype(int) + 1
    grid = pv.ImageData(dimensions=shape, spacing=(spacing,) * 3, origin=low)
    grid["d"] = distance(np.asarray(grid.points))
    contour = grid.contour([0.0], scalars="d", method="flying_edges")
    surface = Surface(np.asarray(contour.points, float), contour.regular_faces)
    return surface if surface.volume_mm3 > 0 else Surface(surface.points, surface.triangles[:, ::-1])


def branch(name, points, radius, parent="") -> Branch:
    """A centreline through points (n, 3)."""
    points = np.asarray(points, float)
    arc = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    tangents = np.gradient(points, arc, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    return Branch(name, points, tangents, arc, np.broadcast_to(radius, len(points)).astype(float), parent)


def tube(radius=10.0, thickness=1.5, length=40.0, overhang=6.0) -> Anatomy:
    """A straight tube along -z from z=0 (proximal) to -length; the wall lies between radius and radius + thickness."""
    low, high = [-radius - 6] * 2 + [-length - overhang - 2], [radius + 6] * 2 + [overhang + 2]

    def solid(r):
        return lambda p: np.maximum(np.hypot(p[:, 0], p[:, 1]) - r, np.maximum(p[:, 2] - overhang, -length - overhang - p[:, 2]))

    line = np.c_[np.zeros((81, 2)), np.linspace(overhang, -length - overhang, 81)]
    ends = (
        End("proximal", np.zeros(3), np.array([0, 0, 1.0]), radius + thickness + 3),
        End("distal", np.array([0, 0, -length]), np.array([0, 0, -1.0]), radius + thickness + 3),
    )
    return Anatomy(
        surface_of(solid(radius), low, high), surface_of(solid(radius + thickness), low, high),
        (branch("aorta", line, radius),), (), (), ends,
    )  # fmt: skip


def fusiform(neck=11.0, sac=27.5, lumen=12.0, shift=6.0, half=60.0, overhang=6.0, thickness=1.5) -> Anatomy:
    """A straight vessel with a bulge and an eccentric lumen; no thrombus in the necks, which are bare.

    Outer radius R(z) = neck + (sac - neck) cos²(pi z / 80) for |z| < 40. The lumen is a circle of
    radius r(z) between neck - thickness and `lumen`, its centre moved by shift * cos².
    """

    def bump(z):
        return np.where(np.abs(z) < 40.0, np.cos(np.pi * z / 80.0) ** 2, 0.0)

    def caps(z):
        return np.abs(z) - half - overhang

    def outer(p):
        slope = (sac - neck) * np.where(np.abs(p[:, 2]) < 40.0, -np.pi / 80.0 * np.sin(np.pi * p[:, 2] / 40.0), 0.0)
        d = (np.hypot(p[:, 0], p[:, 1]) - neck - (sac - neck) * bump(p[:, 2])) / np.sqrt(1 + slope**2)
        return np.maximum(d, caps(p[:, 2]))

    def inner(p):
        s = bump(p[:, 2])
        d = np.hypot(p[:, 0], p[:, 1] - shift * s) - (neck - thickness) * (1 - s) - lumen * s
        return np.maximum(d, caps(p[:, 2]))

    low, high = [-sac - 6] * 2 + [-half - overhang - 2], [sac + 6] * 2 + [half + overhang + 2]
    line = np.c_[np.zeros((133, 2)), np.linspace(half + overhang, -half - overhang, 133)]
    ends = (
        End("proximal", np.array([0, 0, half]), np.array([0, 0, 1.0]), neck + 5),
        End("distal", np.array([0, 0, -half]), np.array([0, 0, -1.0]), neck + 5),
    )
    marks = (Landmark("neck_end", np.array([0, 0, 40.0]), "found", "aorta", half + overhang - 40.0),)
    return Anatomy(surface_of(inner, low, high), surface_of(outer, low, high), (branch("aorta", line, neck),), (), marks, ends)


def _tube_along(points, radii):
    """Distance function of a chain of cones with round joints through points (n, 3) with radii (n,)."""
    points, radii = np.asarray(points, float), np.asarray(radii, float)

    def distance(p):
        best = np.full(len(p), np.inf)
        for a, b, ra, rb in zip(points[:-1], points[1:], radii[:-1], radii[1:]):
            t = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
            best = np.minimum(best, np.linalg.norm(p - a - t[:, None] * (b - a), axis=1) - ra - (rb - ra) * t)
        return best

    return distance


def bifurcated(sac=20.0, lumen=11.0, iliac=5.0, thickness=1.5, spacing=1.2) -> Anatomy:
    """Angulated neck, sac with eccentric thrombus, bifurcation at z = 0 and two curved iliacs, about 120 mm long."""
    z = np.linspace(80.0, 0.0, 81)
    bulge = np.exp(-(((z - 34.0) / 13.0) ** 2))
    axis = np.c_[5.0 * np.sin(np.pi * z / 75.0), 12.0 * np.clip((z - 50.0) / 30.0, 0, None) ** 2 - 3.0 * bulge, z]
    aorta_outer = 8.5 + (sac - 8.5) * bulge
    aorta_lumen = np.minimum(8.5 - thickness + (lumen - 8.5 + thickness) * bulge, aorta_outer - thickness)
    lumen_axis = axis + np.c_[2.0 * bulge, -4.0 * bulge, np.zeros_like(z)]
    s = np.linspace(0.0, 1.0, 41)
    iliacs = {side: np.c_[sign * (2.0 + 22.0 * s**0.8), 2.0 * np.sin(np.pi * s) - 5.0 * s, 3.0 - 45.0 * s] + axis[-1]
              for side, sign in (("left", 1.0), ("right", -1.0))}  # fmt: skip
    low, high = [-34, -26, -52], [36, 34, 92]

    def vessel(line, radii, wall):
        parts = [_tube_along(line[::5], radii[::5])]
        parts += [_tube_along(c[::8], np.full(6, iliac + wall)) for c in iliacs.values()]
        return surface_of(lambda p: np.min([part(p) for part in parts], axis=0), low, high, spacing)

    branches = [branch("aorta", axis, aorta_lumen)] + [branch(f"{side}_iliac", c, iliac, "aorta") for side, c in iliacs.items()]
    ends = [End("proximal", axis[6], -branches[0].tangents[6], 15.0)]
    ends += [End(b.name, b.points[-5], b.tangents[-5], 11.0) for b in branches[1:]]
    marks = (
        Landmark("neck_end", axis[28], "found", "aorta", float(branches[0].arc_length_mm[28])),
        Landmark("aortic_bifurcation", axis[-1], "found", "aorta", float(branches[0].arc_length_mm[-1])),
    )
    return Anatomy(
        vessel(lumen_axis, aorta_lumen, 0.0), vessel(axis, aorta_outer, thickness), tuple(branches), (), marks, tuple(ends)
    )  # fmt: skip
