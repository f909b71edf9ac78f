"""What a run will cost, from the size of its input: a guess good to a factor of two.

Seconds and gigabytes grow with the number of voxels for the stages on the image, with the number
of tetrahedra for those on the mesh. The coefficients are for one core of about 2022 and were fitted
to runs of this program.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from aorta.records import VESSEL, Labels
from aorta.settings import Case

BASE_GB = 0.25
"""The program with the libraries for images loaded; measured."""

# (seconds at least, seconds per million voxels, gigabytes per million voxels); measured on the
# phantom at 1.3 and 10.5 million voxels, except for MR, which is a guess
IMAGE = (0.3, 0.06, 0.01)
SEGMENT_CT = (6.0, 0.9, 0.055)
SEGMENT_MR = (5.0, 1.0, 0.055)
SEGMENT_GIVEN = (0.5, 0.15, 0.02)
ANATOMY = (3.0, 0.4, 0.055)
SECOND = (20.0, 0.2, 0.03)  # registration, mostly; 20.7 s beside a first image of 4.4 million voxels

MESH_SECONDS = 0.5  # per 1000 tetrahedra
# Mechanics, measured by `make bench` with two threads on an idle machine, prestress at diastole and on to systole: vessels
# without thrombus 6.5 to 9.3 s and 0.9 GB at 20,000 nodes, 25 to 36 s and 2.6 GB at 60,000, 90 to 100 s and 6 GB at 150,000;
# a patient's with thrombus 6.5 s at 19,000 and 25 s at 59,000
SOLVE_SECONDS, SOLVE_POWER = 29.0, 1.25  # at 60,000 nodes, and how it grows with them
SOLVER_GB, NODES_GB = 0.1, 0.037  # DOLFINx and PETSc loaded; per 1000 nodes
FORMS_SECONDS = 10.0  # compiling or loading the forms
WAY = {"inverse": 1.0, "none": 0.9, "linear": 0.3}  # the forward problem alone: 26 s of 29; one factorisation and its tangent
FORM = {"displacement": 1.0, "mixed": 1.5}  # MUMPS's factors cost more than CHOLMOD's
REFINING = 8.0  # times the first mesh and its solution, for two to three rounds
RISK_SECONDS = 0.015  # per 1000 tetrahedra
STENT_SECONDS = 0.5
REPORT_SECONDS = 18.0
REPORT_GB = 0.6

NODES_PER_TET = 1.7  # of quadratic tetrahedra in a thin wall
TETS_PER_PRISM = 3.0  # of a layer under one triangle of the wall
GUESSED_DIAMETER_MM = 38.0
GUESSED_LENGTH_MM = 200.0
GUESSED_THROMBUS_MM3 = 60e3
"""A typical aneurysm with its iliacs, where no label map says better."""


@dataclass(frozen=True)
class StageCost:
    """What one stage takes; ``memory_GB`` while it runs, everything included."""

    name: str
    seconds: float
    memory_GB: float


@dataclass(frozen=True)
class Estimate:
    """What a run takes.

    Parameters
    ----------
    stages : tuple of StageCost
        In the order they run.
    tetrahedra : int
    basis : str
        What the vessel's size was taken from.
    """

    stages: tuple[StageCost, ...]
    tetrahedra: int
    basis: str

    @property
    def seconds(self) -> float:
        """Of all stages."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def memory_GB(self) -> float:
        """At its highest."""
        return max((stage.memory_GB for stage in self.stages), default=BASE_GB)


def estimate(case: Case, voxels: int, labels: Labels | None, stages: Iterable[str]) -> Estimate:
    """The cost of these stages.

    Parameters
    ----------
    voxels : int
        Of the image or label map.
    labels : Labels or None
        The vessel, where there is one already.
    """
    area, thrombus = vessel_size(labels) if labels is not None else _guessed_size(case)
    tets = tetrahedra(case, area, thrombus)
    millions, thousands = voxels / 1e6, tets / 1e3
    automatic = case.labels is None and case.surfaces is None
    segment = SEGMENT_GIVEN
    if automatic:
        segment = SEGMENT_MR if case.image is not None and case.image.modality == "MR" else SEGMENT_CT

    if case.second is not None and case.second.gives != "points":  # one after the other; taken to be as large as the first
        theirs = SEGMENT_GIVEN if case.second.labels else SEGMENT_MR if case.second.modality == "MR" else SEGMENT_CT
        segment = (segment[0] + theirs[0], segment[1] + theirs[1], max(segment[2], theirs[2]))

    def on_voxels(least: float, seconds: float, memory_GB: float) -> tuple[float, float]:
        return least + seconds * millions, memory_GB * millions

    nodes, settings = NODES_PER_TET * tets, case.mechanics
    way = WAY[settings.prestress] * (FORM[settings.formulation] if settings.prestress != "linear" else 1.0)
    solve = FORMS_SECONDS + way * SOLVE_SECONDS * (nodes / 60e3) ** SOLVE_POWER
    costs = {
        "image": on_voxels(*IMAGE),
        "second": on_voxels(*SECOND),
        "segment": on_voxels(*segment),
        "correct": on_voxels(*SEGMENT_GIVEN),
        "anatomy": on_voxels(*ANATOMY),
        "mesh": (MESH_SECONDS * thousands, 0.01 * thousands),
        "mechanics": (solve, SOLVER_GB + NODES_GB * nodes / 1e3),
        "refine": (REFINING * (MESH_SECONDS * thousands + solve), SOLVER_GB + NODES_GB * 3 * nodes / 1e3),
        "risk": (RISK_SECONDS * thousands, 0.002 * thousands),
        "stent": (STENT_SECONDS, 0.0),
        "report": (REPORT_SECONDS, REPORT_GB),
    }
    told = tuple(StageCost(name, costs[name][0], BASE_GB + costs[name][1]) for name in stages)
    return Estimate(told, round(tets), "the label map" if labels is not None else "a typical aneurysm")


def tetrahedra(case: Case, area_mm2: float, thrombus_mm3: float) -> float:
    """How many, for a vessel with this outer area and thrombus volume."""
    triangles = area_mm2 / (math.sqrt(3) / 4 * case.mesh.size**2)
    in_wall = TETS_PER_PRISM * case.mesh.layers * triangles
    in_thrombus = thrombus_mm3 / (math.sqrt(2) / 12 * case.mesh.thrombus_size**3)
    return in_wall + in_thrombus


def vessel_size(labels: Labels) -> tuple[float, float]:
    """Outer area in mm² and thrombus volume in mm³.

    Faces between voxels overestimate an area of all orientations by 3/2 (mean of |cos| over the
    sphere in three directions).
    """
    vessel = labels.mask(*VESSEL)
    spacing = labels.grid.spacing_kji
    area = 0.0
    for axis in range(3):
        face = float(np.prod(spacing) / spacing[axis])
        area += face * np.count_nonzero(np.diff(vessel.view(np.int8), axis=axis, prepend=0, append=0))
    return area * 2.0 / 3.0, labels.volume_mL("thrombus") * 1000.0


def _guessed_size(case: Case) -> tuple[float, float]:
    area = math.pi * GUESSED_DIAMETER_MM * GUESSED_LENGTH_MM
    return area, GUESSED_THROMBUS_MM3 if case.segmentation.thrombus else 0.0
