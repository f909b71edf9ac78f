"""Still pictures of a field on the wall from three sides, drawn off-screen."""

from __future__ import annotations

import numpy as np
import pyvista as pv
from matplotlib import colormaps
from matplotlib import pyplot as plt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from vtkmodules.vtkCommonCore import vtkLogger

from aorta.records import Array, WallMesh
from aorta.report.display import show
from aorta.report.fieldspec import FieldSpec, linear_triangles
from aorta.report.figures.figure import STYLE, Picture, finish
from aorta.report.pose import Pose

_BAR_MM = 50.0
_PIXELS = (420, 700)


def stills(mesh: WallMesh, fields: dict[str, Array], specs: tuple[FieldSpec, ...], pose: Pose) -> dict[str, Picture]:
    """One picture per field: the wall's outer face from the front, one side and the back.

    Parallel projection, so that the scale bar holds everywhere; fixed colour range.
    """
    triangles = linear_triangles(mesh.facets["outer"])
    used, inverse = np.unique(triangles, return_inverse=True)
    surface = pv.PolyData.from_regular_faces(mesh.points[used], inverse.reshape(-1, 3))
    centre = (mesh.points[used].max(0) + mesh.points[used].min(0)) / 2
    size = np.ptp(mesh.points[used], axis=0)
    sides = dict(list(pose.sides.items())[:3])
    width = max(float(np.abs(rows[0]) @ size) for rows in sides.values())
    half = 0.54 * max(float(np.abs(pose.up) @ size), width * _PIXELS[1] / _PIXELS[0])
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)  # it complains of a missing display before drawing without one
    plotter = pv.Plotter(off_screen=True, window_size=_PIXELS, lighting="light kit")
    plotter.enable_anti_aliasing("ssaa")
    plotter.enable_parallel_projection()
    pictures = {}
    for spec in specs:
        if spec.name not in fields:
            continue
        values = fields[spec.name][used]
        actor = plotter.add_mesh(surface.copy(), scalars=values, cmap=spec.colours, clim=(spec.low, spec.high), nan_color="#b8bec6",
                                 smooth_shading=True, show_scalar_bar=False, ambient=0.4, diffuse=0.68, specular=0.05)  # fmt: skip
        shots = [_shoot(plotter, centre, rows, half) for rows in sides.values()]
        plotter.remove_actor(actor)
        pictures[spec.name] = _compose(spec, values, dict(zip(sides, shots)), half)
    plotter.close()
    return pictures


def _shoot(plotter: pv.Plotter, centre: Array, rows: Array, half: float) -> Array:
    plotter.camera.focal_point, plotter.camera.position, plotter.camera.up = centre, centre + 600 * rows[2], rows[1]
    plotter.camera.parallel_scale = half
    plotter.reset_camera_clipping_range()
    plotter.render()  # a screenshot alone would repeat the first view
    return plotter.screenshot(return_img=True)


def _compose(spec: FieldSpec, values: Array, shots: dict[str, Array], half: float) -> Picture:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    with plt.rc_context(STYLE):
        figure = plt.figure(figsize=(7.6, 3.9))  # places given: a layout engine would take longer than the drawing
        axes = [figure.add_axes((0.01 + 0.28 * q, 0.01, 0.27, 0.92)) for q in range(3)]
        pixels = _PIXELS[1] / (2 * half) * _BAR_MM
        for ax, (side, shot) in zip(axes, shots.items()):
            ax.imshow(shot)
            ax.set_axis_off()
            ax.set_title(side, fontsize=9)
        axes[0].plot([15, 15 + pixels], [_PIXELS[1] - 12] * 2, color="#1f2933", lw=2, solid_capstyle="butt")
        axes[0].text(15 + pixels / 2, _PIXELS[1] - 22, f"{_BAR_MM:.0f} mm", ha="center", fontsize=7)
        scale = ScalarMappable(Normalize(spec.low, spec.high), colormaps[spec.colours])
        extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(
            (low < spec.low, high > spec.high), "neither"
        )
        bar = figure.colorbar(scale, cax=figure.add_axes((0.88, 0.05, 0.018, 0.86)), extend=extend)
        bar.outline.set_visible(False)
        bar.set_label(f"{spec.label}{f' ({spec.unit})' if spec.unit else ''}")
    extent = f"{show(low)} to {show(high)}{f' {spec.unit}' if spec.unit else ''}"
    alt = f"{spec.label} on the outer face of the wall; views: {', '.join(shots)}; {extent}."
    caption = f"{spec.label} on the wall's outer face: {extent}. The colour range is the same in every report."
    return finish(figure, "png", alt, caption, dpi=130)
