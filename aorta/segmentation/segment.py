"""From an image to labels: the method for the modality."""

from __future__ import annotations

from aorta.errors import InputError
from aorta.records import Progress, Segmentation, Volume, silent
from aorta.segmentation.ct_contrast import segment_ct
from aorta.segmentation.learned.segment import segment_learned
from aorta.segmentation.metal import with_metal_told
from aorta.segmentation.mr_angiography import segment_mr
from aorta.settings import SegmentationSettings

LEARNED = ("nnunet", "totalsegmentator")
METHODS = {"ct-contrast": ("CT", segment_ct), "mr-angiography": ("MR", segment_mr)}
CONTRASTS = {"CT": ("auto", "arterial", "portal-venous"), "MR": ("auto", "angiography", "bright-blood")}


def segment(volume: Volume, settings: SegmentationSettings, wall_thickness_mm: float, progress: Progress = silent) -> Segmentation:
    """Labels of the aorta and iliac arteries on the image's grid, with quality findings.

    Parameters
    ----------
    wall_thickness_mm : float
        Of the shell labelled ``wall``, which neither CT nor MR angiography shows.

    Raises
    ------
    NeedsClicks
        The automatic start is not sure of itself, or clicks are not usable.
    InputError
        The method or the contrast asked for does not suit the modality.
    """
    method = settings.method
    if method in LEARNED:
        return segment_learned(volume, settings, wall_thickness_mm, progress)
    if method == "auto":
        method = "ct-contrast" if volume.modality == "CT" else "mr-angiography"
    modality, run = METHODS[method]
    if modality != volume.modality:
        raise InputError(
            f"method {method} works on {modality}, the image is {volume.modality}",
            where="case file: segmentation.method",
            fix="leave the method out, or correct image.modality",
        )
    if settings.contrast not in CONTRASTS[modality]:
        raise InputError(
            f"contrast {settings.contrast} is not one of {modality}",
            where="case file: segmentation.contrast",
            why=f"for {modality} it is one of {', '.join(CONTRASTS[modality])}",
            fix="leave it out, or correct image.modality",
        )
    found = run(volume, settings, wall_thickness_mm, progress)
    return with_metal_told(found, volume) if modality == "CT" else found
