"""How good are the labels? Volumes, intensities, components, border contact, confidence per slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import NeedsClicks
from aorta.records import CLASSES, VESSEL, Array, Finding, Labels, Segmentation, Volume
from aorta.segmentation.border import SURE_CONTACT_MM2, SURE_VESSEL_CONTACT_MM2, border_patches, refuse_cut_off
from aorta.segmentation.canonical import Frame
from aorta.segmentation.dissection import CAUTION as DISSECTED
from aorta.segmentation.dissection import Second, lumen_findings
from aorta.segmentation.outer_wall import TubeWall
from aorta.segmentation.slice_quality import edgeless_share, score_slices

MOST_UNSEEN = (
    0.4  # of the columns without an edge; a phantom in a cuff of muscle as bright as thrombus has 0.41 to 0.45, others 0.06 to 0.14
)
THICK_ILIAC_GAP_MM = 4.0
THICK_SLICE_MM = 2.5
LEAST_CONTACT_MM2 = 10.0  # less is a voxel or two


@dataclass(frozen=True)
class Evidence:
    """What a method knows beside its labels; ``corner`` and the tubes are in the frame's (z, y, x) mm."""

    method: str
    blood: float
    spread: float
    two_iliacs: bool
    automatic: bool
    walls: tuple[TubeWall, ...]
    corner: Array
    frame: Frame
    ostia: int
    calcification_threshold: float | None = None
    chest: bool = False  # no iliac arteries and no wall all along are expected
    wall_clicked: bool = False  # points on the outer wall were given


def judge(
    labels: Labels, volume: Volume, evidence: Evidence, also: tuple[str, ...] = (), second: Second | None = None
) -> Segmentation:
    """The labels with findings, confidence and cautions (``also``: those of the method; ``second``: of a dissected aorta).

    Raises
    ------
    InputError
        The image cuts the vessel off lengthwise.
    """
    if second is None:  # a dissected lumen leaves the image as a crescent, which looks cut off
        refuse_cut_off(labels, ("lumen",), SURE_CONTACT_MM2, "image")
    refuse_cut_off(labels, VESSEL, SURE_VESSEL_CONTACT_MM2, "image")
    findings = volume_findings(labels) + intensity_findings(labels, volume) + shape_findings(labels)
    unit = unit_of(volume)
    findings += [
        Finding("blood_intensity", evidence.blood, unit, "median at the seeds"),
        Finding("blood_intensity_spread", evidence.spread, unit, "1.4826 times the median absolute deviation at the seeds"),
        Finding("side_branches_cut", float(evidence.ostia), "1", "parts of the blood that stick out of the trunk by over 5.5 mm"),
    ]
    if evidence.calcification_threshold is not None:
        findings.append(
            Finding(
                "calcification_threshold_HU",
                evidence.calcification_threshold,
                "HU",
                "max(500, blood + 5 spreads), in a shell about the outer wall",
                caution="calcification by this threshold is no Agatston score",
            )
        )
    cautions = list(also)
    if not evidence.two_iliacs:
        cautions.append("only one lower end of the vessel was found; if both iliac arteries are in view, give clicks in them")
    if not evidence.automatic:
        cautions.append("the segmentation started from clicks in the case file and ends at them")
    if evidence.ostia:
        cautions.append(f"{evidence.ostia} side branches were cut at their ostia")
    confidence, doubts = score_slices(labels, volume, evidence.walls, evidence.corner, evidence.frame, evidence.blood)
    if evidence.walls:
        share = np.concatenate([(w.confidence < 0.2).ravel() for w in evidence.walls]).mean()
        assumed = np.concatenate([w.assumed.ravel() for w in evidence.walls]).mean()
        findings += [
            Finding("wall_without_edge_share", float(share), "1", "share of the columns with edge confidence below 0.2"),
            Finding("wall_assumed_share", float(assumed), "1", "share of the columns where the wall is lumen plus prior thickness"),
        ]
        unseen = edgeless_share(evidence.walls)
        if unseen > MOST_UNSEEN and not (evidence.wall_clicked or evidence.chest):
            raise unseen_wall(unseen, tuple(k for k, _ in doubts), evidence.method)
        if share > 0.3:
            cautions.append(
                f"the outer wall has no visible edge over {share:.0%} of its surface (muscle, vein or bowel beside it); "
                "look at the overlays, and give clicks on the wall (segmentation.wall_clicks) or correct the labels"
            )
        if any(np.median(w.radius - w.lumen_end) > THICK_ILIAC_GAP_MM for w in evidence.walls[1:]):
            cautions.append(
                "thrombus all round an iliac artery: more often it is muscle of the same brightness; look at the overlays"
            )
    if volume.grid.spacing_ijk.max() > THICK_SLICE_MM:
        cautions.append(f"voxels of {volume.grid.spacing_ijk.max():.1f} mm place the wall to about 1 mm only")
    cautions += border_cautions(labels)
    false_lumen = None
    if second is not None:
        findings += lumen_findings(second.lumens, second.voxels, evidence.frame.spacing)
        cautions.insert(0, DISSECTED)
        view = np.zeros(evidence.frame.grid.shape_kji, bool)
        view[second.box] = second.lumens.false
        false_lumen = evidence.frame.restore(view) & labels.mask("lumen")
    doubtful, reasons = tuple(k for k, _ in doubts), tuple(why for _, why in doubts)
    return Segmentation(labels, evidence.method, confidence, doubtful, tuple(findings), tuple(cautions), reasons, false_lumen)


def volume_findings(labels: Labels) -> list[Finding]:
    """Volume of each class that occurs, by counting voxels."""
    return [
        Finding(f"label_{name}_volume_mL", labels.volume_mL(name), "mL", "voxels counted")
        for name in CLASSES
        if labels.mask(name).any() or name in ("lumen", "thrombus")
    ]


def intensity_findings(labels: Labels, volume: Volume) -> list[Finding]:
    """Mean and standard deviation of the image in lumen and thrombus."""
    found = []
    for name in ("lumen", "thrombus"):
        values = volume.voxels[labels.mask(name)]
        if values.size:
            for what, number in (("mean", values.mean()), ("sd", values.std())):
                found.append(Finding(f"{name}_intensity_{what}", float(number), unit_of(volume), "over the voxels of the class"))
    return found


def shape_findings(labels: Labels) -> list[Finding]:
    """Connected parts of lumen and vessel, and voxels at the image's border."""
    vessel = labels.mask(*VESSEL)
    patches = border_patches(vessel, labels.grid.spacing_kji)
    return [
        Finding("lumen_components", float(ndi.label(labels.mask("lumen"))[1]), "1", "6-connected parts"),
        Finding("vessel_components", float(ndi.label(vessel)[1]), "1", "6-connected parts"),
        Finding("border_contact_mm2", sum(p.area_mm2 for p in patches), "mm2", "area of the vessel on the image's six faces"),
        Finding("open_ends", float(sum(p.is_end for p in patches)), "1", "places where the vessel leaves the image across"),
    ]


def border_cautions(labels: Labels) -> list[str]:
    """A caution for each place where the vessel is cut off lengthwise by the image's border."""
    return [
        f"the vessel touches the image's border lengthwise (face {p.face}, {p.area_mm2:.0f} mm2): part of it is missing there"
        for p in border_patches(labels.mask(*VESSEL), labels.grid.spacing_kji)
        if not p.is_end and p.area_mm2 > LEAST_CONTACT_MM2
    ]


def unseen_wall(share: float, slices: tuple[int, ...], method: str) -> NeedsClicks:
    """The error for a vessel whose outer wall the image does not show."""
    return NeedsClicks(
        "the image does not show the outer wall: thrombus cannot be told from what lies around the vessel",
        where=f"segmentation, method {method}" + (f", doubtful slices from {min(slices)} to {max(slices)}" if slices else ""),
        why=f"over {share:.0%} of its surface the boundary has no visible edge ({MOST_UNSEEN:.0%} allowed)",
        fix="give points on the outer wall (segmentation.wall_clicks: [[x, y, z], ...], LPS mm, a few in every second centimetre), "
        "or a label map under 'labels'; segmentation.thrombus: false takes the wall at its stated thickness from the lumen",
    )


def unit_of(volume: Volume) -> str:
    """The unit of the image's intensities."""
    return "HU" if volume.modality == "CT" else "arbitrary"
