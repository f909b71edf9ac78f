"""The values that flow from stage to stage: frozen dataclasses over numpy arrays.

Units mm, MPa, N; frame LPS. Arrays over a grid are indexed [k, j, i] (slice, row, column), as
SimpleITK and DICOM hand them over; ``Grid.affine_lps`` acts on (i, j, k). A value that exists is
valid: constructors check, nothing is half built. Everything here can be stored by
``pipeline/freeze.py``: fields are arrays, numbers, text, None, other records, tuples and mappings.

Stages import from ``aorta.records`` alone; its modules follow the data's way.
"""

from aorta.records.anatomy import Anatomy, Branch, Calcification, End, Landmark, Sections, Surface, ThicknessPoints
from aorta.records.base import Array, Progress, silent
from aorta.records.finding import Finding, withheld
from aorta.records.heart_cycle import HeartCycle, PressureWave
from aorta.records.image import CLASSES, NO_THROMBUS_CLASS, VESSEL, Grid, Labels, SecondSeries, Segmentation, Volume
from aorta.records.mechanics import Refined, Solution, State
from aorta.records.mesh import THROMBUS, WALL, FinerMesh, WallMesh
from aorta.records.results import Results, StageRecord
from aorta.records.risk import Risk
from aorta.records.stent import Candidate, Criterion, RingFit, StentFit

__all__ = [
    "Array",
    "Progress",
    "silent",
    "Finding",
    "withheld",
    "Grid",
    "Volume",
    "SecondSeries",
    "CLASSES",
    "VESSEL",
    "NO_THROMBUS_CLASS",
    "Labels",
    "Segmentation",
    "Surface",
    "Branch",
    "Sections",
    "Landmark",
    "End",
    "Calcification",
    "ThicknessPoints",
    "Anatomy",
    "WALL",
    "WallMesh",
    "FinerMesh",
    "THROMBUS",
    "PressureWave",
    "HeartCycle",
    "State",
    "Solution",
    "Refined",
    "Risk",
    "Criterion",
    "Candidate",
    "RingFit",
    "StentFit",
    "StageRecord",
    "Results",
]
