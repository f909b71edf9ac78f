"""Unstable equilibria are told from stable ones: Euler's column, held straight beyond its buckling loads."""

import numpy as np
import pytest
from scipy.optimize import brentq

pytest.importorskip("dolfinx")

from aorta.mechanics.equilibrium import Equilibrium
from aorta.mechanics.materials.registry import material
from aorta.mechanics.newton import Newton
from aorta.mechanics.stability import stability_findings
from aorta.mechanics.supports import Prescribed
from aorta.verify import reference_meshes, solving

pytestmark = pytest.mark.fem
LENGTH, SHEAR, BULK = 12.0, 0.35, 35.0


def side_stretch(stretch):
    """At which a compressed neo-Hookean bar has no stress on its sides."""

    def stress(side):
        ratio = stretch * side**2
        return SHEAR * ratio ** (-5 / 3) * (side**2 - stretch**2) / 3 + BULK * (ratio - 1)

    return brentq(stress, 0.9, 1.2, xtol=1e-14)


@pytest.fixture(scope="module")
def column():
    """A square column of 1 mm, both faces clamped as they stand when the whole of it is evenly compressed."""
    mesh = reference_meshes.box((2, 2, 20), (1.0, 1.0, LENGTH))
    faces = np.unique(np.concatenate([mesh.facets["z0"], mesh.facets["z1"]]))
    held = np.zeros((len(mesh.points), 3), bool)
    held[faces] = True
    law = material("neo-hookean", {"mu": SHEAR}, BULK, "column")
    body = solving.body(mesh, wall=law, prescribed=Prescribed(held, np.zeros((len(mesh.points), 3))))
    newton = Newton(Equilibrium(body, prestressed=False), "forward")
    newton.set_load(0.0, 1.0)
    return mesh, newton


# Euler, clamped at both ends: critical strain k π² i² / L² with i² = b²/12 and k = 4 and 8.18, each in two directions:
# 2.3 and 4.7 % of a linear thin column; 2.45 and 4.9 % of this one
@pytest.mark.parametrize(("strain", "directions"), [(0.022, 0), (0.027, 2), (0.046, 2), (0.053, 4)])
def test_a_column_is_unstable_in_as_many_directions_as_it_can_buckle(column, strain, directions):
    mesh, newton = column
    side = side_stretch(1 - strain)
    places = newton.equilibrium.body.domain
    straight = mesh.points * [side - 1, side - 1, -strain]
    newton.equilibrium.given_values[:] = places.unknowns.spread(straight)
    places.write(newton.equilibrium.u, straight)
    newton.set_load(0.0, 1.0)
    residual, reactions = newton.assemble_residual()
    assert residual == pytest.approx(0.0, abs=1e-9 * reactions)  # an equilibrium, stable or not
    values = newton.unknown.x.array.copy()
    newton.linear.suspect = True
    found = stability_findings(newton, {"straight": (0.0, values)})[0]
    assert found.value == directions and found.valid == (directions == 0)
    assert (f"straight ({directions})" in found.caution) == (directions > 0)
    np.testing.assert_array_equal(newton.unknown.x.array, values)


def test_nothing_is_asked_where_nothing_is_suspect(column):
    column[1].linear.suspect = False
    assert stability_findings(column[1], {"straight": (0.0, column[1].unknown.x.array)}) == ()


@pytest.mark.parametrize("strain", [0.022, 0.027])
def test_an_indefinite_tangent_is_noticed(column, strain):
    """By Cholesky's factors that fail, and by the signs in LDLᵀ's."""
    mesh, newton = column
    side = side_stretch(1 - strain)
    newton.equilibrium.body.domain.write(newton.equilibrium.u, mesh.points * [side - 1, side - 1, -strain])
    rhs = newton.residual.duplicate()
    rhs.set(1.0)
    for kinds in (newton.linear._kinds[:1], (("mumps", "cholesky"),)):
        kept = type(newton.linear)(newton.matrix.system, newton.action.operator, newton.assemble_stiffness)
        kept._kinds = [*kinds, ("mumps", "cholesky")]
        kept._prepare()
        kept.solve(rhs, newton.step, 1e-6)
        assert kept.suspect == (strain > 0.0245)
        kept.release()
