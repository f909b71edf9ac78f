"""The graph, one screen long: what each stage needs, what it is made from, when it is skipped.

Heavy packages are imported inside the functions that run, so that listing the stages costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aorta.errors import InputError
from aorta.pipeline.heart_cycle import cycle_parts, heart_cycle
from aorta.pipeline.provenance import code_digest
from aorta.pipeline.sources import source_of
from aorta.pipeline.store import file_digest
from aorta.records import Progress, Segmentation, Surface
from aorta.settings import Case

LABELS_FILE = "labels.nii.gz"


@dataclass(frozen=True)
class Context:
    """What a stage may look at: the case, where its files are, and the stages before it."""

    case: Case
    case_folder: Path  # paths in the case file are relative to it
    out: Path  # OUT/CASE_ID
    load: Callable[[str], Any]  # the record of an earlier stage, None where it was skipped
    corrected_labels: Path | None  # labels.nii.gz when its owner has edited it

    def source(self, path: str) -> Path:
        """A path of the case file, made absolute."""
        return source_of(self.case_folder, path)


@dataclass(frozen=True)
class Stage:
    """One stage of the graph.

    Parameters
    ----------
    packages : tuple of str
        Folders of ``aorta/`` whose code makes the result.
    tools : tuple of str
        Distributions whose version can change the result.
    needs : tuple of str
        Stages before it.
    parts : function of Context
        Settings and digests of files that the result depends on; never a path.
    skip : function of Context
        The reason why the stage does not apply, "" when it does.
    run : function of (Context, Progress)
        Returns the stage's record.
    """

    name: str
    packages: tuple[str, ...]
    tools: tuple[str, ...]
    needs: tuple[str, ...]
    parts: Callable[[Context], Mapping[str, Any]]
    skip: Callable[[Context], str]
    run: Callable[[Context, Progress], Any]


# -------------------------------------------------------------------------------- image and labels


def _image_parts(context: Context) -> Mapping[str, Any]:
    image = context.case.image
    return {"image": replace(image, path=""), "file": file_digest(context.source(image.path))}


def _read_image(context: Context, progress: Progress) -> Any:
    from aorta.imaging.read import read_image

    progress("reading the image")
    return read_image(context.source(context.case.image.path), context.case.image)


def _segment_parts(context: Context) -> Mapping[str, Any]:
    case = context.case
    if case.labels:
        return {
            "labels": replace(case.labels, path=""),
            "file": file_digest(context.source(case.labels.path)),
            **_thickness(case),
        }
    if case.surfaces:
        given = {key: getattr(case.surfaces, key) for key in ("lumen", "outer", "thrombus")}
        digests = {f"file_{key}": file_digest(context.source(path)) for key, path in given.items() if path}
        stated = replace(case.surfaces, lumen="", outer=None, thrombus=None)
        return {"surfaces": stated, **digests, **_thickness(case), "reading": code_digest(("meshing",))}
    return {"segmentation": replace(case.segmentation, weights=None, python=None), **_weights(context), **_thickness(case)}


def _weights(context: Context) -> Mapping[str, str]:
    """Digest of a network's weights, where a network is to label the image."""
    weights = context.case.segmentation.weights
    return {"file_weights": file_digest(context.source(weights))} if weights else {}


def _thickness(case: Case) -> Mapping[str, Any]:
    return {"wall_thickness": case.wall.thickness}


def _segment(context: Context, progress: Progress) -> Segmentation:
    case = context.case
    if case.labels:
        return _accept(context, context.source(case.labels.path), case.labels, "label map")
    if case.surfaces:
        from aorta.meshing.surfaces_in import read_surface
        from aorta.segmentation.voxelise import voxelise

        def read(key: str) -> Surface | None:
            path, called = getattr(case.surfaces, key), f"surfaces.{key} of the case file"
            return read_surface(context.source(path), case.surfaces.unit, case.surfaces.frame, called) if path else None

        progress("reading the surfaces")
        surfaces = {key: read(key) for key in ("lumen", "outer", "thrombus")}
        progress("turning surfaces into labels")
        return voxelise(**surfaces, spacing_mm=case.surfaces.voxel, wall_thickness_mm=case.wall.thickness)
    from aorta.segmentation.segment import segment

    settings = case.segmentation
    for key in ("weights", "python"):
        if path := getattr(settings, key):
            settings = replace(settings, **{key: str(context.source(path).absolute())})
    return segment(context.load("image"), settings, case.wall.thickness, progress)


def _accept(context: Context, path: Path, settings: Any, method: str) -> Segmentation:
    from aorta.imaging.labelmap import read_labels
    from aorta.imaging.placement import onto_grid
    from aorta.segmentation.accept import accept_labels

    labels, volume = read_labels(path, settings), context.load("image")
    if volume is not None:
        labels = onto_grid(labels, volume)
    accepted = accept_labels(labels, volume, context.case.wall.thickness)
    return replace(accepted, method=method, cautions=(*labels.cautions, *accepted.cautions))


def _correct(context: Context, progress: Progress) -> Segmentation:
    """Labels that the planner edited, with how much they changed."""
    from aorta.pipeline.correction import compare
    from aorta.settings import LabelInput

    progress("reading the corrected labels")
    try:
        corrected = _accept(context, context.corrected_labels, LabelInput(LABELS_FILE), "label map, corrected by hand")
    except InputError as problem:
        problem.where = f"{LABELS_FILE} in the output folder"
        problem.fix = f"{problem.fix}; or remove it to go on from the automatic labels"
        raise
    return compare(context.load("segment"), corrected)


def _segmentation(context: Context) -> Segmentation:
    return context.load("correct") or context.load("segment")


# -------------------------------------------------------------------------------- anatomy and mesh


def _measure(context: Context, progress: Progress) -> Any:
    from aorta.anatomy.measure import measure

    case = context.case
    return measure(_segmentation(context).labels, case.landmarks, case.anatomy, case.overrides, progress)


def _mesh(context: Context, progress: Progress) -> Any:
    from aorta.meshing.build import build_mesh

    case = context.case
    return build_mesh(context.load("anatomy"), case.mesh, case.wall, case.thrombus, progress)


# ---------------------------------------------------------------------- mechanics, risk and stent


def _no_pressure(context: Context) -> str:
    return "" if context.case.pressure else "no blood pressure in the case file"


def _solve(context: Context, progress: Progress) -> Any:
    from aorta.mechanics.solve import solve

    case = context.case
    return solve(
        context.load("mesh"),
        case.pressure,
        case.mechanics,
        case.wall,
        case.thrombus,
        progress,
        heart_cycle(case, context.case_folder),
        case.tissue,
    )


def _mechanics_parts(context: Context) -> Mapping[str, Any]:
    return {
        **_sections("pressure", "mechanics", "wall", "thrombus", "tissue")(context),
        **cycle_parts(context.case, context.case_folder),
    }


def _assess(context: Context, progress: Progress) -> Any:
    from aorta.risk.assess import assess

    case = context.case
    progress("computing the indices")
    records = (context.load(name) for name in ("anatomy", "mesh", "mechanics"))
    return assess(*records, case.patient, case.pressure, case.risk)


def _stent_parts(context: Context) -> Mapping[str, Any]:
    stent = context.case.stent
    catalogue = {"file_catalogue": file_digest(context.source(stent.catalogue))} if stent.catalogue else {}
    return {"stent": replace(stent, catalogue=None), "wall": context.case.wall, **catalogue}


def _plan_stent(context: Context, progress: Progress) -> Any:
    from aorta.stent.plan import plan_stent

    case = context.case
    settings = case.stent
    if settings.catalogue:
        settings = replace(settings, catalogue=str(context.source(settings.catalogue)))
    progress("testing devices")
    return plan_stent(context.load("anatomy"), context.load("mesh"), context.load("mechanics"), settings, case.wall)


def _sections(*names: str) -> Callable[[Context], Mapping[str, Any]]:
    return lambda context: {name: getattr(context.case, name) for name in names}


GRAPH: tuple[Stage, ...] = (
    Stage("image", ("imaging",), ("SimpleITK", "pydicom", "nibabel"), (), _image_parts,
          lambda c: "" if c.case.image else "no image in the case file", _read_image),
    Stage("segment", ("segmentation", "imaging"), ("SimpleITK", "scipy", "ortools", "vtk"), ("image",), _segment_parts,
          lambda c: "", _segment),
    Stage("correct", ("segmentation", "imaging"), ("SimpleITK", "scipy"), ("image", "segment"),
          lambda c: {"file": file_digest(c.corrected_labels), **_thickness(c.case)},
          lambda c: "" if c.corrected_labels else "the labels were not edited", _correct),
    Stage("anatomy", ("anatomy",), ("SimpleITK", "scipy", "vtk"), ("segment", "correct"),
          _sections("landmarks", "anatomy", "overrides"), lambda c: "", _measure),
    Stage("mesh", ("meshing",), ("gmsh", "scipy", "vtk"), ("anatomy",),
          _sections("mesh", "wall", "thrombus"), lambda c: "", _mesh),
    Stage("mechanics", ("mechanics", "haemodynamics"), ("fenics-dolfinx", "petsc4py", "scipy", "vtk"), ("mesh",),
          _mechanics_parts, _no_pressure, _solve),
    Stage("risk", ("risk",), (), ("anatomy", "mesh", "mechanics"),
          _sections("patient", "pressure", "risk"), _no_pressure, _assess),
    Stage("stent", ("stent",), ("scipy",), ("anatomy", "mesh", "mechanics"), _stent_parts,
          lambda c: "" if c.case.stent.enabled else "switched off in the case file", _plan_stent),
)  # fmt: skip

STAGES: tuple[str, ...] = (*(stage.name for stage in GRAPH), "report")
