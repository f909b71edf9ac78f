"""The reference geometry: its frozen numbers come out again, and the comparison would notice if they did not."""

import sys
from pathlib import Path

import numpy as np
import pytest

MESHES = Path(__file__).parents[2] / "meshes"
FOLDER = MESHES / "fusiform-thrombus"
sys.path.insert(0, str(MESHES))

from reference import compare, frozen_numbers, measure, read_mesh, write_mesh  # noqa: E402

FROZEN = frozen_numbers(FOLDER)


@pytest.fixture(scope="module")
def mesh():
    return read_mesh(FOLDER / "mesh.vtu")


@pytest.mark.fem
def test_numbers_are_as_frozen(mesh):
    pytest.importorskip("dolfinx")
    assert compare(measure(mesh), FROZEN) == []


@pytest.mark.parametrize("sense", [-1, 1])
@pytest.mark.parametrize("name", FROZEN)
def test_twice_the_tolerance_is_noticed(name, sense):
    values = {key: entry["value"] for key, entry in FROZEN.items()}
    assert compare(values, FROZEN) == []
    values[name] *= 1 + sense * 2 * FROZEN[name]["relative_tolerance"]
    told = compare(values, FROZEN)
    assert len(told) == 1 and told[0].startswith(f"{name}: ")


def test_missing_new_and_undefined_numbers_are_noticed():
    values = {key: entry["value"] for key, entry in FROZEN.items()}
    first = next(iter(values))
    assert compare({**values, first: float("nan")}, FROZEN)[0].startswith(f"{first}: nan instead of")
    assert compare({**values, "another": 1.0}, FROZEN) == ["another: measured but not frozen"]
    del values[first]
    assert compare(values, FROZEN) == [f"{first}: frozen but not measured"]


def test_mesh_is_that_of_the_recipe(mesh):
    """Nodes of blood and outer face lie where the recipe's formulas are zero, but for the mesher's smoothing."""
    sys.path.insert(0, str(FOLDER))
    import recipe

    b = recipe.bulge((np.arange(20000) + 0.5) / 200.0 - 50.0)
    blood, whole = (
        100.0 * np.pi * np.mean(radius**2) for radius in (recipe.LUMEN + recipe.LUMEN_GROWTH * b, recipe.NECK + recipe.SAC * b)
    )
    solid = sum(FROZEN[f"{name}_volume_mm3"]["value"] for name in ("wall", "thrombus"))
    assert solid == pytest.approx(whole - blood, rel=4e-3)
    for name, distance, near in (("outer", recipe.outer, 0.02), ("blood", recipe.lumen, 0.2)):
        nodes = mesh.points[np.unique(mesh.facets[name][:, :3])]
        nodes = nodes[np.abs(nodes[:, 2]) < 49.0]
        assert np.quantile(np.abs(distance(nodes)), 0.95) == pytest.approx(0.0, abs=near)


def test_file_keeps_the_mesh(mesh, tmp_path):
    write_mesh(mesh, tmp_path / "again.vtu")
    again = read_mesh(tmp_path / "again.vtu")
    for field in ("points", "tets", "region", "thrombus_thickness_mm", "wall_thickness_mm"):
        np.testing.assert_array_equal(getattr(again, field), getattr(mesh, field))
    assert again.facets.keys() == mesh.facets.keys()
    for name in mesh.facets:
        np.testing.assert_array_equal(again.facets[name], mesh.facets[name])
