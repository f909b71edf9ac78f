"""How well the family of phantoms is segmented: the study behind the tables of docs/theory/segmentation.md.

    python docs/studies/segmentation_accuracy.py [1 2 30 ...] [--again] [--figure]

Each member (aorta.phantom.family) is segmented as a user would: automatically; where that is refused (exit status 4), from
three clicks in the blood; and each hard member once more with 18 clicks on the outer wall, put where the first result is
most wrong, half a millimetre off at random. What is found is kept in segmentation_accuracy.json beside this file (a member
that is there is not run again). Prints the tables; ``--figure`` draws the worst case. About fifteen minutes of processor time.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pyvista as pv
from scipy import ndimage as ndi

from aorta.errors import NeedsClicks
from aorta.phantom.family import MEMBERS, draw_scene, make_member, member
from aorta.phantom.make import Phantom
from aorta.records import VESSEL, Array, Labels, Segmentation
from aorta.segmentation.segment import segment
from aorta.settings import SegmentationSettings

HERE = Path(__file__).parent
KEPT = HERE / "segmentation_accuracy.json"
FIGURE = HERE.parent / "images" / "segmentation-worst.png"
WALL_MM = 1.5
WRONG_SLICE = 0.9  # Dice of the outer boundary below it
CLICKS, APART_MM, HAND_MM = 18, 10.0, 0.5
AT_END_MM = 4.0  # the vessel is cut across at the clicks, not along the slices: so much next to them is not compared
SECTION_MM = 2.0
PICTURES = 6  # of the worst member
WALL_UNSEEN = "mr-angiography"  # shows the blood only: the wall is not sought there
PARTS = {"lumen": ("lumen",), "outer": VESSEL, "thrombus": ("thrombus",), "calcification": ("calcification",)}


@dataclass(frozen=True)
class Accuracy:
    """Of one segmentation. Distances in mm: mean over both surfaces; diameter: maximum over sections of the known axis."""

    dice: dict[str, float]
    distance: dict[str, float]
    diameter_error: float
    wrong_slices: int
    wrong_flagged: int
    right_slices: int
    right_flagged: int
    naive_outer_dice: float
    seconds: float


def dice(one: Array, other: Array) -> float:
    """1.0 where both are empty."""
    both = int(one.sum()) + int(other.sum())
    return 2.0 * int((one & other).sum()) / both if both else 1.0


def boundary(mask: Array, labels: Labels, smooth_mm: float = 0.0) -> pv.PolyData:
    """The surface half way between voxels in and out, LPS mm, open where the mask leaves the image."""
    spacing = labels.grid.spacing_kji
    box = tuple(slice(max(0, s.start - 4), s.stop + 4) for s in ndi.find_objects(mask.astype(np.uint8))[0])
    field = mask[box].astype(np.float32)
    if smooth_mm:
        field = ndi.gaussian_filter(field, smooth_mm / spacing, mode="nearest")
    image = pv.ImageData(dimensions=field.shape[::-1])
    image["inside"] = field.ravel()
    surface = image.contour([0.5], scalars="inside", method="flying_edges")
    corner = np.array([s.start for s in box])[::-1]
    return pv.PolyData(labels.grid.to_lps(np.asarray(surface.points, float) + corner), surface.faces)


def mean_distance(one: pv.PolyData, other: pv.PolyData) -> float:
    """Mean over the vertices of both of the distance to the other."""
    apart = [np.abs(a.compute_implicit_distance(b)["implicit_distance"]) for a, b in ((one, other), (other, one))]
    return float(np.concatenate(apart).mean())


def max_diameter(mask: Array, labels: Labels, phantom: Phantom) -> float:
    """Longest chord of the sections perpendicular to the known axis, from the lowest renal artery to the bifurcation, mm."""
    surface = boundary(mask, labels, smooth_mm=1.0)
    line = phantom.centreline
    tangents = np.gradient(line, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    below = line[:, 2] < phantom.landmarks["lowest_renal"][2]
    above = line[:, 2] > phantom.landmarks["aortic_bifurcation"][2] + 8.0
    widest = 0.0
    for n in np.flatnonzero(below & above)[:: int(SECTION_MM)]:
        cut = surface.slice(normal=tangents[n], origin=line[n])
        if cut.n_points < 10:
            continue
        loops = cut.connectivity().split_bodies()
        points = max((np.asarray(loop.points) for loop in loops), key=len)
        first = np.cross(tangents[n], [0.0, 1.0, 0.0])
        first /= np.linalg.norm(first)
        flat = np.stack([points @ first, points @ np.cross(tangents[n], first)], axis=1)
        angle = np.linspace(0.0, np.pi, 90, endpoint=False)
        along = flat @ np.stack([np.cos(angle), np.sin(angle)])
        widest = max(widest, float((along.max(axis=0) - along.min(axis=0)).max()))
    return widest


def between(labels: Labels, ends: tuple[tuple[float, float, float], ...]) -> Labels:
    """The labels between the highest and the lowest of some clicks, where a segmentation from clicks ends; all without clicks."""
    if not ends:
        return labels
    k, j, i = np.ogrid[tuple(slice(0, n) for n in labels.grid.shape_kji)]
    row = labels.grid.affine_lps[2]
    z = row[0] * i + row[1] * j + row[2] * k + row[3]
    heights = [point[2] for point in ends]
    within = (z > min(heights) + AT_END_MM) & (z < max(heights) - AT_END_MM)
    return replace(labels, voxels=np.where(within, labels.voxels, 0).astype(labels.voxels.dtype))


def assess(phantom: Phantom, found: Segmentation, seconds: float, ends: tuple[tuple[float, float, float], ...] = ()) -> Accuracy:
    """Compare with the truth, between the clicks if it started from some."""
    true, labels = between(phantom.labels, ends), between(found.labels, ends)
    outer, true_outer = labels.mask(*VESSEL), true.mask(*VESSEL)
    flagged = np.isin(np.arange(len(outer)), found.doubtful_slices)
    shown = true_outer.any(axis=(1, 2)) | outer.any(axis=(1, 2))
    wrong = np.array([shown[k] and dice(outer[k], true_outer[k]) < WRONG_SLICE for k in range(len(outer))])
    lumen = true.mask("lumen")
    naive = ndi.distance_transform_edt(~lumen, sampling=true.grid.spacing_kji) <= WALL_MM
    return Accuracy(
        {name: round(dice(labels.mask(*part), true.mask(*part)), 4) for name, part in PARTS.items()},
        {
            name: round(mean_distance(boundary(labels.mask(*part), labels), boundary(true.mask(*part), true)), 3)
            for name, part in PARTS.items()
            if name in ("lumen", "outer")
        },
        round(max_diameter(outer, labels, phantom) - phantom.truth["max_diameter_mm"], 2),
        int(wrong.sum()),
        int((wrong & flagged).sum()),
        int((shown & ~wrong).sum()),
        int((shown & ~wrong & flagged).sum()),
        round(dice(naive, true_outer), 4),
        round(seconds, 1),
    )


def blood_clicks(phantom: Phantom) -> tuple[tuple[float, float, float], ...]:
    """The middle of the lumen near the top, and of each iliac artery near the bottom."""
    grid, lumen = phantom.labels.grid, phantom.labels.mask("lumen")
    voxels = np.argwhere(lumen)
    points = grid.to_lps(voxels[:, ::-1].astype(float))
    z = points[:, 2]
    top = points[np.abs(z - (z.max() - 6.0)) < 1.6]
    bottom = points[np.abs(z - (z.min() + 6.0)) < 1.6]
    middle = bottom[:, 0].mean()
    groups = (top, bottom[bottom[:, 0] > middle], bottom[bottom[:, 0] < middle])
    return tuple(tuple(float(c) for c in group.mean(axis=0)) for group in groups)  # type: ignore[misc]


def wall_clicks(phantom: Phantom, found: Segmentation, seed: int) -> tuple[tuple[float, float, float], ...]:
    """Where a planner who looks at the overlay would click: on the true wall where the boundary found is farthest off."""
    true = boundary(phantom.labels.mask(*VESSEL), phantom.labels, smooth_mm=0.5)
    points = np.asarray(true.points)
    low, high = points[:, 2].min() + 8.0, points[:, 2].max() - 8.0
    off = np.abs(true.compute_implicit_distance(boundary(found.labels.mask(*VESSEL), found.labels))["implicit_distance"])
    off = np.where((points[:, 2] > low) & (points[:, 2] < high), off, -1.0)
    hand, clicks = np.random.default_rng(seed), []
    while len(clicks) < CLICKS and off.max() > 0:
        at = points[int(np.argmax(off))]
        clicks.append(tuple(float(c) for c in at + HAND_MM * hand.standard_normal(3) / np.sqrt(3.0)))
        off[np.linalg.norm(points - at, axis=1) < APART_MM] = -1.0
    return tuple(clicks)


def timed(phantom: Phantom, settings: SegmentationSettings) -> tuple[Segmentation, float]:
    """The segmentation and its processor time."""
    start = time.process_time()
    found = segment(phantom.volume, settings, WALL_MM)
    return found, time.process_time() - start


def study(number: int) -> dict:
    """All runs of one member, by name: "automatic" (or why not), "seeded" where that was refused, "clicked" for hard ones."""
    one, phantom = member(number), make_member(number)
    settings, runs = SegmentationSettings(), {}
    try:
        found, seconds = timed(phantom, settings)
        runs["automatic"] = asdict(assess(phantom, found, seconds))
    except NeedsClicks as refusal:
        runs["refused"] = f"{refusal.what}: {refusal.why}"
        settings = replace(settings, seeds=blood_clicks(phantom))
        try:
            found, seconds = timed(phantom, settings)
            runs["seeded"] = asdict(assess(phantom, found, seconds, settings.seeds))
        except NeedsClicks as again:  # the wall is not seen: its clicks are put with the blood alone in view
            runs["refused_again"] = f"{again.what}: {again.why}"
            found, _ = timed(phantom, replace(settings, thrombus=False))
    if one.hard:
        clicked, seconds = timed(phantom, replace(settings, wall_clicks=wall_clicks(phantom, found, one.seed)))
        runs["clicked"] = asdict(assess(phantom, clicked, seconds, settings.seeds))
    return runs


def first_run(runs: dict) -> dict | None:
    """The automatic run, or that from clicks in the blood."""
    return runs.get("automatic") or runs.get("seeded")


def table(kept: dict[str, dict]) -> str:
    """One row per member, in Markdown."""
    lines = [
        "| | contrast | slices × pixels [mm] | start | lumen | outer | thrombus | calcif. "
        "| distance: lumen, outer [mm] | diameter [mm] | flagged: wrong slices, right slices | outer with 18 clicks |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for number in sorted(map(int, kept)):
        one, runs = member(number), kept[str(number)]
        run, clicked = first_run(runs), runs.get("clicked")
        name = f"| {number}{' hard' if one.hard else ''} | {one.contrast} | {one.slice_mm:g} × {one.pixel_mm:g} "
        if run is None:
            lines.append(name + "| refused, and from clicks |" + " |" * 8)
            continue
        d, away = run["dice"], run["distance"]
        lines.append(
            name
            + f"| {'automatic' if 'automatic' in runs else 'clicks'} | {d['lumen']:.3f} | {d['outer']:.3f} | {d['thrombus']:.3f} "
            f"| {d['calcification']:.2f} | {away['lumen']:.2f}, {away['outer']:.2f} | {run['diameter_error']:+.1f} "
            f"| {run['wrong_flagged']} of {run['wrong_slices']}, {run['right_flagged']} of {run['right_slices']} "
            f"| {format(clicked['dice']['outer'], '.3f') if clicked else ''} |"
        )
    return "\n".join(lines)


def summary(kept: dict[str, dict]) -> str:
    """The figures that the targets are about; MR angiography by itself, since it shows no wall."""
    groups: dict[str, list] = {"easy": [], "hard": [], WALL_UNSEEN: []}
    for number, runs in kept.items():
        one = member(int(number))
        groups["hard" if one.hard else WALL_UNSEEN if one.contrast == WALL_UNSEEN else "easy"].append(first_run(runs))
    lines = []
    for name, runs in groups.items():
        runs = [r for r in runs if r]
        if not runs:
            continue
        lumen, outer = ([r["dice"][p] for r in runs] for p in ("lumen", "outer"))
        far = [max(r["distance"].values()) for r in runs]
        lines.append(
            f"{name}: {len(runs)} segmented; lumen {min(lumen):.3f} to {max(lumen):.3f}; "
            f"outer {min(outer):.3f} to {max(outer):.3f}; distance at most {max(far):.2f} mm; "
            + "; ".join(
                f"{which} slices {sum(r[which + '_slices'] for r in runs)}, flagged {sum(r[which + '_flagged'] for r in runs)}"
                for which in ("wrong", "right")
            )
        )
    clicked = [runs["clicked"] for runs in kept.values() if "clicked" in runs]
    if clicked:
        lines.append(f"hard with {CLICKS} clicks: outer {min(c['dice']['outer'] for c in clicked):.3f} at least")
    errors = [abs(r["diameter_error"]) for group in groups.values() for r in group if r]
    lines.append(f"maximum diameter within 2 mm in {np.mean(np.array(errors) <= 2.0):.0%} of {len(errors)}")
    lines.append(f"refused automatically: {sorted(int(n) for n, runs in kept.items() if 'refused' in runs)}")
    return "\n".join(lines)


def worst(kept: dict[str, dict]) -> list[int]:
    """The members with the lowest Dice of the outer boundary: of all, and of those whose wall is sought."""
    order = sorted((int(n) for n in kept if first_run(kept[n])), key=lambda n: first_run(kept[str(n)])["dice"]["outer"])
    sought = [n for n in order if member(n).contrast != WALL_UNSEEN]
    return [n for n in dict.fromkeys((order[0], sought[0]))]


def draw_worst(kept: dict[str, dict]) -> list[int]:
    """A row for each of the worst members: truth and found in slices from end to end and in the worst one."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    numbers = worst(kept)
    figure, axes = plt.subplots(len(numbers), PICTURES, figsize=(2.9 * PICTURES, 3.3 * len(numbers)), squeeze=False)
    for row, number in zip(axes, numbers):
        _draw_member(row, number, "seeded" in kept[str(number)])
    figure.suptitle(f"true (green), found (red), with {CLICKS} clicks (cyan, hard members)", fontsize=10)
    figure.tight_layout()
    figure.savefig(FIGURE, dpi=80)
    return numbers


def _draw_member(row: Array, number: int, seeded: bool) -> None:
    one, phantom = member(number), make_member(number)
    settings = SegmentationSettings(seeds=blood_clicks(phantom) if seeded else ())
    found = segment(phantom.volume, settings, WALL_MM)
    clicked = None
    if one.hard:
        clicked = segment(phantom.volume, replace(settings, wall_clicks=wall_clicks(phantom, found, one.seed)), WALL_MM)
    true, mine = phantom.labels.mask(*VESSEL), found.labels.mask(*VESSEL)
    lowest = np.array([dice(true[k], mine[k]) if true[k].any() else 1.0 for k in range(len(true))])
    slices = np.flatnonzero(true.any(axis=(1, 2)))
    spread = slices[np.rint(np.linspace(0.06, 0.94, PICTURES - 1) * (len(slices) - 1)).astype(int)]
    spacing = phantom.volume.grid.spacing_kji
    values = draw_scene(one).look.values
    low, high = (-120.0, values["blood"]) if phantom.volume.modality == "CT" else (0.0, values["blood"])
    upright = "lower" if phantom.volume.grid.affine_lps[2, 1] > 0 else "upper"  # rows that run to the head
    for axis, k in zip(row, [*sorted(map(int, spread)), int(np.argmin(lowest))]):
        axis.imshow(phantom.volume.voxels[k], cmap="gray", vmin=low, vmax=high, aspect=spacing[1] / spacing[2], origin=upright)
        axis.contour(true[k], [0.5], colors="tab:green", linewidths=1.2)
        axis.contour(mine[k], [0.5], colors="tab:red", linewidths=1.2)
        if clicked is not None:
            axis.contour(clicked.labels.mask(*VESSEL)[k], [0.5], colors="tab:cyan", linewidths=0.9, linestyles="--")
        doubtful = ", doubtful" if k in found.doubtful_slices else ""
        axis.set_title(f"member {number}, slice {k}: {lowest[k]:.2f}{doubtful}", fontsize=8)
        j, i = np.argwhere(true.any(axis=0)).T
        axis.set_xlim(i.min() - 25, i.max() + 25)
        across = (j.min() - 25, j.max() + 25)
        axis.set_ylim(across if upright == "lower" else across[::-1])
        axis.set_axis_off()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", type=int, nargs="*", help="members; all if none is named")
    parser.add_argument("--again", action="store_true", help="also what was run before")
    parser.add_argument("--figure", action="store_true")
    asked = parser.parse_args()
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for number in asked.numbers or [m.number for m in MEMBERS]:
        if str(number) not in kept or asked.again:
            runs = study(number)
            kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}  # another piece may run meanwhile
            kept = dict(sorted({**kept, str(number): runs}.items(), key=lambda item: int(item[0])))
            KEPT.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            run = first_run(runs)
            print(
                number,
                run and (run["dice"], run["distance"], run["diameter_error"], run["seconds"]),
                runs.get("refused", ""),
                flush=True,
            )
    print(table(kept), summary(kept), sep="\n\n")
    if asked.figure:
        print("worst:", draw_worst(kept))


if __name__ == "__main__":
    main()
