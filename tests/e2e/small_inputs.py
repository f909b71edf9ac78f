"""Small inputs of every kind, good until broken; every file's name holds the marker, since it may name the patient."""

import nibabel
import numpy as np
import pyvista as pv
from command_line import MARKER

SERIES, IMAGE, LABELS, SURFACE = f"{MARKER}_jane", f"{MARKER}_i.nii.gz", f"{MARKER}_l.nii.gz", f"{MARKER}_l.stl"
HEAD = "schema_version: 1\ncase_id: K\n"
SPACING = 1.5


def vessel(offset_mm=0.0, shape=(60, 30, 30), ends=(2, 58), radius=6.0):
    """A straight tube along k with a bulge, in voxels (k, j, i); the lumen is 1."""
    k, j, i = np.mgrid[: shape[0], : shape[1], : shape[2]]
    apart = np.hypot(j - (shape[1] - 1) / 2, i - (shape[2] - 1) / 2 - offset_mm / SPACING)
    voxels = np.zeros(shape, np.uint8)
    voxels[(apart < radius + 4 * np.exp(-(((k - shape[0] / 2) / 9.0) ** 2))) & (k >= ends[0]) & (k < ends[1])] = 1
    return voxels


def save(path, voxels, affine=None):
    """NIfTI of voxels (k, j, i); ``affine`` is RAS and acts on (i, j, k)."""
    affine = np.diag([SPACING, SPACING, SPACING, 1.0]) if affine is None else affine
    nibabel.save(nibabel.Nifti1Image(voxels.transpose(2, 1, 0), affine), path)


def labels(folder, voxels=None, keys="", **options):
    """Writes a label map and returns what the case file says of it."""
    save(folder / LABELS, vessel() if voxels is None else voxels, **options)
    return f"labels: {{path: {LABELS}{keys}}}\n"


def image(folder, lumen=None, blood=300, keys="", **options):
    """Writes a CT: fat, noise of 10 HU, and ``blood`` within the lumen."""
    lumen = vessel() if lumen is None else lumen
    voxels = np.random.default_rng(1).normal(-60.0, 10.0, lumen.shape)
    voxels[lumen == 1] += blood + 60.0
    save(folder / IMAGE, voxels.astype(np.int16), **options)
    return f"image: {{path: {IMAGE}, modality: CT{keys}}}\n"


def tube(radius=8.0, height=60.0, x=0.0, capped=True):
    """A closed cylinder of triangles."""
    solid = pv.Cylinder(radius=radius, height=height, resolution=32, direction=(0, 0, 1), center=(x, 0, 0), capping=capped)
    return solid.triangulate().clean()


def surface(folder, mesh=None, unit="mm", name=SURFACE, keys=""):
    """Writes a surface and returns what the case file says of it."""
    (tube() if mesh is None else mesh).save(folder / name)
    return f"surfaces: {{lumen: {name}, unit: {unit}, frame: LPS{keys}}}\n"


def junk(folder, name, content=b"\xff\xd8\xff\xe0" + bytes(600)):
    """Writes a file that is not what its name says: a JPEG unless told otherwise."""
    (folder / name).write_bytes(content)


def cut(path, share):
    """Keeps only this share of a file, from its start."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
