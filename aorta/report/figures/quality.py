"""Shape of the elements, and the way to equilibrium."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator

from aorta.records import THROMBUS, WALL, Array, Solution, WallMesh
from aorta.report.figures.figure import LUMEN, MARK, MINIMUM, OUTER, STYLE, Picture, finish


def mean_ratio(mesh: WallMesh) -> Array:
    """(m,) shape of each tetrahedron by its vertices: 12 (3V)^(2/3) / sum of squared edges, 1 if regular.

    Liu & Joe 1994, BIT 34:268.
    """
    p = mesh.points[mesh.tets[:, :4]]
    volume = np.einsum("ij,ij->i", np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]), p[:, 3] - p[:, 0]) / 6.0
    edges = sum(((p[:, a] - p[:, b]) ** 2).sum(1) for a in range(4) for b in range(a))
    return 12.0 * np.cbrt(3.0 * np.maximum(volume, 0.0)) ** 2 / edges


def shapes(mesh: WallMesh | None) -> Picture | None:
    """Histogram of the elements' shape, wall and thrombus apart."""
    if mesh is None:
        return None
    ratio = mean_ratio(mesh)
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(5.2, 2.3), layout="constrained")
        parts = [
            (name, ratio[mesh.region == value], colour)
            for name, value, colour in (("wall", WALL, OUTER), ("thrombus", THROMBUS, MARK))
        ]
        parts = [part for part in parts if len(part[1])]
        ax.hist(
            [q for _, q, _ in parts],
            bins=np.linspace(0, 1, 41),
            stacked=True,
            color=[c for *_, c in parts],
            label=[n for n, *_ in parts],
        )
        ax.set(xlabel="mean ratio of the tetrahedron (1: regular)", ylabel="elements", xlim=(0, 1))
        ax.legend(fontsize=8)
    alt = f"Histogram of element shape: lowest {ratio.min():.2f}, median {np.median(ratio):.2f}, 1 would be a regular tetrahedron."
    return finish(figure, "svg", alt, "Shape of the elements (mean ratio of the straight tetrahedron; 0 flat, 1 regular).")


def newton(solution: Solution | None) -> Picture | None:
    """Residual of each Newton iteration, one line per load step."""
    if solution is None or not solution.history:
        return None
    steps = _steps(solution.history)
    if not steps:
        return None
    phases = list(dict.fromkeys(phase for phase, _, _ in steps))
    colours = dict(zip(phases, (OUTER, LUMEN, MARK, MINIMUM) * len(phases)))
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(5.2, 2.5), layout="constrained")
        start, seen = 0, set()
        for phase, _, residuals in steps:
            ax.semilogy(np.arange(start, start + len(residuals)), residuals, "o-", ms=3, lw=1.2, color=colours[phase],
                        label=None if phase in seen else phase.replace("_", " "))  # fmt: skip
            seen.add(phase)
            start += len(residuals)
        ax.set(xlabel="iteration, one after the other", ylabel="residual, share of the load")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(fontsize=8)
    alt = "Newton residual by iteration: " + "; ".join(
        f"{p}, load {f:.3g}: {r[0]:.1e} to {r[-1]:.1e} in {len(r)}" for p, f, r in steps[:8]
    )
    return finish(
        figure, "svg", alt + ".", "Residual of the equilibrium equations at each Newton iteration, one line per load step."
    )


def _steps(history: tuple[Mapping[str, float | int | str], ...]) -> list[tuple[str, float, list[float]]]:
    """(phase, load factor, residuals) of each load step: a new one where phase, load or count starts again."""
    steps: list[tuple[str, float, list[float]]] = []
    last: tuple[object, ...] = ()
    for entry in history:
        residual = float(entry.get("residual", "nan"))
        phase, load = str(entry.get("phase", "")), float(entry.get("load", entry.get("load_factor", 1.0)))
        iteration = int(entry.get("iteration", 0))
        if not np.isfinite(residual) or residual <= 0:
            continue
        if not last or (phase, load) != last[:2] or iteration <= last[2]:
            steps.append((phase, load, []))
        steps[-1][2].append(residual)
        last = (phase, load, iteration)
    return steps
