"""Where the modelled vessel is cut: planes perpendicular to its axis, clear of the label map's ends."""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.anatomy.sections import Walls, outer_contour
from aorta.errors import GeometryError
from aorta.records import Array, End, Grid, Sections, Surface

SHORTEST_MODEL_MM = 20.0
"""About one diameter: less would be ruled by its cuts (this program)."""


def end_at(name: str, sections: Sections, index: int, walls: Walls, outwards: float) -> End:
    """The end plane at one section."""
    centre, normal = sections.centre[index], sections.normal[index]
    contour = outer_contour(walls, centre, normal)
    radius = 1.05 * float(np.linalg.norm(contour.points - centre, axis=1).max()) + 1.0
    return End(name, centre.copy(), outwards * normal, radius)


def choose_ends(
    sections: dict[str, Sections], walls: Walls, renal_arc: float | None, proximal_length: float, iliac_length: float
) -> tuple[tuple[End, ...], list[str]]:
    """The planes that bound the model, and cautions.

    Parameters
    ----------
    sections : mapping of branch name to Sections
        Only whole sections have finite diameters.
    renal_arc : float or None, mm
        Of the lowest renal artery; None: the model starts at the top.
    proximal_length, iliac_length : float, mm
        Kept above the lowest renal artery and below the bifurcation, at most.

    Raises
    ------
    GeometryError
        No plane cuts the whole vessel at one of its ends.
    """
    cautions = []
    aorta = sections["aorta"]
    whole = np.flatnonzero(np.isfinite(aorta.outer_max_diameter_mm))
    if len(whole) < 2:
        raise GeometryError(
            "no plane across the aorta cuts the whole vessel",
            where="anatomy, ends",
            why=f"{len(whole)} of {len(aorta.arc_length_mm)} sections are whole",
            fix="extend the label map: the vessel must go on beyond both ends of what is to be modelled",
        )
    first = int(whole[0])
    if renal_arc is not None:
        wanted = whole[aorta.arc_length_mm[whole] >= renal_arc - proximal_length]
        first = int(wanted[0]) if len(wanted) else first
    ends = [end_at("proximal", aorta, first, walls, -1.0)]
    lower = []
    for name in ("left_iliac", "right_iliac"):
        if name not in sections:
            continue
        own = sections[name]
        usable = np.flatnonzero(np.isfinite(own.outer_max_diameter_mm) & (own.arc_length_mm <= iliac_length))
        if len(usable):
            lower.append(end_at(name, own, int(usable[-1]), walls, 1.0))
    if len(lower) == 2:
        return tuple(ends + lower), cautions
    last = int(whole[-1])
    if any(name in sections for name in ("left_iliac", "right_iliac")):
        # above the bifurcation's flare: one diameter
        flare = aorta.arc_length_mm[-1] - aorta.outer_equivalent_diameter_mm[last]
        above = whole[aorta.arc_length_mm[whole] <= flare]
        last = int(above[-1]) if len(above) else last
        cautions.append(
            "an iliac artery is too short in view or too short by `iliac_length` to be cut: the model ends above the bifurcation"
        )
    if aorta.arc_length_mm[last] - aorta.arc_length_mm[first] < SHORTEST_MODEL_MM:
        raise GeometryError(
            "too little aorta to model",
            where="anatomy, ends",
            why=f"{aorta.arc_length_mm[last] - aorta.arc_length_mm[first]:.0f} mm lie between the first and the last whole section",
            fix=f"at least {SHORTEST_MODEL_MM:.0f} mm are needed: extend the label map or raise `proximal_length`",
        )
    return tuple(ends + [end_at("distal", aorta, last, walls, 1.0)]), cautions


def within_ends(grid: Grid, mask: Array, ends: tuple[End, ...]) -> Array:
    """The part of a mask between the end planes, (nk, nj, ni) bool.

    A plane cuts only near its own disc: a slab two voxels thick is taken out there, and the piece
    that touches the inner side of every plane stays.
    """
    places = np.argwhere(mask)
    points = grid.to_lps(places[:, ::-1])
    thickness = 2.0 * float(grid.spacing_kji.max())
    keep = np.ones(len(points), bool)
    for end in ends:
        offset = points - end.point
        height = offset @ end.normal
        radial = np.linalg.norm(offset - height[:, None] * end.normal, axis=1)
        keep &= ~((height > 0) & (height <= thickness) & (radial <= end.radius_mm))
    part = np.zeros(mask.shape, bool)
    part[tuple(places[keep].T)] = True
    pieces, count = ndi.label(part)
    votes = np.zeros(count + 1)
    for end in ends:
        inner = grid.to_ijk(end.point - end.normal * np.arange(0.5, 4.0, 0.5)[:, None])[:, ::-1]
        near = np.clip(np.round(inner).astype(int), 0, np.array(mask.shape) - 1)
        votes[np.unique(pieces[tuple(near.T)])] += 1
    votes[0] = 0
    return pieces == int(votes.argmax()) if votes.any() else part


def points_within(surface: Surface, ends: tuple[End, ...]) -> Array:
    """(n,) bool: surface points not beyond an end plane within twice its disc."""
    keep = np.ones(len(surface.points), bool)
    for end in ends:
        offset = surface.points - end.point
        height = offset @ end.normal
        keep &= ~((height > 0) & (np.linalg.norm(offset, axis=1) < 4 * end.radius_mm))
    return keep
