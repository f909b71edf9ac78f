"""Whether a vessel goes over the arch, and then where it comes from the heart.

The upper end of an abdominal aorta is its highest place; an arch's highest place is its middle. An
arch shows in horizontal slices below its top: two wide limbs, one well in front of the other, that
join above and nowhere below. The foremost is the ascending aorta.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage as ndi

from aorta.anatomy.body import Body
from aorta.anatomy.lattice import Lattice
from aorta.anatomy.tips import core_near
from aorta.frames import AXES_LPS
from aorta.records import Array

CORE_MM = 5.0
"""Only places this deep are looked at: arch branches (radius 3 to 6 mm) hardly reach it."""

WIDE_MM = 8.0
"""Both limbs have an inscribed radius of at least this: half the 16 mm of a slender descending aorta."""

FORE_MM = 15.0
"""The ascending aorta lies this far in front of the descending one at least; iliac arteries part sideways."""

_STEP_MM, _DEEPEST_MM = 5.0, 90.0
"""How finely and how far below the top two limbs are looked for."""


def ascending_end(lattice: Lattice, body: Body) -> Array | None:
    """The voxel (3,) near the axis at the heart's end of an aorta with an arch; None without one."""
    if body.caution or not np.array_equal(body.superior, AXES_LPS["superior"]):
        return None  # which way is front is not known
    core = lattice.depth > CORE_MM
    if not core.any():
        return None
    pieces, _ = ndi.label(core, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    core = pieces == sizes.argmax()
    top = int(np.flatnonzero(core.any(axis=(1, 2)))[-1])
    step = max(1, int(round(_STEP_MM / lattice.step)))
    for level in range(top - 2 * step, max(top - int(_DEEPEST_MM / lattice.step), 0), -step):
        limb = _ascending_limb(lattice, core, level)
        if limb is not None:
            places = np.argwhere(limb)
            start = np.argwhere(limb[level])
            from_start = np.linalg.norm(places - np.r_[level, start.mean(axis=0)], axis=1)
            return core_near(lattice, places[from_start.argmax()])
    return None


def _ascending_limb(lattice: Lattice, core: Array, level: int) -> Array | None:
    """The part of the core below a slice that is the ascending aorta, (nk, nj, ni) bool, or None."""
    discs, count = ndi.label(core[level], structure=np.ones((3, 3)))
    if count < 2:
        return None
    depth = lattice.depth[level]
    wide = [n for n in range(1, count + 1) if depth[discs == n].max() >= WIDE_MM]
    if len(wide) != 2:
        return None
    centres = [np.argwhere(discs == n).mean(axis=0) * lattice.step for n in wide]
    front, back = (wide[0], wide[1]) if centres[0][0] < centres[1][0] else (wide[1], wide[0])
    apart = abs(centres[0] - centres[1])  # back-front, left-right
    if apart[0] < FORE_MM or apart[0] < 0.5 * apart[1]:
        return None
    above, _ = ndi.label(core[level:], structure=np.ones((3, 3, 3)))
    below = core.copy()
    below[level + 1 :] = False
    under, _ = ndi.label(below, structure=np.ones((3, 3, 3)))
    one, two = (discs == front), (discs == back)
    joined = np.intersect1d(above[0][one], above[0][two]).size > 0
    parted = np.intersect1d(under[level][one], under[level][two]).size == 0
    if not (joined and parted):
        return None
    return under == int(np.median(under[level][one]))
