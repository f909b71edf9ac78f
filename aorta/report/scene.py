"""What the interactive view draws: the wall's outer face as flat arrays, base64 in JSON."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict

import numpy as np
from matplotlib import colormaps

from aorta.records import Array, WallMesh
from aorta.report.fieldspec import SPECS, linear_triangles
from aorta.report.pose import Pose

NO_VALUE = -1.0e30  # WebGL 1 cannot test for NaN


def scene(mesh: WallMesh, fields: dict[str, Array], pose: Pose) -> str:
    """JSON for ``viewer.js``: float32 points (n, 3) about `centre` in mm LPS, uint32 triangles (m, 3),
    float32 fields (n,) with their words, unit, colour range and 256 colours; ``sides``, the views by name."""
    triangles = linear_triangles(mesh.facets["outer"])
    used, inverse = np.unique(triangles, return_inverse=True)
    points = mesh.points[used]
    centre = (points.max(0) + points.min(0)) / 2
    shown = []
    for spec in SPECS:
        if spec.name in fields:
            values = fields[spec.name][used]
            table = (colormaps[spec.colours](np.linspace(0, 1, 256))[:, :3] * 255).round().astype(np.uint8)
            extent = {"least": float(np.nanmin(values)), "most": float(np.nanmax(values))} if np.isfinite(values).any() else {}
            filled = np.where(np.isfinite(values), values, NO_VALUE)
            shown.append(asdict(spec) | extent | {"values": _pack(filled, "<f4"), "table": _pack(table, "u1")})
    return json.dumps(
        {
            "centre": [float(c) for c in centre],
            "radius": float(np.linalg.norm(points - centre, axis=1).max()),
            "points": _pack(points - centre, "<f4"),
            "triangles": _pack(inverse.reshape(-1, 3), "<u4"),
            "sides": {name: rows.tolist() for name, rows in pose.sides.items()},
            "fields": shown,
        },
        allow_nan=False,
    )


def _pack(values: Array, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()
