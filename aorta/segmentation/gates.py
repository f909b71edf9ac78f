"""May the chain of discs be trusted? If not, the user is asked for clicks; never silently wrong.

A chain that locks on vertebrae (weak or no contrast) has a bright rim, uneven slices and no
competitor; one in a vein has the aorta as a competitor beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aorta.errors import NeedsClicks
from aorta.records import Array
from aorta.segmentation.discs import STEP_MM, Disc

LEAST_BLOOD_HU = 210.0  # below it the phantom's automatic seeds were half wrong (180 HU) or all wrong (140 HU)
LEAST_CLICKED_HU = 115.0  # at clicks: less is not an arterial phase
LEAST_CONTRAST_HU = 90.0  # of the disc above its rim
LEAST_LENGTH_MM, LEAST_SHARE = 60.0, 0.6
LEAST_FILLED = 0.65  # share of the slices between the chain's ends that hold one of its discs
MOST_UNEVEN = 0.18  # robust spread of the discs' means over their median
MOST_SIDEWAYS = 1.2  # mm to the side per mm along the body, median
MOST_STEP_MM, MOST_JUMPS = 9.0, 0.12  # aside between slices 2.5 mm apart; share of the steps
AHEAD_MM, LEAST_BEFORE = (20.0, 108.0), 0.8  # of the canal's middle; with bowel contrast the chain was 118 mm ahead of it
MOST_HANGING_MM3 = 300.0  # of blood beside the vessel; the phantom has none, with a bridge to its spine 700 and more
MOST_AREA, MOST_WIDE_SLICES = 3.0, 0.1  # blood in a slice over the area of its disc; share of the slices where it may be more

HOW_TO_CLICK = (
    "give at least 2 clicks in the case file, LPS mm: segmentation: seeds: [[x, y, z], ...]: the first in the blood of "
    "the aorta at the upper end of the part to be modelled, then one in each common iliac artery at its lower end (or one "
    "at the lower end of the aorta where no iliac is in view); or give a label map under 'labels'"
)


def ask(reasons: Sequence[str], method: str = "ct-contrast") -> NeedsClicks:
    """The error that asks for clicks; exit status 4."""
    return NeedsClicks(
        "the aorta was not found with certainty: at least 2 clicks are needed",
        where=f"segmentation, method {method}",
        why="; ".join(reasons),
        fix=HOW_TO_CLICK,
    )


def leaked(doubts: Sequence[str], method: str = "ct-contrast") -> NeedsClicks:
    """The error for a lumen that reaches beyond the vessel; exit status 4."""
    attenuation = "state the blood's attenuation under segmentation.blood if bone or veins are nearly as bright; or "
    return NeedsClicks(
        "the blood found reaches beyond the aorta",
        where=f"segmentation, method {method}",
        why="; ".join(doubts),
        fix=(attenuation if method == "ct-contrast" else "")
        + "give clicks: then the labels are made with a caution, to be corrected; or give a label map under 'labels'. "
        + HOW_TO_CLICK,
    )


def too_large(doubt: str) -> str:
    """The same as a caution, where clicks were given."""
    return f"the lumen may be too large: {doubt}"


def check_chain(
    chain: Sequence[Disc], slices: Sequence[Sequence[Disc]], height_mm: float, heights: Array, canal: Array | None
) -> None:
    """Raise ``NeedsClicks`` with every reason to doubt the chain.

    Parameters
    ----------
    slices : sequence of sequences of Disc
        All candidates, also those not taken.
    height_mm : float
        Of the image along the body.
    heights, canal : (n,) float and (n, 2) float or None
        z and (y, x) in mm of the spinal canal, if it was seen.
    """
    if len(chain) < 5:
        raise ask([f"only {len(chain)} slices hold a bright round vessel above 170 HU; is there contrast in the arteries?"])
    z = np.array([d.position[0] for d in chain])
    mean, rim = np.array([d.mean for d in chain]), np.array([d.rim for d in chain])
    length, blood = float(np.ptp(z)), float(np.median(mean))
    contrast = float(np.median(mean - rim))
    uneven = float(1.4826 * np.median(np.abs(mean - blood)) / blood)
    aside = np.hypot(*np.diff([d.position[1:] for d in chain], axis=0).T) / np.maximum(np.abs(np.diff(z)), 1e-6)
    needed = min(LEAST_LENGTH_MM, LEAST_SHARE * height_mm)
    spanned = max(1, round(length / max(float(np.median(np.diff(np.sort(z)))), 1e-6)) + 1)
    doubts = []
    if len(chain) < LEAST_FILLED * spanned:
        doubts.append(f"only {len(chain)} of {spanned} slices along it show a disc")
    if blood < LEAST_BLOOD_HU:
        doubts.append(f"the best candidate has {blood:.0f} HU; below {LEAST_BLOOD_HU:.0f} HU vessels and vertebrae are confused")
    if contrast < LEAST_CONTRAST_HU:
        doubts.append(f"it is only {contrast:.0f} HU brighter than its rim ({LEAST_CONTRAST_HU:.0f} needed)")
    if length < needed:
        doubts.append(f"it is only {length:.0f} mm long ({needed:.0f} needed)")
    if uneven > MOST_UNEVEN:
        doubts.append(f"its brightness varies by {uneven:.0%} between slices ({MOST_UNEVEN:.0%} allowed)")
    if float(np.median(aside)) > MOST_SIDEWAYS:
        doubts.append("it runs sideways rather than along the body")
    steps = np.maximum(1.0, np.abs(np.diff(z)) / STEP_MM)
    jumps = float((np.hypot(*np.diff([d.position[1:] for d in chain], axis=0).T) > MOST_STEP_MM * np.sqrt(steps)).mean())
    if jumps > MOST_JUMPS:
        doubts.append(f"it jumps to the side in {jumps:.0%} of its steps ({MOST_JUMPS:.0%} allowed): loops of bowel with contrast?")
    if canal is not None:
        ahead = np.array([np.interp(d.position[0], heights, canal[:, 0]) - d.position[1] for d in chain])
        before = float(((ahead > AHEAD_MM[0]) & (ahead < AHEAD_MM[1])).mean())
        if before < LEAST_BEFORE:
            doubts.append(f"it lies before the spine in {before:.0%} of its slices only ({LEAST_BEFORE:.0%} needed)")
    rivals = _rival_share(chain, slices)
    if rivals > 0.5:
        doubts.append(
            f"beside it a second vessel as bright and as wide runs along {rivals:.0%} of its length (vein or dissection?)"
        )
    if doubts:
        raise ask(doubts + ([] if canal is not None else ["the spine was not recognised either"]))


def leaks(chain: Sequence[Disc], lumen: Array, spacing: Array, hanging_mm3: float) -> list[str]:
    """What speaks for a lumen that grew beyond the vessel, as through an osteophyte into the spine; empty if nothing does.

    Parameters
    ----------
    chain : sequence of Disc
        Of the automatic start (its upper half is above the iliac arteries); empty without one.
    lumen : (nk, nj, ni) bool
        In the view of the chain.
    hanging_mm3 : float
        ``trunk.Split.hanging_mm3``.
    """
    doubts = []
    if hanging_mm3 > MOST_HANGING_MM3:
        doubts.append(f"{hanging_mm3 / 1000:.1f} mL as bright as the blood hang on the vessel (bone, vein or organ beside it?)")
    upper = sorted(chain, key=lambda d: -d.position[0])[: (len(chain) + 1) // 2]
    area = lumen.sum(axis=(1, 2)) * float(np.prod(spacing[1:]))
    wide = [area[int(round(d.position[0] / spacing[0]))] > MOST_AREA * np.pi * d.radius**2 for d in upper]
    if wide and np.mean(wide) > MOST_WIDE_SLICES:
        doubts.append(
            f"in {np.mean(wide):.0%} of the slices the blood found is over {MOST_AREA:.0f} times as large as the aorta there"
        )
    return doubts


def _rival_share(chain: Sequence[Disc], slices: Sequence[Sequence[Disc]]) -> float:
    """Share of the chain's upper half beside which there is another disc like it, connected or not."""
    by_height = {float(row[0].position[0]): row for row in slices if row}
    upper = sorted(chain, key=lambda d: -d.position[0])[: max(1, len(chain) // 2)]
    count = 0
    for disc in upper:
        for other in by_height.get(float(disc.position[0]), ()):
            apart = np.hypot(*(other.position - disc.position)[1:])
            alike = abs(other.mean - disc.mean) < 0.15 * disc.mean and 0.6 < other.radius / disc.radius < 1.6
            if apart > disc.radius + other.radius and alike and other.cost < disc.cost + 1.5:
                count += 1
                break
    return count / len(upper)
