"""The page: every section's content gathered from the records, handed to the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aorta import RESEARCH_USE, __version__
from aorta.records import Finding, Progress, Results, StentFit, silent
from aorta.report import display, tables
from aorta.report.fieldspec import SPECS, wall_fields
from aorta.report.figures import profile, quality, ring, slices, views
from aorta.report.findings import FIXED, KEY, complete, status
from aorta.report.methods import methods
from aorta.report.pose import pose
from aorta.report.references import references
from aorta.report.scene import scene

TEMPLATES = Path(__file__).with_name("templates")
SECTIONS = (
    ("cautions", "Cautions"),
    ("findings", "Key findings"),
    ("view", "3-D view"),
    ("segmentation", "Segmentation"),
    ("geometry", "Geometry"),
    ("mesh", "Mesh"),
    ("solution", "Equilibrium"),
    ("risk", "Rupture risk"),
    ("stent", "Stent-graft fit"),
    ("methods", "Methods"),
    ("reproduce", "Reproduce"),
)
_STAGE_OF = {
    "segmentation": "segment",
    "anatomy": "anatomy",
    "mesh": "mesh",
    "solution": "mechanics",
    "risk": "risk",
    "stent": "stent",
}


@dataclass(frozen=True)
class Page:
    """All content of the report, figures drawn; ``html`` lays it out."""

    content: Mapping[str, Any]

    def html(self, static: bool = False) -> str:
        """The page as one file. `static`: for paper, a still picture where the view is."""
        return environment().get_template("report.html").render(**self.content, static=static)


def page(results: Results, progress: Progress = silent) -> Page:
    """Draw all figures and gather all tables."""
    mesh, solution, stent, stance = results.mesh, results.solution, results.stent, pose(results.anatomy)
    fields = wall_fields(results)
    progress("drawing the segmentation", 0.1)
    overlays = [p for p in (slices.across(results), slices.along(results)) if p]
    progress("drawing the fields", 0.25)
    stills = views.stills(mesh, fields, SPECS, stance) if mesh is not None and fields else {}
    progress("drawing the curves", 0.5)
    all_findings = complete(results)
    doubtful = results.segmentation.doubtful_slices if results.segmentation is not None else ()
    content: dict[str, Any] = {
        "version": __version__,
        "research_use": RESEARCH_USE,
        "case_id": results.case.case_id,
        "status": status(results),
        "sections": SECTIONS,
        "cautions": _cautions(results, all_findings),
        "withheld": _withheld(all_findings),
        "key_findings": sorted((f for f in all_findings if f.name in KEY), key=lambda f: KEY.index(f.name)),
        "reasons": {record: results.skipped.get(stage, f"the {stage} stage was not run") for record, stage in _STAGE_OF.items()},
        "fields": [spec for spec in SPECS if spec.name in fields],
        "scene": Markup(inside_script(scene(mesh, fields, stance))) if fields else "",
        "sides": list(stance.sides),
        "first_still": next(iter(stills.values()), None),
        "stills": list(stills.values()),
        "volume_facts": _volume_facts(results),
        "overlays": overlays,
        "doubtful": ranges(doubtful),
        "doubts": list(zip(doubtful, results.segmentation.doubts)) if results.segmentation is not None else [],
        "image_findings": tables.of_the_labels(results),
        "has_anatomy": results.anatomy is not None,
        "profile": profile.profile(results.anatomy),
        "diameters": [d for s in (results.anatomy.sections if results.anatomy else ()) if (d := tables.diameters(s))],
        "landmarks": tables.landmarks(results.anatomy) if results.anatomy else [],
        "anatomy_findings": tables.own_findings(results, results.anatomy, FIXED),
        "mesh_facts": tables.mesh_facts(mesh) if mesh is not None else [],
        "shapes": quality.shapes(mesh),
        "mesh_findings": tables.own_findings(results, mesh),
        "states": tables.states(solution) if solution is not None else [],
        "newton": quality.newton(solution),
        "solution_findings": tables.own_findings(results, solution),
        "has_risk": results.risk is not None,
        "risk_findings": tables.own_findings(results, results.risk, KEY),
        "stent": stent,
        "untested": _untested(stent) if stent is not None else [],
        "ring": ring.ring(stent.ring) if stent is not None else None,
        "stent_findings": tables.own_findings(results, stent),
        "methods": methods(results),
        "references": references(results),
        "stages": results.stages,
        "settings": tables.changed_settings(results.case),
        "provenance": list(results.provenance.items()),
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "viewer": Markup((TEMPLATES / "viewer.js").read_text(encoding="utf-8")),
    }
    content["banner"] = _banner(len(content["cautions"]), sum(f.value is None for f in all_findings))
    return Page(content)


@cache
def environment() -> Environment:
    """The templates, with our filters; a name that a template lacks is an error."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"show": display.show, "unit": display.unit, "label": display.label}
    return environment


def inside_script(json_text: str) -> str:
    """JSON that cannot end the script element it stands in."""
    return json_text.replace("<", "\\u003c")


def _cautions(results: Results, findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Of stages, then of values that are there, those not valid first."""
    doubtful = sorted((f for f in findings if f.value is not None and (f.caution or not f.valid)), key=lambda f: f.valid)
    return [*results.cautions, *_together(doubtful)]


def _withheld(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Values that are not there."""
    return _together(f for f in findings if f.value is None)


def _together(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Names and caution, those with the same caution together."""
    groups: dict[str, list[str]] = {}
    for finding in findings:
        groups.setdefault(finding.caution or "outside the method's validity range", []).append(display.label(finding.name))
    return [("; ".join(names), text) for text, names in groups.items()]


def _banner(cautions: int, missing: int) -> str:
    parts = [f"{cautions} caution{'s' if cautions != 1 else ''}"] if cautions else []
    parts += [f"{missing} value{'s' if missing != 1 else ''} not computed"] if missing else []
    return f"{display.sentence_list(parts) or 'Part of the report is missing'}: read this first."


def _volume_facts(results: Results) -> list[tuple[str, Any, str]]:
    grid = results.volume.grid if results.volume is not None else results.segmentation.labels.grid if results.segmentation else None
    if grid is None:
        return []
    facts: list[tuple[str, Any, str]] = [("Modality", results.volume.modality, "")] if results.volume is not None else []
    facts.append(("Voxels", " × ".join(str(n) for n in grid.shape_kji[::-1]), ""))
    facts.append(("Spacing", " × ".join(display.show(float(s)) for s in grid.spacing_ijk), "mm"))
    facts += [("Segmented by", results.segmentation.method, "")] if results.segmentation is not None else []
    acquisition = results.volume.acquisition if results.volume is not None else {}
    return facts + [(display.label(key), value, "") for key, value in acquisition.items()]


def _untested(stent: StentFit) -> list[str]:
    """Maker and device with its sizes, where nothing that its criteria need was measured."""
    sizes: dict[str, list[str]] = {}
    for c in stent.candidates:
        if all(q.measured is None for q in c.criteria):
            sizes.setdefault(f"{c.maker} {c.device}, {c.part}", []).append(str(c.size))
    return [f"{device}: {', '.join(found)}" for device, found in sizes.items()]


def ranges(numbers: tuple[int, ...]) -> str:
    """ "12–14, 20" from 12, 13, 14, 20."""
    runs: list[list[int]] = []
    for n in sorted(numbers):
        if runs and n == runs[-1][1] + 1:
            runs[-1][1] = n
        else:
            runs.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
