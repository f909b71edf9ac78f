"""Calcification as stiff inclusions: a neo-Hookean solid that adds to the wall's law where it is.

W + c μ/2 (Ī1 - 3), with c the calcified share (0 to 1) of a place and μ = E/3. Both deform together and are
free of stress in one shape, the unloaded one. The bulk modulus grows by the same factor as the shear modulus at rest, so that
Poisson's ratio is the wall's everywhere: were it left, a stiff place would be more and more compressible. Thrombus has
none, whatever the share at nodes where it meets the wall.
"""

from __future__ import annotations

import numpy as np

from aorta.mechanics import tet10
from aorta.records import Array, WallMesh

FIELD = "calcified"


def calcified(mesh: WallMesh, at: Array) -> Array:
    """(m, q) calcified share at reference points (q, 3), from the nodes' by the elements' shape functions."""
    return np.clip(mesh.calcified_share[mesh.tets] @ tet10.shape(at).T, 0.0, 1.0)
