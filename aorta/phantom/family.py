"""Thirty phantoms that differ as patients and protocols do: ``make_member(1)`` … ``make_member(30)``.

What a member is for (contrast, slices, hard or not) stands in ``MEMBERS``; everything else is drawn from its seed. Sources of
the ranges: neck diameters about 21 to 25 mm and lengths about 21 to 27 mm (means of women and men), labelled short below 15
mm (343 patients, doi:10.5758/vsi.200016); where thrombus lies: in front 53 %, all round 23 %, behind 11 %, else mixed (100
patients, doi:10.1590/s0102-86502008000700024). Vertebrae and discs, iliac and caval calibres: textbook figures, unverified.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aorta.errors import InputError
from aorta.phantom.make import Phantom, Scene, render
from aorta.phantom.scanner import Scanner
from aorta.phantom.scene import Field, Shape
from aorta.phantom.surroundings import Sheet, Surroundings
from aorta.phantom.tissue import Contrast, draw_look
from aorta.records import Progress, silent

FIELD = Field((10.0, -88.0, -92.0), (230.0, 172.0, 184.0))
"""The aorta from above the coeliac artery to both common iliacs, and what lies about it: a small reconstruction."""


@dataclass(frozen=True)
class Member:
    """Slice spacing, which is the slices' thickness, and voxel size in the plane in mm; ``hard``: see ``_neighbours``."""

    number: int
    seed: int
    contrast: Contrast
    slice_mm: float
    pixel_mm: float = 1.0
    hard: bool = False

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """Voxels over ``FIELD``."""
        z, y, x = FIELD.extent_kji
        step = [self.slice_mm, self.pixel_mm, self.pixel_mm]
        if self.contrast == "mr-angiography":  # coronal: the slices are stacked along y
            step = [self.pixel_mm, self.slice_mm, self.pixel_mm]
        return tuple(round(e / s) for e, s in zip((z, y, x), step))  # type: ignore[return-value]


MEMBERS = tuple(
    Member(number, *what)
    for number, what in enumerate(
        [
            (101, "arterial", 0.7),
            (102, "arterial", 0.8, 0.9),
            (103, "arterial", 1.0),
            (104, "arterial", 1.0, 0.8),
            (105, "arterial", 1.0),
            (106, "arterial", 1.25, 0.75),
            (107, "arterial", 1.25),
            (108, "arterial", 1.5, 0.8),
            (109, "arterial", 1.5),
            (110, "arterial", 1.5, 0.9),
            (111, "arterial", 2.0, 0.8),
            (112, "arterial", 2.0),
            (113, "portal-venous", 1.0),
            (114, "portal-venous", 1.5, 0.8),
            (115, "portal-venous", 2.0),
            (116, "weak", 1.5),
            (117, "mr-angiography", 1.2, 1.0),
            (118, "mr-angiography", 2.0, 1.2),
            (119, "bright-blood", 1.5, 1.2),
            (120, "bright-blood", 2.0, 1.0),
            (121, "arterial", 2.5, 0.8, True),
            (122, "arterial", 3.0, 0.8, True),
            (123, "arterial", 3.0, 0.9, True),
            (124, "arterial", 2.5, 1.0, True),
            (125, "arterial", 1.0, 1.0, True),
            (126, "arterial", 1.5, 0.8, True),
            (127, "arterial", 3.0, 1.0, True),
            (128, "arterial", 2.5, 0.9, True),
            (129, "portal-venous", 2.5, 0.9, True),
            (130, "portal-venous", 3.0, 0.8, True),
        ],
        start=1,
    )
)


def member(number: int) -> Member:
    """The member of a number from 1; ``InputError`` if there is none."""
    if not 1 <= number <= len(MEMBERS):
        raise InputError(f"the phantom family has no member {number}", fix=f"give a number from 1 to {len(MEMBERS)}")
    return MEMBERS[number - 1]


def make_member(number: int, *, labels_only: bool = False, progress: Progress = silent) -> Phantom:
    """The same phantom for the same number."""
    one = member(number)
    return render(draw_scene(one), one.seed, one.shape_kji, labels_only=labels_only, progress=progress)


def draw_scene(one: Member) -> Scene:
    """Vessel, brightness, neighbours and scanner of a member."""
    rng = np.random.default_rng(one.seed)
    around = Surroundings(
        spine_y=37.0 + rng.uniform(-2.0, 2.0),
        spine_half=(rng.uniform(21.0, 25.0), rng.uniform(16.0, 18.5)),
        spine_period=rng.uniform(34.0, 38.0),
        disc=rng.uniform(7.0, 11.0),
        psoas_medial=rng.uniform(0.0, 6.0),
    )
    shape = _draw_shape(one, around, rng)
    look = draw_look(one.contrast, one.hard, rng)
    if one.hard:
        around = _neighbours(around, rng)
    noise = rng.uniform(10.0, 22.0) if look.modality == "CT" else rng.uniform(0.02, 0.04) * look.values["blood"]
    coronal = one.contrast == "mr-angiography"
    scanner = Scanner(
        blur=rng.uniform(0.5, 0.75) if look.modality == "CT" else rng.uniform(0.6, 0.8),
        noise=noise,
        correlation=rng.uniform(0.5, 0.9) if look.modality == "CT" else 0.4,
        sub_slices=3 if one.slice_mm > 1.0 else 1,
        across=1 if coronal else 0,
        bias=0.0 if look.modality == "CT" else 0.15,
    )
    return Scene(shape, FIELD, look, around, scanner, chips=int(rng.integers(5, 80)))


def _draw_shape(one: Member, around: Surroundings, rng: np.random.Generator) -> Shape:
    sac = rng.uniform(48.0, 72.0) if one.hard else rng.uniform(38.0, 75.0)
    place = rng.choice(["front", "round", "behind", "side"], p=[0.53, 0.23, 0.11, 0.13])  # of the thrombus
    angle = {"front": 90.0, "round": 90.0, "behind": -90.0, "side": rng.choice([0.0, 180.0])}[place] + rng.uniform(-35.0, 35.0)
    towards = (float(np.cos(np.radians(angle))), float(np.sin(np.radians(angle))))
    bare = not one.hard and rng.random() < 0.12
    flow = 1.2 * sac if bare else rng.uniform(18.0, 0.55 * sac if one.hard else 0.8 * sac)
    side = rng.uniform(-160.0, -20.0)  # a bulge to the front or to a side
    behind = around.spine_y - around.spine_half[1] - rng.uniform(0.5, 4.0)  # the sac's rear wall, before the spine
    return Shape(
        neck_diameter=rng.uniform(18.0, 28.0),
        sac_diameter=sac,
        flow_channel_diameter=flow,
        neck_tilt_deg=rng.uniform(3.0, 36.0),
        left_iliac_diameter=rng.uniform(11.0, 18.0),
        right_iliac_diameter=rng.uniform(11.0, 18.0),
        flow_towards=towards,
        eccentricity=rng.uniform(0.0, 0.3) if place == "round" else 1.0,
        sac_left=rng.uniform(-6.0, 6.0),
        sac_forward=sac / 2 - 10.0 - behind,
        sac_rise=rng.uniform(-5.0, 5.0),
        renal_drop=rng.uniform(0.0, 22.0),
        bulge=rng.uniform(2.0, 9.0) if rng.random() < 0.5 else 0.0,
        bulge_towards=(float(np.cos(np.radians(side))), float(np.sin(np.radians(side)))),
        coeliac=True,
        inferior_mesenteric=bool(place == "behind"),
    )


def _neighbours(around: Surroundings, rng: np.random.Generator) -> Surroundings:
    """Muscle as bright as thrombus on the sac's side and rear, the vena cava flattened on it; for some crura, bowel, iliacs too."""
    left = rng.choice([-1.0, 1.0])
    sheets = [Sheet((0.8 * left, 0.6), rng.uniform(50.0, 80.0), (75.0, 158.0), rng.uniform(8.0, 14.0))]
    if rng.random() < 0.5:
        sheets.append(Sheet((0.0, 1.0), rng.uniform(50.0, 75.0), (170.0, 240.0), rng.uniform(5.0, 8.0)))
    if rng.random() < 0.5:
        for name, side in (("left_iliac", 1.0), ("right_iliac", -1.0)):
            sheets.append(Sheet((0.4 * side, 0.9), rng.uniform(45.0, 65.0), (10.0, 50.0), 10.0, name))
    return Surroundings(
        around.spine_y,
        around.spine_half,
        around.spine_period,
        around.disc,
        around.psoas_medial,
        tuple(sheets),
        cava_touches=True,
        bowel_touches=bool(rng.random() < 0.5),
    )
