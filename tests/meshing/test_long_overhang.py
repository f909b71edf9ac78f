"""The imaged vessel often goes on far beyond the modelled part (an aorta in view up to the chest)."""

import numpy as np
import pytest
from analytic_vessels import tube

from aorta.meshing.build import build_mesh
from aorta.settings import MeshSettings, ThrombusSettings, WallSettings


def test_imaged_volumes_are_those_of_the_modelled_part():
    """20 mm of tube between the ends, 35 mm more on either side."""
    mesh = build_mesh(tube(length=20.0, overhang=35.0), MeshSettings(size=5.0), WallSettings(), ThrombusSettings())
    found = {f.name: f.value for f in mesh.findings}
    lumen, vessel = (np.pi * r**2 * 20.0 / 1000.0 for r in (10.0, 11.5))
    assert found["imaged_lumen_volume_mL"] == pytest.approx(lumen, rel=0.01)
    assert found["imaged_vessel_volume_mL"] == pytest.approx(vessel, rel=0.01)
    assert found["mesh_lumen_volume_mL"] == pytest.approx(lumen, rel=0.01)
