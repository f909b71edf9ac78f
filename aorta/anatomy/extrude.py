"""Vessels that the label map cuts off flat, carried on a little.

A flat cut puts a sharp rim where the vessel has none. A smoothed surface rings beside it (0.3 mm
on a 16 mm tube, over a centimetre) and a centreline bends towards its corner. So the last slice is
repeated along the vessel's direction before anything is traced or smoothed; sections, ends and
volumes still come from inside the labels alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.records import VESSEL, Array, Grid, Labels

LENGTH_MM = 20.0
"""How far: beyond the reach of the smoothing and of the largest ball of a neck or an iliac artery."""

_LOOK_MM = 6.0  # how far inside the direction and the width are compared
_FLAT = 0.85  # a dome's or a flank's first slice is much smaller than the next few millimetres', a cut vessel's is not
_SLENDER = 1.5  # the vessel must reach this many times the cut's width away from the face, or it is a block
_SMALLEST_MM2 = 10.0
_STEEPEST = 1.7  # mm sideways for each mm on: 60° off the face's normal


@dataclass(frozen=True)
class Place:
    """Where the given label map lies in the one carried on, as slices [k, j, i].

    ``given`` is all of it, ``vessel`` the bounding box of its vessel: what is beyond is made up.
    """

    given: tuple[slice, ...]
    vessel: tuple[slice, ...]
    carried_on: tuple[tuple[int, bool], ...]  # array axis, and whether at its upper end

    def faces(self, grid: Grid) -> list[tuple[Array, Array]]:
        """Origin (3,) mm LPS and outward unit normal (3,) of the faces where the vessel was carried on."""
        faces = []
        for axis, last in self.carried_on:
            ijk = np.zeros(3)
            ijk[2 - axis] = self.vessel[axis].stop - 0.5 if last else self.vessel[axis].start - 0.5
            # the normal of a grid plane is a row of the inverse affine
            normal = (1.0 if last else -1.0) * np.linalg.inv(grid.affine_lps)[2 - axis, :3]
            faces.append((grid.to_lps(ijk), normal / np.linalg.norm(normal)))
        return faces


def extruded(labels: Labels) -> tuple[Labels, Place]:
    """The label map with its vessel carried on beyond every flat face of its bounding box,
    and where the given one lies in it.

    Parameters
    ----------
    labels : Labels
        Cut down to the vessel (``intake.cropped``).
    """
    spacing = labels.grid.spacing_kji
    margin = np.ceil(LENGTH_MM / spacing).astype(int)
    voxels = np.pad(labels.voxels, [(m, m) for m in margin])
    vessel = labels.mask(*VESSEL)
    boxes = ndi.find_objects(vessel.astype(np.uint8))[0]
    carried_on = []
    for axis in range(3):
        for last in (False, True):
            # views whose axis 0 runs from the face inward
            flip = slice(None, None, -1) if last else slice(None)
            own = np.moveaxis(labels.voxels, axis, 0)[flip]
            room = np.moveaxis(voxels, axis, 0)[flip]
            start = own.shape[0] - boxes[axis].stop if last else boxes[axis].start
            order = [axis, *(a for a in range(3) if a != axis)]
            seen = np.moveaxis(vessel, axis, 0)[flip]
            stop = start + boxes[axis].stop - boxes[axis].start
            if _carry_on(own[start:stop], seen[start:stop], room, start, spacing[order], margin[order]):
                carried_on.append((axis, last))
    affine = labels.grid.affine_lps.copy()
    affine[:3, 3] = labels.grid.to_lps(-margin[::-1])
    given = tuple(slice(m, m + n) for m, n in zip(margin, labels.grid.shape_kji))
    vessel_box = tuple(slice(m + b.start, m + b.stop) for m, b in zip(margin, boxes))
    return Labels(Grid(voxels.shape, affine), voxels), Place(given, vessel_box, tuple(carried_on))


def _carry_on(own: Array, vessel: Array, room: Array, start: int, spacing: Array, margin: Array) -> bool:
    """Repeat the pieces of the first slice of ``own`` outward into ``room``, in place; whether there was one."""
    look = min(int(round(_LOOK_MM / spacing[0])), len(own) - 1)
    if look < 1:
        return False
    any_piece = False
    pieces, count = ndi.label(vessel[0], structure=np.ones((3, 3)))
    deeper, _ = ndi.label(vessel[look], structure=np.ones((3, 3)))
    pixel = spacing[1] * spacing[2]
    for number in range(1, count + 1):
        places = np.argwhere(pieces == number)
        if len(places) * pixel < _SMALLEST_MM2:
            continue
        centre = places.mean(axis=0)
        below = _same_vessel(deeper, centre, spacing[1:])
        if below is None or len(places) < _FLAT * _widest(vessel[: look + 1], centre, spacing[1:]):
            continue
        if len(vessel) * spacing[0] < _SLENDER * 2.0 * np.sqrt(len(places) * pixel / np.pi):
            continue
        shift = (centre - below.mean(axis=0)) / look  # voxels sideways for each slice on
        tilt = np.linalg.norm(shift * spacing[1:]) / spacing[0]
        if tilt > _STEEPEST:
            continue
        values = own[0][tuple(places.T)]
        for step in range(1, margin[0] + 1):
            moved = places + margin[1:] + np.round(step * shift).astype(int)
            ok = ((moved >= 0) & (moved < room.shape[1:])).all(axis=1)
            target = room[margin[0] + start - step]
            free = target[tuple(moved[ok].T)] == 0
            target[tuple(moved[ok][free].T)] = values[ok][free]
        any_piece = True
    return any_piece


def _widest(slices: Array, centre: Array, spacing: Array) -> int:
    """The largest number of pixels of the vessel in any of these slices."""
    found = (_same_vessel(ndi.label(one)[0], centre, spacing) for one in slices)
    return max((len(places) for places in found if places is not None), default=0)


def _same_vessel(pieces: Array, centre: Array, spacing: Array) -> Array | None:
    """Places (n, 2) of the piece nearest to a point of the slice, within the reach of a steep vessel."""
    places = np.argwhere(pieces > 0)
    if not len(places):
        return None
    distance = np.linalg.norm((places - centre) * spacing, axis=1)
    nearest = int(distance.argmin())
    if distance[nearest] > _STEEPEST * _LOOK_MM:
        return None
    return np.argwhere(pieces == pieces[tuple(places[nearest])])
