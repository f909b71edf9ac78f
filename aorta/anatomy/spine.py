"""The vertebrae near the vessel as smooth closed surfaces: what an aneurysm leans on.

Made as the vessel's surfaces are (``surfaces.py``), but of every piece: vertebrae are apart where the
discs between them are not labelled.
"""

from __future__ import annotations

import numpy as np
import pyvista as pv
from scipy import ndimage as ndi

from aorta.anatomy.lattice import crop
from aorta.anatomy.surfaces import ITERATIONS, PASS_BAND, without_holes
from aorta.records import VESSEL, Array, Calcification, Labels, Surface

NEAR_MM = 20.0
"""Around the vessel's bounding box; bone further away is cut off."""
_SMALLEST_MM3 = 500.0
"""A piece below half a millilitre is no vertebral body but a calcification or a speck."""


def calcification_of(labels: Labels) -> Calcification | None:
    """The vessel's calcified voxels, or None where there are none."""
    places = np.argwhere(labels.mask("calcification"))
    if not len(places):
        return None
    return Calcification(labels.grid.to_lps(places[:, ::-1]), float(np.cbrt(labels.grid.voxel_volume_mm3)))


def spine_surface(labels: Labels) -> Surface | None:
    """The vertebrae of a label map near its vessel, or None where there is none.

    Voxels of the class ``vertebra`` within reach; holes filled, specks left out. Where the label map
    or the reach cuts a vertebra the surface is closed by a flat face.
    """
    bone, vessel = labels.mask("vertebra"), labels.mask(*VESSEL)
    if not bone.any() or not vessel.any():
        return None
    spacing = labels.grid.spacing_kji
    margin = np.ceil(NEAR_MM / spacing).astype(int)
    box = tuple(slice(max(0, s.start - m), s.stop + m) for s, m in zip(crop(vessel, 0), margin))
    kept = _bodies(bone[box], labels.grid.voxel_volume_mm3)
    if not kept.any():
        return None
    first = np.array([s.start for s in box]) - 1
    field = np.pad(kept.astype(np.float32), 1)
    image = pv.ImageData(dimensions=field.shape[::-1])
    image["inside"] = field.ravel()
    rough = image.contour([0.5], scalars="inside", method="flying_edges").triangulate().clean()
    places = labels.grid.to_lps(np.asarray(rough.points, float) + first[::-1])
    smooth = pv.PolyData(places, rough.faces).smooth_taubin(n_iter=ITERATIONS, pass_band=PASS_BAND, boundary_smoothing=False)
    surface = Surface(np.asarray(smooth.points, float), smooth.faces.reshape(-1, 4)[:, 1:].astype(np.int64))
    return surface if surface.volume_mm3 > 0 else Surface(surface.points, surface.triangles[:, ::-1].copy())


def _bodies(bone: Array, voxel_mm3: float) -> Array:
    """The mask without holes and specks."""
    pieces, count = ndi.label(bone)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * voxel_mm3
    sizes[0] = 0.0
    return without_holes((sizes >= _SMALLEST_MM3)[pieces])
