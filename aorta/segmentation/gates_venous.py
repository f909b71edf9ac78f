"""May an aorta found in portal-venous contrast be trusted? If not, the user is asked for clicks.

Here nothing is told by brightness: position in front of the spine, a vena cava to the right of it,
round even slices over a long way, and a calcified wall must agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage as ndi

from aorta.errors import NeedsClicks
from aorta.records import Array
from aorta.segmentation.discs import Disc
from aorta.segmentation.gates import LEAST_LENGTH_MM, LEAST_SHARE, MOST_UNEVEN, ask
from aorta.segmentation.spine import spine_region
from aorta.segmentation.venous import Tubes

LEAST_VENOUS_HU, LEAST_VENOUS_CONTRAST_HU = 115.0, 30.0  # in portal-venous phase, with the cava beside it
MOST_LOBE_COST, MOST_RIGHT_MM, LEAST_BESIDE = 1.0, -8.0, 0.3
LEAST_BRIGHT_SHARE = 0.08  # of the region in front of the spine; the phantoms have 22 % with contrast, 1.6 to 4.8 % without
AHEAD_MM, ASIDE_MM = (50.0, 80.0), 35.0  # of the canal: where an abdominal aorta is
CALCIFIED_ABOVE_HU, MORE_CALCIFIED = 120.0, 0.2
BONE_MARGIN_MM = 3.0  # about the ellipse that stands for a vertebral body
LEAST_CALCIFIED = 0.03  # of the slices, more than of the other vessel's; a phantom with 0.3 mL has 0.08, its cava none


def check_tubes(
    tubes: Tubes | None, slices: Array, heights: Array, spacing: Array, canal: Array | None, unsure: NeedsClicks
) -> None:
    """Raise ``NeedsClicks`` with every reason to doubt an aorta found in portal-venous contrast.

    Parameters
    ----------
    slices, heights, spacing, canal
        Coarse slices (n, ny, nx) in HU, their z (n,) mm, their spacing (2,) mm; (n, 2) mm (y, x) of the canal, None: not seen.
    unsure : NeedsClicks
        Why the search for arterial contrast did not end.
    """
    if canal is None:
        raise unsure
    share = _bright_share(slices, spacing, canal)
    if share < LEAST_BRIGHT_SHARE:
        raise ask(
            [
                f"hardly anything in front of the spine ({share:.1%} of it) is as bright as blood with contrast: a scan without "
                "contrast does not show the lumen, and no method finds it there; use a contrast scan, or labels drawn elsewhere"
            ]
        )
    if tubes is None:
        raise unsure
    chain, doubts = tubes.aorta, []
    mean, rim = np.array([d.mean for d in chain]), np.array([d.rim for d in chain])
    z = np.array([d.position[0] for d in chain])
    blood, length = float(np.median(mean)), float(np.ptp(z))
    needed = min(LEAST_LENGTH_MM, LEAST_SHARE * float(np.ptp(heights)))
    aside = float(np.median([d.position[2] - np.interp(d.position[0], heights, canal[:, 1]) for d in chain]))
    uneven = float(1.4826 * np.median(np.abs(mean - blood)) / blood)
    if length < needed:
        doubts.append(f"the best candidate is only {length:.0f} mm long ({needed:.0f} needed)")
    if blood < LEAST_VENOUS_HU:
        doubts.append(f"it has only {blood:.0f} HU ({LEAST_VENOUS_HU:.0f} needed)")
    if (contrast := float(np.median(mean - rim))) < LEAST_VENOUS_CONTRAST_HU:
        doubts.append(f"it is only {contrast:.0f} HU brighter than its rim ({LEAST_VENOUS_CONTRAST_HU:.0f} needed)")
    if uneven > MOST_UNEVEN:
        doubts.append(f"its brightness varies by {uneven:.0%} between slices ({MOST_UNEVEN:.0%} allowed)")
    if (cost := float(np.median([d.cost for d in chain]))) > MOST_LOBE_COST:
        doubts.append(f"its slices are not round, even and bounded enough (score {cost:.1f}, at most {MOST_LOBE_COST:.1f})")
    if aside < MOST_RIGHT_MM:
        doubts.append(f"it lies {-aside:.0f} mm to the right of the spine's middle")
    if tubes.beside < LEAST_BESIDE:
        doubts.append(
            f"the vena cava is seen to its right along {tubes.beside:.0%} of its length only ({LEAST_BESIDE:.0%} needed): "
            "aorta and cava cannot be told apart"
        )
    own, others = (_calcified_share(t, slices, heights, spacing, canal) for t in (chain, tubes.cava))
    if others > own + MORE_CALCIFIED:
        doubts.append(
            f"the vessel to its right has a calcified wall in {others:.0%} of the slices, it has in {own:.0%} (mirrored image?)"
        )
    elif own < others + LEAST_CALCIFIED:
        doubts.append(
            "neither vessel has a calcified wall, which alone tells the artery from the vein beside it where the vein lies on the "
            "left or the image is mirrored"
        )
    if doubts:
        raise ask([f"arterial contrast: {unsure.why}", *(f"portal-venous contrast: {d}" for d in doubts)])


def _bright_share(slices: Array, spacing: Array, canal: Array) -> float:
    """Share of what lies ahead of the spine that has the brightness of blood with contrast."""
    y, x = np.arange(slices.shape[1]) * spacing[0], np.arange(slices.shape[2]) * spacing[1]
    ahead = canal[:, 0, None, None] - y[None, :, None]
    aside = x[None, None, :] - canal[:, 1, None, None]
    near = (ahead > AHEAD_MM[0]) & (ahead < AHEAD_MM[1]) & (np.abs(aside) < ASIDE_MM)
    return float(((slices > LEAST_VENOUS_HU) & (slices < 600.0) & near).sum() / max(1, near.sum()))


def _calcified_share(chain: Sequence[Disc], slices: Array, heights: Array, spacing: Array, canal: Array) -> float:
    """Share of the discs with something much brighter than their blood at their rim, the spine's cortex left out."""
    if not chain:
        return 0.0
    angles, count = np.linspace(0, 2 * np.pi, 24, endpoint=False), 0
    for disc in chain:
        at = int(np.argmin(np.abs(heights - disc.position[0])))
        plane = np.where(_bone(slices[at].shape, spacing, canal[at]), -np.inf, slices[at])
        rim = [
            plane[
                np.clip(np.rint((disc.position[1] + r * np.sin(angles)) / spacing[0]).astype(int), 0, plane.shape[0] - 1),
                np.clip(np.rint((disc.position[2] + r * np.cos(angles)) / spacing[1]).astype(int), 0, plane.shape[1] - 1),
            ].max()
            for r in (disc.radius, disc.radius + 1.5)
        ]
        count += max(rim) > disc.mean + CALCIFIED_ABOVE_HU
    return count / len(chain)


def _bone(shape: tuple[int, int], spacing: Array, canal: Array) -> Array:
    return ndi.binary_dilation(spine_region(shape, spacing, canal), iterations=int(np.ceil(BONE_MARGIN_MM / spacing.min())))
