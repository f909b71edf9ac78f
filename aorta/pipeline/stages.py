"""The graph, one screen long: what each stage needs, what it is made from, when it is skipped.

Heavy packages are imported inside the functions that run, so that listing the stages costs nothing.
"""

from __future__ import annotations

from aorta.pipeline import building, labelling, refining, second
from aorta.pipeline.context import Stage, sections
from aorta.pipeline.store import file_digest

GRAPH: tuple[Stage, ...] = (
    Stage("image", ("imaging",), ("SimpleITK", "pydicom", "nibabel"), (), labelling.image_parts,
          lambda c: "" if c.case.image else "no image in the case file", labelling.read_image),
    Stage("second", ("imaging", "registration"), ("SimpleITK", "pydicom", "nibabel"), ("image",), second.second_parts,
          lambda c: "" if c.case.second else "no second image in the case file", second.lay_over),
    Stage("segment", ("segmentation", "imaging"), ("SimpleITK", "scipy", "ortools", "vtk"), ("image", "second"),
          labelling.segment_parts, lambda c: "", labelling.segment),
    Stage("correct", ("segmentation", "imaging"), ("SimpleITK", "scipy"), ("image", "segment"),
          lambda c: {"file": file_digest(c.corrected_labels), **labelling.thickness(c.case)},
          lambda c: "" if c.corrected_labels else "the labels were not edited", labelling.correct),
    Stage("anatomy", ("anatomy",), ("SimpleITK", "scipy", "vtk"), ("segment", "correct"),
          sections("landmarks", "anatomy", "overrides"), lambda c: "", building.measure),
    Stage("mesh", ("meshing",), ("gmsh", "scipy", "vtk"), ("second", "anatomy"),
          building.mesh_parts, building.dissected, building.mesh),
    Stage("mechanics", ("mechanics", "haemodynamics"), ("fenics-dolfinx", "petsc4py", "scipy", "vtk"), ("mesh",),
          building.mechanics_parts, building.no_pressure, building.solve),
    Stage("refine", ("meshing", "mechanics", "risk"), ("gmsh", "fenics-dolfinx", "petsc4py", "scipy", "vtk"),
          ("second", "anatomy", "mesh", "mechanics"), refining.parts, refining.skip, refining.refine),
    Stage("risk", ("risk",), (), ("anatomy", "mesh", "mechanics", "refine"),
          sections("patient", "pressure", "risk"), building.no_pressure, building.assess),
    Stage("stent", ("stent",), ("scipy",), ("anatomy", "mesh", "mechanics", "refine"), building.stent_parts,
          building.no_stent, building.plan_stent),
)  # fmt: skip

STAGES: tuple[str, ...] = (*(stage.name for stage in GRAPH), "report")
