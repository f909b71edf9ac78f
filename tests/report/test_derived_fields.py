"""What the VTU files hold: principal stresses and directions, strain, safety factor, and a series in time, read back by VTK."""

import dataclasses

import numpy as np
import pytest
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

from aorta.records import State
from aorta.report import derived, fields

VOIGT = ([0, 1, 2, 0, 1, 0], [0, 1, 2, 1, 2, 2])


def one_node(stress=None, strain=None, ratio=None):
    nodal = np.zeros((1, 6)) if stress is None else np.array([stress[VOIGT]])
    more = {} if strain is None else {"green_lagrange_nodal": np.array([strain[VOIGT]]), "volume_ratio_nodal": np.array([ratio])}
    return State("systole", 0.016, np.zeros((1, 3)), np.zeros((1, 1, 6)), np.ones((1, 1)), nodal, **more)


def test_principal_values_and_directions_of_a_known_tensor():
    axes = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    found = derived.derived(one_node(axes @ np.diag([0.30, 0.12, -0.02]) @ axes.T))
    for rank, value, axis in zip(("max", "mid", "min"), (300.0, 120.0, -20.0), axes.T):
        assert found[f"{rank}_principal_kPa"][0] == pytest.approx(value, rel=1e-12)
        direction = found[f"{rank}_principal_direction"][0]
        assert abs(direction @ axis) == pytest.approx(1.0, abs=1e-6)
        assert direction[np.abs(direction).argmax()] > 0
    assert "green_lagrange_strain" not in found


def test_strain_and_volume():
    strain = np.diag([0.1, 0.0, -0.05])
    found = derived.derived(one_node(strain=strain, ratio=0.99))
    np.testing.assert_allclose(
        [found[f"{rank}_principal_strain"][0] for rank in ("max", "mid", "min")], [0.1, 0.0, -0.05], atol=1e-8
    )
    assert found["volume_ratio"][0] == pytest.approx(0.99, rel=1e-6)


def test_missing_stress_stays_missing():
    values, directions = derived.eigen(np.array([[np.nan] * 6, [1.0, 2, 3, 0, 0, 0]]))
    assert np.isnan(values[0]).all() and np.isnan(directions[0]).all()
    np.testing.assert_allclose(values[1], [3, 2, 1])


def test_safety_factor_is_strength_over_tension():
    found = derived.safety_factor(np.array([200.0, 0.0, -5.0, np.nan]), np.array([800.0, 800.0, 800.0, 800.0]))
    np.testing.assert_array_equal(found, [4.0, np.nan, np.nan, np.nan])


def test_files_as_vtk_reads_them(full, tmp_path):
    """Every field with its number of components, on the quadratic tetrahedra, and consistent with the tensor beside it."""
    count = len(full.mesh.points)
    strained = dataclasses.replace(
        full.solution.states[1],
        green_lagrange_nodal=np.tile([0.1, 0, 0, 0, 0, 0.0], (count, 1)),
        volume_ratio_nodal=np.full(count, 1.01),
    )
    solution = dataclasses.replace(full.solution, states=(full.solution.states[0], strained))
    fields.write_fields(dataclasses.replace(full, solution=solution), tmp_path)
    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(tmp_path / "fields/wall_systole.vtu"))
    reader.Update()
    data = reader.GetOutput().GetPointData()
    found = {data.GetArrayName(q): data.GetArray(q).GetNumberOfComponents() for q in range(data.GetNumberOfArrays())}
    vectors = {f"{rank}_principal_direction": 3 for rank in derived.RANKS} | {"displacement_mm": 3, "unloaded_displacement_mm": 3}
    tensors = {"cauchy_MPa": 6, "green_lagrange_strain": 6}
    scalars = [f"{rank}_principal_{what}" for rank in derived.RANKS for what in ("kPa", "strain")]
    scalars += ["von_mises_kPa", "volume_ratio", "safety_factor", "rupture_index", "wall_strength_kPa", "wall_thickness_mm"]
    expected = {**vectors, **tensors, **dict.fromkeys(scalars, 1), "thrombus_thickness_mm": 1}
    assert {name: found.get(name) for name in expected} == expected
    read = {name: vtk_to_numpy(data.GetArray(name)) for name in expected}
    stress = read["cauchy_MPa"][:, derived._TENSOR] * 1000
    for rank in ("mid", "min"):
        n, value = read[f"{rank}_principal_direction"], read[f"{rank}_principal_kPa"]
        np.testing.assert_allclose(np.einsum("ni,nij,nj->n", n, stress, n), value, atol=1e-3)
    on_wall = np.isfinite(read["safety_factor"])
    np.testing.assert_allclose((read["safety_factor"] * read["rupture_index"])[on_wall], 1.0, rtol=1e-6)
    assert on_wall.sum() == (full.mesh.wall_thickness_mm > 0).sum()


def test_series_of_a_heart_beat(full, tmp_path):
    wave = [dataclasses.replace(full.solution.states[1], name=f"wave_{q:02d}", time_s=0.25 * q) for q in range(3)]
    solution = dataclasses.replace(full.solution, states=(*full.solution.states, *wave))
    names = fields.write_fields(dataclasses.replace(full, solution=solution), tmp_path)
    assert names[-1] == "fields/heart_beat.pvd"
    reader = pv.PVDReader(str(tmp_path / "fields/heart_beat.pvd"))
    assert list(reader.time_values) == [0.0, 0.25, 0.5]
    reader.set_active_time_value(0.5)
    assert reader.read()[0].field_data["state"][0] == "wave_02"
    fields.write_fields(full, tmp_path)
    assert not (tmp_path / "fields/heart_beat.pvd").exists()
