"""Start in portal-venous contrast: two tubes beside each other in front of the spine, the left one is the aorta.

Chains of lobes (``lobes.py``) are cut where they jump from one vessel to another. The aorta is the
long piece in front of the spine or to its left; the vena cava, as bright as it or brighter, must be
to its right. What the growing blood shares with the cava, kidneys and other veins is parted by a
watershed of the depth within the blood: a vessel's own way on is wide, a contact is narrow.

Not to be trusted: left-sided or doubled cava, situs inversus, a horseshoe kidney, and after a
surgical shunt; the gates ask for clicks where the tubes are not as described.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from aorta.records import Array
from aorta.segmentation.chain import best_chain
from aorta.segmentation.discs import Disc
from aorta.segmentation.distance import depth_in, largest_part

# How vessels run, and where the vena cava and organs lie beside the aorta: ranges of ours, no source (unverified).
JUMP_MM = 8.0  # between slices 2.5 mm apart: no vessel runs so flat for long
CHAINS = 3
PIECE_MM = 30.0
BESIDE_MM = (6.0, 60.0)  # how far the cava's middle lies to the right of the aorta's
FAR_ASIDE_MM = 48.0  # from the canal: kidneys, liver, spleen
MARKER_SHARE = 0.55  # of a disc's radius
CLICKED_MM = 4.0  # radius of the disc that a click stands for


@dataclass(frozen=True)
class Tubes:
    """Discs from the top down; ``others`` mark what is no artery.

    ``beside`` is the share of the aorta's slices that show the cava.
    """

    aorta: tuple[Disc, ...]
    cava: tuple[Disc, ...]
    others: tuple[Disc, ...]
    beside: float


def find_tubes(rows: Sequence[Sequence[Disc]], canal: Array) -> Tubes | None:
    """Aorta and vena cava among the lobes of all slices; None where nothing is like an aorta.

    Parameters
    ----------
    rows : sequence of sequences of Disc
        The lobes of neighbouring slices from the feet up.
    canal : (n, 2) float
        (y, x) mm of the spinal canal in each of these slices.
    """
    left_over, pieces = [list(row) for row in rows], []
    for _ in range(CHAINS):
        chain = best_chain(left_over)
        if len(chain) < 5:
            break
        pieces += [p for p in without_jumps(chain) if p[-1].position[0] - p[0].position[0] >= PIECE_MM]
        left_over = [[d for d in row if not _taken(d, chain)] for row in left_over]
    if not pieces:
        return None
    heights = {float(row[0].position[0]): n for n, row in enumerate(rows) if row}
    pieces.sort(key=lambda p: -_worth(p))
    first = pieces[0]
    beside = [p for p in pieces[1:] if _overlap(first, p) > 0.5 * min(_span(first), _span(p))]
    second = max(beside, key=_worth) if beside else None
    aorta, cava = first, second
    if second is not None and _to_the_left(second, first) > 0.0:
        aorta, cava = second, first
    far = [d for row in rows for d in row if abs(d.position[2] - canal[heights[float(row[0].position[0])], 1]) > FAR_ASIDE_MM]
    if cava is not None:
        lowest = cava[0].position[0]
        aorta = [d for d in aorta if d.position[0] >= lowest - 10.0]
    share = 0.0 if cava is None else _overlap(aorta, cava) / max(_span(aorta), 1e-6)
    return Tubes(tuple(aorta[::-1]), tuple(cava[::-1] if cava else ()), tuple(far), float(min(1.0, share)))


def with_aorta_at(tubes: Tubes, points: Array) -> Tubes | None:
    """The tubes as clicks (n, 3) in the aorta's blood say: exchanged if they lie in the other; without discs that hold a click."""

    def nearest(discs: Sequence[Disc]) -> float:
        if not discs:
            return np.inf
        centres = np.array([d.position for d in discs])
        return float(np.linalg.norm(centres - points[0], axis=1).min())

    aorta, cava = tubes.aorta, tubes.cava
    if nearest(cava) < nearest(aorta):
        aorta, cava = cava, aorta
    cava, others = (tuple(d for d in found if not _holds(d, points)) for found in (cava, tubes.others))
    clicked = tuple(Disc(p, CLICKED_MM, 0.0, 0.0, 0.0, 0.0) for p in points)
    return Tubes(clicked, cava, others, tubes.beside)


def rough_mask(tubes: Tubes, shape: tuple[int, ...], spacing: Array) -> Array:
    """(nk, nj, ni) bool: about the aorta and the cava, by their discs alone."""
    mask = np.zeros(shape, np.int16)
    half = max(1, round(1.5 / float(spacing[0])))
    for disc in (*tubes.aorta, *tubes.cava):
        mark(mask, disc, 1, spacing, np.zeros(3), 1.15, half)
    return mask > 0


def without_veins(blood: Array, thin: Array, spacing: Array, tubes: Tubes, corner: Array) -> tuple[Array, Array, Array]:
    """The blood of the aorta, the same with thin branches, and the veins and organs: a watershed between their discs.

    Parameters
    ----------
    blood, thin : (nk, nj, ni) bool
        Everything as bright as blood that is connected to the aorta, and what is connected by thin vessels too.
    corner : (3,) float
        (z, y, x) mm of the mask's first voxel in the frame of the discs.
    """
    markers = np.zeros(blood.shape, np.int16)
    for value, discs in ((2, tubes.others), (2, tubes.cava), (1, tubes.aorta)):
        for disc in discs:
            mark(markers, disc, value, spacing, corner)
    markers[~blood] = 0
    depth = ndi.gaussian_filter(depth_in(blood, spacing), 0.8 / np.asarray(spacing))
    parts = watershed(-depth, markers, mask=blood)
    veins = parts == 2
    aorta = largest_part(parts == 1)
    return aorta, (thin & ~blood) | aorta, veins


def _holds(disc: Disc, points: Array) -> bool:
    off = np.abs(points - disc.position)
    return bool(((off[:, 0] < 3.0) & (np.hypot(off[:, 1], off[:, 2]) < disc.radius)).any())


def mark(markers: Array, disc: Disc, value: int, spacing: Array, corner: Array, share: float = MARKER_SHARE, half: int = 0) -> None:
    """Set, in place, a disc of a share of the radius, over ``half`` slices to both sides of its own."""
    centre = (disc.position - corner) / spacing
    k = int(round(centre[0]))
    if not 0 <= k < markers.shape[0]:
        return
    reach = share * disc.radius / spacing[1:]
    low = np.maximum(0, np.floor(centre[1:] - reach)).astype(int)
    high = np.minimum(markers.shape[1:], np.ceil(centre[1:] + reach).astype(int) + 1)
    if (high <= low).any():
        return
    j, i = np.ogrid[low[0] : high[0], low[1] : high[1]]
    inside = ((j - centre[1]) / reach[0]) ** 2 + ((i - centre[2]) / reach[1]) ** 2 <= 1.0
    markers[max(0, k - half) : k + half + 1, low[0] : high[0], low[1] : high[1]][:, inside] = value


def without_jumps(chain: Sequence[Disc]) -> list[list[Disc]]:
    """A chain in pieces, cut where it jumps aside or leaves out too many slices."""
    pieces = [[chain[0]]]
    for before, disc in zip(chain, chain[1:]):
        slices = max(1.0, (disc.position[0] - before.position[0]) / 2.5)
        if np.hypot(*(disc.position - before.position)[1:]) > JUMP_MM * slices**0.5 or slices > 8:
            pieces.append([])
        pieces[-1].append(disc)
    return pieces


def _taken(disc: Disc, chain: Sequence[Disc]) -> bool:
    for other in chain:
        if abs(other.position[0] - disc.position[0]) < 0.1:
            return bool(np.hypot(*(other.position - disc.position)[1:]) < other.radius + 0.5 * disc.radius)
    return False


def _worth(piece: Sequence[Disc]) -> float:
    """mm of length, less for every doubt about its discs."""
    return float(_span(piece) * max(0.2, 1.0 - 0.3 * np.median([d.cost for d in piece])))


def _span(piece: Sequence[Disc]) -> float:
    return float(abs(piece[-1].position[0] - piece[0].position[0]))


def _overlap(one: Sequence[Disc], other: Sequence[Disc]) -> float:
    """mm of height that both have, with the other beside (not before or behind) the one."""
    at = {round(float(d.position[0]), 1): d for d in other}
    apart = [d.position[2] - at[z].position[2] for d in one if (z := round(float(d.position[0]), 1)) in at]
    beside = [BESIDE_MM[0] < abs(x) < BESIDE_MM[1] for x in apart]
    return float(sum(beside)) * _span(one) / max(1, len(one) - 1)


def _to_the_left(one: Sequence[Disc], other: Sequence[Disc]) -> float:
    """Median mm by which the one lies to the patient's left of the other in the slices of both."""
    at = {round(float(d.position[0]), 1): d for d in other}
    return float(np.median([d.position[2] - at[z].position[2] for d in one if (z := round(float(d.position[0]), 1)) in at]))
