"""What a case file may say: one frozen dataclass per section, with every default and its reason.

This is the single place of defaults. ``config/`` reads YAML into ``Case``; each stage receives
its own section and nothing else, which is also what its cache key is made of. Lengths are mm,
pressures MPa, angles degrees once read; in the file each carries its unit. Points are LPS mm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, Optional

from aorta.units import Quantity, Range

Point = tuple[float, float, float]
"""LPS, mm."""

Contrast = Literal["auto", "arterial", "portal-venous", "angiography", "bright-blood"]
"""Phase of a CT or kind of an MR sequence; auto: told by the image, which asks where it is not sure."""

Thickness = Annotated[float, Quantity("mm", 0.2, 10.0, "1.5 mm")]
Size = Annotated[float, Quantity("mm", 0.1, 50.0, "2.5 mm")]
Distance = Annotated[float, Quantity("mm", 0.0, 500.0, "10 mm")]
Pressure = Annotated[float, Quantity("MPa", 2e-3, 45e-3, "120 mmHg")]
Modulus = Annotated[float, Quantity("MPa", 1e-5, 1e4, "174 kPa")]
Age = Annotated[float, Quantity("years", 0.0, 130.0, "72 years")]
Diameter = Annotated[float, Quantity("mm", 1.0, 150.0, "22 mm")]
Accuracy = Annotated[float, Quantity("%", 0.1, 50.0, "3 %")]
Attenuation = Annotated[float, Quantity("HU", -1024.0, 4000.0, "300 HU")]
Share = Annotated[float, Range(0.0, 1.0)]
EndStiffness = Annotated[float, Quantity("MPa/mm", 1e-6, 10.0, "20 kPa/mm")]
TissueStiffness = Annotated[float, Quantity("MPa/mm", 0.0, 0.1, "1 kPa/mm")]
TissueDamping = Annotated[float, Quantity("MPa s/mm", 0.0, 0.1, "0.1 kPa s/mm")]


# ------------------------------------------------------------------------------------------ input


@dataclass(frozen=True)
class ImageInput:
    """A DICOM folder or zip, NIfTI, NRRD or MHA."""

    path: str
    modality: Optional[Literal["CT", "MR"]] = None  # None: as the file says; files that say nothing need it
    series: Optional[Annotated[int, Range(1, 10000)]] = None  # which series of a folder with several, as `aorta check` numbers them
    gated: Optional[bool] = None  # for the record; without pressure.imaging the shape is taken as diastolic, with a caution
    resample: bool = (
        False  # put a series with tilted gantry or uneven slices onto a rectangular grid; false: such series are refused
    )
    orientation: Optional[Literal["sform", "qform"]] = None  # of a NIfTI file whose two differ by over 1 mm; None: refused then


@dataclass(frozen=True)
class SecondInput:
    """Another image of the same patient (MR beside CT, or another phase), laid over the first by registration."""

    path: str
    gives: Literal["lumen", "wall", "phase", "points"] = (
        "phase"  # taken from it; phase: only compared; points: those of the wall section
    )
    modality: Optional[Literal["CT", "MR"]] = None
    series: Optional[Annotated[int, Range(1, 10000)]] = None
    resample: bool = False  # as for the image
    orientation: Optional[Literal["sform", "qform"]] = None
    transform: Literal["rigid", "affine"] = "rigid"  # affine also scales and shears: for images whose geometry is not true
    transform_file: Optional[str] = None  # ITK file (.tfm, .h5) of the transform under which 3D Slicer shows it on the first image
    labels: Optional[str] = None  # its label map, instead of an automatic segmentation
    seeds: tuple[Point, ...] = ()  # clicks in its lumen, LPS mm of the second image, as segmentation.seeds are of the first
    contrast: Contrast = "auto"  # as segmentation.contrast is of the first


@dataclass(frozen=True)
class LabelInput:
    """A label map drawn or corrected elsewhere."""

    path: str
    classes: dict[str, int] = field(default_factory=dict)  # our class name -> value in the file; {}: ours or the file's own names
    convention: Literal["aorta", "slicer", "totalsegmentator", "custom"] = "aorta"
    orientation: Optional[Literal["sform", "qform"]] = None  # as for the image


@dataclass(frozen=True)
class SurfaceInput:
    """Closed surfaces (STL, VTP, PLY) or STEP solids. ``outer`` is the outer face of the wall."""

    lumen: str
    unit: Literal["mm", "cm", "m"]
    frame: Literal["LPS", "RAS"]
    outer: Optional[str] = None
    thrombus: Optional[str] = None  # instead of `outer`: outer = lumen + thrombus
    voxel: Size = 0.7  # label grid made from them


# ----------------------------------------------------------------------------------------- patient


@dataclass(frozen=True)
class Patient:
    """Facts that indices need. Absent stays absent."""

    sex: Optional[Literal["male", "female"]] = None
    age: Optional[Age] = None
    family_history: Optional[bool] = None
    smoking: Optional[Literal["never", "former", "current"]] = None


@dataclass(frozen=True)
class BloodPressure:
    """Brachial pressures. ``imaging`` is the pressure during the scan; None: diastolic (with a caution)."""

    systolic: Pressure
    diastolic: Pressure
    imaging: Optional[Pressure] = None


# ------------------------------------------------------------------------------------------ stages


@dataclass(frozen=True)
class SegmentationSettings:
    """How labels are made from an image."""

    method: Literal["auto", "ct-contrast", "mr-angiography", "nnunet", "totalsegmentator"] = "auto"
    seeds: tuple[Point, ...] = ()  # in the lumen; two or more from the top of the vessel to its ends
    blood: Optional[Attenuation] = None  # attenuation of contrast; None: measured at the seeds
    wall_clicks: tuple[Point, ...] = ()  # on the outer wall
    thrombus: bool = True  # False: the outer wall is the lumen plus the wall thickness
    weights: Optional[str] = None  # folder of a network's weights, for nnunet and totalsegmentator; never downloaded
    python: Optional[str] = None  # interpreter of the environment that has the network's library; None: this program's own
    classes: dict[str, int] = field(
        default_factory=dict
    )  # nnunet: our class name -> the model's value; {}: the model's names are ours
    fast: bool = False  # totalsegmentator: its 3 mm model
    contrast: Contrast = "auto"  # what makes the blood bright; arterial, portal-venous: CT, angiography, bright-blood: MR


@dataclass(frozen=True)
class AnatomySettings:
    """How the vessel is measured."""

    section_spacing: Size = 1.0
    neck_growth: Annotated[float, Range(0.01, 1.0)] = 0.10  # growth of the outer diameter, as a share, at which the neck ends
    surface_voxel: Optional[Size] = None  # grid for the surfaces; None: from the labels' spacing
    iliac_length: Distance = 60.0  # of iliac kept in the model, at most
    proximal_length: Distance = 30.0  # of aorta kept above the lowest renal, at most


@dataclass(frozen=True)
class WallSettings:
    """The wall's thickness and law."""

    thickness: Thickness = 1.5  # Raghavan 2006, BioPARR's default; CT does not show it
    thickness_by_region: dict[Literal["neck", "sac", "left_iliac", "right_iliac"], Thickness] = field(default_factory=dict)
    calcification: Literal["wall", "stiff"] = "wall"  # stiff: inclusions, whose own stress is left out of peaks
    calcification_modulus: Modulus = 20.0  # MPa, Young's; a choice of ours, far above the wall's (docs/theory/mechanics.md)
    thickness_points: Optional[str] = None  # CSV of measured points: x_mm,y_mm,z_mm,thickness_mm
    thickness_frame: Literal["LPS", "RAS"] = "LPS"  # of these points
    thickness_series: Literal["image", "second"] = "image"  # on which image they were measured
    material: str = "raghavan-vorp-2000"
    parameters: dict[str, float] = field(default_factory=dict)  # override of the law's own, in its units (docs/theory/materials.md)


@dataclass(frozen=True)
class ThrombusSettings:
    """The intraluminal thrombus's law."""

    material: str = "wang-2001"
    parameters: dict[str, float] = field(default_factory=dict)
    minimum_thickness: Size = 0.8  # thinner thrombus is not meshed


@dataclass(frozen=True)
class MeshSettings:
    """Element size; the convergence study behind the defaults is in docs/theory/mesh.md."""

    size: Size = 3.0  # edge length on the wall
    thrombus_size: Size = 4.0
    layers: Annotated[int, Range(1, 4)] = 1  # quadratic elements through the wall
    accuracy: Optional[Accuracy] = None  # made finer until the estimated error of the stress's 99th percentile is below; None: not


@dataclass(frozen=True)
class MechanicsSettings:
    """Loads, supports and the way to equilibrium."""

    prestress: Literal["inverse", "none", "linear"] = "inverse"
    ends: Literal["fixed", "sliding", "elastic"] = "fixed"  # sliding: free within the cut's plane; elastic: on springs
    pressure_on: Literal["lumen", "wall"] = "lumen"  # wall: porous thrombus
    bulk_modulus: Modulus = 34.8  # MPa, wall: 100 times the shear modulus of raghavan-vorp-2000
    thrombus_bulk_modulus: Modulus = 5.2  # MPa: 100 times its shear modulus
    max_iterations: Annotated[int, Range(1, 1000)] = 25
    minimum_step: Annotated[float, Range(1e-6, 1.0)] = 1.0 / 64.0  # of the load
    wall_pressure_share: Optional[Share] = None  # of blood pressure, on the wall under thrombus; None: 0 for `lumen`, 1 for `wall`
    end_stiffness_normal: Optional[EndStiffness] = None  # of elastic ends, across the cut; at rest in the unloaded shape
    end_stiffness_tangential: Optional[EndStiffness] = None  # within the cut's plane; None: as across it
    spine: Literal["contact", "ignore"] = "contact"  # vertebrae of the label map hold the wall back as it moves on from the image
    formulation: Literal["displacement", "mixed"] = (
        "displacement"  # mixed: mean stress as an unknown; for bulk moduli above the usual
    )


@dataclass(frozen=True)
class TissueSettings:
    """Soft tissue around the vessel: springs and dashpots on the wall's outer face, per imaged area. None unless a stiffness or
    a damping is given: no measured values are known to us. At rest in the imaged shape, it bears nothing at imaging pressure and
    resists what moves on from there; at rest in the unloaded shape, it already bears a part of the imaging pressure."""

    stiffness: TissueStiffness = 0.0  # pressure for each mm of motion; the wall's own against widening is some 10 kPa/mm
    damping: TissueDamping = 0.0  # acts along `cycle: waveform` only; static states have no velocity
    at_rest: Literal["imaged", "unloaded"] = "imaged"  # the shape in which the springs exert no force


@dataclass(frozen=True)
class CycleSettings:
    """Quasi-static states over the heart beat; none unless asked for. Each costs a few seconds to a minute."""

    states: tuple[Literal["diastole", "mean", "systole"], ...] = ()  # systole is always solved
    waveform: Optional[str] = None  # CSV of one beat, units in its header: time_s,pressure_mmHg and, or, flow_mL_per_s
    windkessel: Literal["none", "two-element", "three-element"] = "none"  # fitted to the waveform, which must have a flow
    samples: Annotated[int, Range(4, 100)] = 16  # instants of the waveform that are solved


@dataclass(frozen=True)
class RiskSettings:
    """What the indices need beyond the solution."""

    end_exclusion: Distance = 10.0  # from clamped ends
    normal_diameter: Optional[Diameter] = None  # infrarenal, not aneurysmal; used where no neck is measured


@dataclass(frozen=True)
class StentSettings:
    """Which devices, and the ring's stiffness."""

    enabled: bool = True
    catalogue: Optional[str] = None  # folder of data files; None: the one that comes with the program
    makers: tuple[str, ...] = ()  # (): all


# -------------------------------------------------------------------------------------------- case


@dataclass(frozen=True)
class Case:
    """One patient's case. Exactly one of ``image``, ``labels``, ``surfaces`` starts it; ``labels``
    may stand beside ``image`` (then they replace the segmentation)."""

    __pydantic_config__ = {"extra": "forbid", "strict": True, "allow_inf_nan": False}  # how config/ reads all sections

    schema_version: Literal[1]
    case_id: str
    image: Optional[ImageInput] = None
    second: Optional[SecondInput] = None
    labels: Optional[LabelInput] = None
    surfaces: Optional[SurfaceInput] = None
    patient: Patient = Patient()
    pressure: Optional[BloodPressure] = None
    landmarks: dict[str, Point] = field(default_factory=dict)
    overrides: dict[str, float] = field(default_factory=dict)  # finding name -> the planner's value, in the finding's unit
    segmentation: SegmentationSettings = SegmentationSettings()
    anatomy: AnatomySettings = AnatomySettings()
    wall: WallSettings = WallSettings()
    thrombus: ThrombusSettings = ThrombusSettings()
    mesh: MeshSettings = MeshSettings()
    mechanics: MechanicsSettings = MechanicsSettings()
    cycle: CycleSettings = CycleSettings()
    risk: RiskSettings = RiskSettings()
    stent: StentSettings = StentSettings()
    tissue: TissueSettings = TissueSettings()
