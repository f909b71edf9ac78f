"""Segmentation laid over the image: axial levels, one coronal and one sagittal plane.

Planes are those of the patient whatever the scan's orientation: the volume is resampled along LPS
axes. Shown as radiologists look: the patient's right on the left of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from scipy.ndimage import map_coordinates

from aorta.records import VESSEL, Anatomy, Array, Labels, Results, Volume
from aorta.report.figures.figure import LUMEN, STYLE, Picture, finish

MARGIN_MM = 35.0
CT_WINDOW = (-160.0, 460.0)  # HU: soft tissue, with contrasted blood still short of white
_OUTER = "#38bdf8"
_KINDS = {  # in-plane axes (right of picture, up), letters left, right, bottom, top
    "axial": ((0, 1), ("R", "L", "P", "A"), (1, -1)),
    "coronal": ((0, 2), ("R", "L", "I", "S"), (1, 1)),
    "sagittal": ((1, 2), ("A", "P", "I", "S"), (1, 1)),
}


@dataclass(frozen=True)
class _Plane:
    kind: str
    title: str
    at: Array  # (3,) a point of the plane, mm LPS


def axial(results: Results, count: int = 6) -> Picture | None:
    """Axial planes at landmarks and between, with the contours of lumen and vessel."""
    if results.segmentation is None:
        return None
    labels = results.segmentation.labels
    box = _box(labels)
    planes = [_Plane("axial", title, point) for title, point in _levels(results.anatomy, labels, box, count)]
    figure = _draw(results.volume, labels, planes, box, rows=2)
    where = ", ".join(f"{p.title} (z {p.at[2]:.0f} mm)" for p in planes)
    caption = "Contours of the lumen (orange) and of the whole vessel (blue) on axial planes, head to foot. Bars: 20 mm."
    return finish(
        figure, "jpeg", f"Axial planes of the {_what(results)} with the segmented lumen and vessel outlined: {where}.", caption
    )


def long_planes(results: Results) -> Picture | None:
    """A coronal and a sagittal plane through the thickest part of the vessel."""
    if results.segmentation is None:
        return None
    labels = results.segmentation.labels
    box = _box(labels)
    middle = _thickest(labels)
    planes = [
        _Plane(kind, f"{kind}, {axis} {middle[q]:.0f} mm", middle) for kind, axis, q in (("coronal", "y", 1), ("sagittal", "x", 0))
    ]
    caption = "The same contours on a coronal and a sagittal plane through the level where the vessel is thickest. Bars: 20 mm."
    alt = f"Coronal and sagittal plane of the {_what(results)} with the segmented lumen and vessel outlined."
    return finish(_draw(results.volume, labels, planes, box, rows=1), "jpeg", alt, caption)


def _what(results: Results) -> str:
    return f"{results.volume.modality} image" if results.volume is not None else "label map"


def _box(labels: Labels) -> Array:
    """(2, 3) mm LPS: lowest and highest corner around the vessel, with a margin, within the grid."""
    index = np.argwhere(labels.mask(*VESSEL))
    if not len(index):
        index = np.array([[0, 0, 0], np.array(labels.voxels.shape) - 1])
    corners = np.array(np.meshgrid(*zip(index.min(0), index.max(0)), indexing="ij")).reshape(3, -1).T
    vessel = labels.grid.to_lps(corners[:, ::-1])
    all_corners = np.array(np.meshgrid(*[(0, n - 1) for n in labels.voxels.shape], indexing="ij")).reshape(3, -1).T
    grid = labels.grid.to_lps(all_corners[:, ::-1])
    return np.array([np.maximum(vessel.min(0) - MARGIN_MM, grid.min(0)), np.minimum(vessel.max(0) + MARGIN_MM, grid.max(0))])


def _thickest(labels: Labels) -> Array:
    """Centre (3,) of the slice with most vessel in it."""
    mask = labels.mask(*VESSEL)
    k = int(mask.sum((1, 2)).argmax())
    j, i = (np.mean(q) for q in np.nonzero(mask[k])) if mask[k].any() else (mask.shape[1] / 2, mask.shape[2] / 2)
    return labels.grid.to_lps(np.array([i, j, k]))


def _levels(anatomy: Anatomy | None, labels: Labels, box: Array, count: int) -> list[tuple[str, Array]]:
    """Titles and points, head first: landmarks and the largest section, the widest gaps filled evenly."""
    wanted: list[tuple[str, Array]] = []
    if anatomy is not None:
        shown = ("lowest_renal", "neck_end", "aortic_bifurcation")
        wanted = [(m.name.replace("_", " "), m.point) for m in anatomy.landmarks if m.name in shown]
        sections = anatomy.sections_of("aorta")
        if sections is not None and np.isfinite(sections.outer_max_diameter_mm).any():
            wanted.append(("maximum diameter", sections.centre[np.nanargmax(sections.outer_max_diameter_mm)]))
    where = labels.grid.to_lps(np.argwhere(labels.mask(*VESSEL))[::7, ::-1])
    low, high = np.quantile(where[:, 2], [0.01, 0.99]) if len(where) else box[:, 2]
    wanted = [(title, np.asarray(p, float)) for title, p in wanted if box[0, 2] <= p[2] <= box[1, 2]][:count]
    while len(wanted) < count:
        z = np.sort([low, high, *(p[2] for _, p in wanted)])
        gap = int(np.diff(z).argmax())
        wanted.append(("", np.array([*box.mean(0)[:2], (z[gap] + z[gap + 1]) / 2])))
    return sorted(wanted, key=lambda item: -item[1][2])


def _draw(volume: Volume | None, labels: Labels, planes: list[_Plane], box: Array, rows: int) -> plt.Figure:
    columns = len(planes) // rows
    (a, b) = _KINDS[planes[0].kind][0]
    size = box[1] - box[0]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(rows, columns, squeeze=False, layout="constrained",
                                    figsize=(7.6, min(9.0, 7.6 / columns * rows * size[b] / size[a] + 0.3 * rows)))  # fmt: skip
        for ax, plane in zip(axes.ravel(), planes):
            _panel(ax, volume, labels, plane, box)
    return figure


def _panel(ax: Axes, volume: Volume | None, labels: Labels, plane: _Plane, box: Array) -> None:
    (a, b), letters, (_, up) = _KINDS[plane.kind]
    step = max(0.4, float(labels.grid.spacing_ijk.min()))
    x, y = (np.arange(box[0, q], box[1, q], step) for q in (a, b))
    points = np.broadcast_to(plane.at, (len(y), len(x), 3)).copy()
    points[..., a], points[..., b] = np.meshgrid(x, y)
    if volume is not None:
        low, high = CT_WINDOW if volume.modality == "CT" else np.percentile(volume.voxels[::4, ::4, ::4], [1, 99.5])
        ax.imshow(_sample(volume.grid, volume.voxels, points), cmap="gray", vmin=low, vmax=high, extent=(x[0], x[-1], y[0], y[-1]),
                  origin="lower", interpolation="bilinear")  # fmt: skip
    else:
        ax.set_facecolor("black")
    for names, colour in ((VESSEL, _OUTER), (("lumen",), LUMEN)):
        inside = _sample(labels.grid, labels.mask(*names).astype(np.float32), points)
        if inside.max() > 0.5 > inside.min():
            ax.contour(x, y, inside, [0.5], colors=[colour], linewidths=1.1)
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1])[::up], aspect="equal", xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    title = plane.title if plane.kind != "axial" else f"{plane.title + ', ' if plane.title else ''}z {plane.at[2]:.0f} mm"
    ax.set_title(title, fontsize=8, loc="left", pad=3)
    edge = [withStroke(linewidth=1.6, foreground="black")]
    places = (
        (0.02, 0.5, "left", "center"),
        (0.98, 0.5, "right", "center"),
        (0.5, 0.03, "center", "bottom"),
        (0.5, 0.97, "center", "top"),
    )
    for letter, (u, v, ha, va) in zip(letters, places):
        ax.text(u, v, letter, transform=ax.transAxes, color="#fde68a", fontsize=8, weight="bold", ha=ha, va=va, path_effects=edge)
    width = (x[-1] - x[0]) or 1.0
    ax.plot([0.05, 0.05 + 20 / width], [0.05, 0.05], transform=ax.transAxes, color="white", lw=2.2, solid_capstyle="butt")


def _sample(grid: object, voxels: Array, points: Array) -> Array:
    """Linear interpolation of voxels [k, j, i] at LPS points (..., 3)."""
    ijk = grid.to_ijk(points)
    return map_coordinates(voxels, np.moveaxis(ijk[..., ::-1], -1, 0), order=1, mode="nearest", output=np.float32)
