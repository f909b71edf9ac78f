"""Segmentation laid over the image: levels across the body, one plane along it from the front, one from the side.

Planes are those of the patient whatever the scan's orientation: the volume is resampled along LPS
axes. Shown as radiologists look: the patient's right on the left of the picture. Where the image
has lost its orientation, "across" and "along" go by the aorta's own course.
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
from aorta.report.pose import Pose, axis, letter, pose

MARGIN_MM = 35.0
CT_WINDOW = (-160.0, 460.0)  # HU: soft tissue, with contrasted blood still short of white
_OUTER = "#38bdf8"
_NAMES = ("sagittal", "coronal", "axial")  # planes across x, y, z


@dataclass(frozen=True)
class _Plane:
    title: str
    at: Array  # (3,) a point of the plane, mm LPS
    right: Array  # (3,) signed axes of the picture
    up: Array


def across(results: Results, count: int = 6) -> Picture | None:
    """Planes across the body (axial) at landmarks and between, with the contours of lumen and vessel."""
    if results.segmentation is None:
        return None
    labels, stance = results.segmentation.labels, pose(results.anatomy)
    box, level = _box(labels), axis(stance.up)
    found = _levels(results.anatomy, labels, box, count, stance)
    words = [f"{title + ', ' if title else ''}{'xyz'[level]} {point[level]:.0f} mm" for title, point in found]
    planes = [_Plane(title, point, stance.right, stance.towards) for title, (_, point) in zip(words, found)]
    figure = _draw(results.volume, labels, planes, box, rows=2)
    kind = f"{_NAMES[level]} planes" if stance.usual else f"{_NAMES[level]} planes, which lie across the vessel here"
    caption = f"Contours of the lumen (orange) and of the whole vessel (blue) on {kind}, head to foot. Bars: 20 mm."
    alt = f"{_NAMES[level].capitalize()} planes of the {_what(results)} with the segmented lumen and vessel outlined: "
    return finish(figure, "jpeg", f"{alt}{'; '.join(words)}.", caption)


def along(results: Results) -> Picture | None:
    """A plane along the body from the front (coronal) and one from the side (sagittal), through the thickest part of the vessel."""
    if results.segmentation is None:
        return None
    labels, stance = results.segmentation.labels, pose(results.anatomy)
    box, middle = _box(labels), _thickest(labels, axis(stance.up))
    planes = []
    for right in (stance.right, -stance.towards):
        through = 3 - axis(right) - axis(stance.up)
        planes.append(_Plane(f"{_NAMES[through]}, {'xyz'[through]} {middle[through]:.0f} mm", middle, right, stance.up))
    kinds = " and one ".join(plane.title.split(",")[0] for plane in planes)
    caption = f"The same contours on one {kinds} plane through the level where the vessel is thickest. Bars: 20 mm."
    alt = f"One {kinds} plane of the {_what(results)} with the segmented lumen and vessel outlined."
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


def _thickest(labels: Labels, along: int) -> Array:
    """Centre (3,) of the slice with most vessel in it, of the slices along an LPS axis."""
    affine = labels.grid.affine_lps[:3, :3]
    kji = 2 - int(np.abs(affine[along] / np.linalg.norm(affine, axis=0)).argmax())
    places = np.argwhere(labels.mask(*VESSEL))
    if not len(places):
        return labels.grid.to_lps((np.array(labels.voxels.shape)[::-1] - 1) / 2)
    at = np.bincount(places[:, kji]).argmax()
    return labels.grid.to_lps(places[places[:, kji] == at].mean(axis=0)[::-1])


def _levels(anatomy: Anatomy | None, labels: Labels, box: Array, count: int, stance: Pose | None = None) -> list[tuple[str, Array]]:
    """Titles and points, head first: landmarks and the largest section, the widest gaps filled evenly."""
    stance = stance or pose(anatomy)
    level, head = axis(stance.up), float(stance.up.sum())
    wanted: list[tuple[str, Array]] = []
    if anatomy is not None:
        shown = ("lowest_renal", "neck_end", "aortic_bifurcation")
        wanted = [(m.name.replace("_", " "), m.point) for m in anatomy.landmarks if m.name in shown]
        sections = anatomy.sections_of("aorta")
        if sections is not None and np.isfinite(sections.outer_max_diameter_mm).any():
            wanted.append(("maximum diameter", sections.centre[np.nanargmax(sections.outer_max_diameter_mm)]))
    where = labels.grid.to_lps(np.argwhere(labels.mask(*VESSEL))[::7, ::-1])
    low, high = np.quantile(where[:, level], [0.01, 0.99]) if len(where) else box[:, level]
    wanted = [(title, np.asarray(p, float)) for title, p in wanted if box[0, level] <= p[level] <= box[1, level]][:count]
    while len(wanted) < count:
        heights = np.sort([low, high, *(p[level] for _, p in wanted)])
        gap = int(np.diff(heights).argmax())
        point = box.mean(0)
        point[level] = (heights[gap] + heights[gap + 1]) / 2
        wanted.append(("", point))
    return sorted(wanted, key=lambda item: -head * item[1][level])


def _draw(volume: Volume | None, labels: Labels, planes: list[_Plane], box: Array, rows: int) -> plt.Figure:
    columns = len(planes) // rows
    size = box[1] - box[0]
    width, height = (max(size[axis(v)] for v in vectors) for vectors in zip(*((p.right, p.up) for p in planes)))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(rows, columns, squeeze=False, layout="constrained",
                                    figsize=(7.6, min(9.0, 7.6 / columns * rows * height / width + 0.3 * rows)))  # fmt: skip
        for ax, plane in zip(axes.ravel(), planes):
            _panel(ax, volume, labels, plane, box)
    return figure


def _panel(ax: Axes, volume: Volume | None, labels: Labels, plane: _Plane, box: Array) -> None:
    step = max(0.4, float(labels.grid.spacing_ijk.min()))
    x, y = (np.arange(*sorted(box[:, axis(v)] * v.sum()), step) for v in (plane.right, plane.up))
    points = np.broadcast_to(plane.at, (len(y), len(x), 3)).copy()
    for values, vector in zip(np.meshgrid(x, y), (plane.right, plane.up)):
        points[..., axis(vector)] = values * vector.sum()
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
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), aspect="equal", xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title(plane.title, fontsize=8, loc="left", pad=3)
    edge = [withStroke(linewidth=1.6, foreground="black")]
    places = (
        (0.02, 0.5, "left", "center"),
        (0.98, 0.5, "right", "center"),
        (0.5, 0.03, "center", "bottom"),
        (0.5, 0.97, "center", "top"),
    )
    style = {"color": "#fde68a", "fontsize": 8, "weight": "bold", "path_effects": edge}
    for direction, (u, v, ha, va) in zip((-plane.right, plane.right, -plane.up, plane.up), places):
        ax.text(u, v, letter(direction), transform=ax.transAxes, ha=ha, va=va, **style)
    width = (x[-1] - x[0]) or 1.0
    ax.plot([0.05, 0.05 + 20 / width], [0.05, 0.05], transform=ax.transAxes, color="white", lw=2.2, solid_capstyle="butt")


def _sample(grid: object, voxels: Array, points: Array) -> Array:
    """Linear interpolation of voxels [k, j, i] at LPS points (..., 3)."""
    ijk = grid.to_ijk(points)
    return map_coordinates(voxels, np.moveaxis(ijk[..., ::-1], -1, 0), order=1, mode="nearest", output=np.float32)
