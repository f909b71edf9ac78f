"""Which stent-grafts suit this anatomy, and how the best one's proximal ring sits in the neck."""

from __future__ import annotations

from aorta.records import Anatomy, Finding, RingFit, Solution, StentFit, WallMesh, withheld
from aorta.settings import StentSettings, WallSettings
from aorta.stent.catalogue_files import load_catalogue
from aorta.stent.criteria import FAILS, UNVERIFIED
from aorta.stent.fit import ring_withheld, simulate
from aorta.stent.measured import measure_neck
from aorta.stent.sizing import Option, best, nearest_outside, options

USUAL_OVERSIZING = (0.10, 0.20)
"""Of ``SIZING_SOURCE``."""
SIZING_SOURCE = "catalogue in data files; oversizing: Sher and Tadros 2017 (review), Sternbergh et al. 2004"


def plan_stent(
    anatomy: Anatomy, mesh: WallMesh | None, solution: Solution | None, settings: StentSettings, wall: WallSettings
) -> StentFit:
    """Test every main body of the catalogue, and simulate the ring of the best one.

    Parameters
    ----------
    mesh, solution : or None
        Without them sizing is still done, and the fit simulation is left out with the reason.

    Returns
    -------
    StentFit
        Candidates best first; ring None where it could not be simulated, which a caution explains.

    Raises
    ------
    StentError
        The catalogue is not valid, or the ring found no equilibrium.
    """
    choices = options(load_catalogue(settings.catalogue, settings.makers), anatomy)
    chosen = best(choices)
    simulated = chosen or nearest_outside(choices)
    ring, ring_findings, ring_cautions = _fit(simulated, anatomy, mesh, solution, wall)
    cautions = [*_sizing_cautions(choices, chosen, simulated, ring), *_wall_caution(anatomy, wall), *ring_cautions]
    findings = (*_sizing_findings(chosen, choices), *ring_findings)
    return StentFit(tuple(o.candidate for o in choices), ring, findings, tuple(cautions))


def _fit(
    option: Option | None, anatomy: Anatomy, mesh: WallMesh | None, solution: Solution | None, wall: WallSettings
) -> tuple[RingFit | None, tuple[Finding, ...], tuple[str, ...]]:
    reason = ""
    if option is None:
        reason = "no main body of the catalogue suits the neck's diameter"
    elif mesh is None or solution is None:
        reason = "the fit simulation needs the mechanics of the vessel wall, which were not computed"
    if reason:
        return None, ring_withheld(reason), (f"No fit simulation: {reason}.",)
    return simulate(option, anatomy, mesh, solution, wall)


def _sizing_findings(chosen: Option | None, choices: tuple[Option, ...]) -> tuple[Finding, ...]:
    if chosen is None:
        reason = _why_none(choices)
        return withheld("stent_best_main_body", "", reason), withheld("stent_oversizing", "1", reason)
    c = chosen.candidate
    convention = "outer wall to outer wall" if chosen.device.diameter_convention == "outer" else "lumen"
    verified = chosen.device.evidence_of(chosen.row).verified
    doubt = "" if verified else "The row was not checked against the maker's document."
    open_criteria = [x.criterion for x in c.criteria if x.verdict == "not measured"]
    if open_criteria:
        doubt = f"{doubt} Not measured: {', '.join(open_criteria)}.".strip()
    low, high = USUAL_OVERSIZING
    unusual = "" if low <= c.oversizing <= high else f"Outside the usual {100 * low:.0f} to {100 * high:.0f} %."
    method = "main body with the oversizing nearest to 15 % among those no criterion rules out"
    return (
        Finding("stent_best_main_body", f"{c.maker} {c.device} {c.size} ({c.verdict})", "", method, c.source, verified, doubt),
        Finding(
            "stent_oversizing",
            c.oversizing,
            "1",
            f"graft over neck diameter, less one; diameter by the maker's convention: {convention}",
            SIZING_SOURCE,
            verified,
            " ".join(part for part in (unusual, doubt) if part),
        ),
    )


def _why_none(choices: tuple[Option, ...]) -> str:
    if all(o.candidate.oversizing is None for o in choices):
        return "the neck's diameter was not measured, so no main body can be chosen"
    # the criteria that rule out the devices whose diameter would do say most
    near = nearest_outside(choices)
    if near is None:
        return "no main body of the catalogue is made for a neck of this diameter"
    failed = ", ".join(_told(x) for x in near.candidate.criteria if x.verdict == FAILS)
    c = near.candidate
    return f"every main body is ruled out by a criterion; nearest is {c.maker} {c.device} {c.size}, ruled out by {failed}"


def _told(criterion) -> str:
    return f"{criterion.criterion} {criterion.measured:.1f} (limit {criterion.limit})"


def _sizing_cautions(
    choices: tuple[Option, ...], chosen: Option | None, simulated: Option | None, ring: RingFit | None
) -> list[str]:
    cautions = []
    if any(o.candidate.verdict == UNVERIFIED or not o.device.evidence_of(o.row).verified for o in choices):
        cautions.append(
            "Catalogue rows marked unverified were not checked against the makers' documents: size from those, not from here."
        )
    if chosen is None:
        cautions.append(f"No main body chosen: {_why_none(choices)}.")
        if ring is not None and simulated is not None:
            cautions.append(f"The ring of {ring.device} was simulated although its instructions for use exclude this anatomy.")
    return cautions


def _wall_caution(anatomy: Anatomy, wall: WallSettings) -> list[str]:
    """Where the labels show no wall, a diameter outer wall to outer wall is that of the lumen."""
    neck = measure_neck(anatomy)
    thickness = wall.thickness_by_region.get("neck", wall.thickness)
    if neck.outer_mm is None or neck.inner_mm is None or neck.outer_mm - neck.inner_mm >= thickness:
        return []
    excess = neck.outer_mm - neck.inner_mm
    return [
        f"The neck's outer diameter exceeds its lumen by only {excess:.1f} mm: the labels seem to show no wall there, "
        f"and diameters outer wall to outer wall may be up to {2 * thickness:.1f} mm too small."
    ]
