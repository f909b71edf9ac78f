"""The page of the material laws, made from the registry: equation, curves, parameter sets, and how to ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aorta.mechanics.materials.law import Law
from aorta.mechanics.materials.registry import LAWS
from aorta.verify import closed_forms as exact
from aorta.verify.fibre_stress import Fibred
from aorta.verify.law_twins import DEPTH, twin

FOLDER = Path(__file__).parents[2] / "docs" / "theory"
LONGEST, STRONGEST = 1.5, 1.0
"""Curves end at this stretch or stress (MPa)."""

HEAD = """# Material laws

Made from the program's registry by `python -m tests.make_reference`; do not edit by hand.

A law is one file in `aorta/mechanics/materials/`. Its energy $W$ depends on the isochoric invariants
$\\bar I_1, \\bar I_2$ and, with fibres, on the squared isochoric stretch $\\bar I_4$ along each family; the volume
adds $\\kappa/2\\,(J-1)^2$ with `mechanics: bulk_modulus` (`thrombus_bulk_modulus`). How that becomes a stress is in
[mechanics.md](mechanics.md). Every law is written a second time, in numpy alone, for the closed forms that
`aorta verify` compares with: `law-<name>` (a cube pulled one and two ways, tangent against differences),
`shells-<name>`, `tube-...` and `sphere-...` (thick walls under pressure), `two-layer-carotid`, `round-trip-fibres`.

Choose by name, `<law>` for its first set of parameters or `<law>/<set>`; replace single values by `parameters`
(numbers in the unit of the tables, without writing it). Values that no material can have are refused, all at once.
*Unverified* sets were written from memory or from other programs and not compared with the publication; a solution with
them says so, as it does where parameters are the user's.

The curves are Cauchy stress over stretch of an incompressible piece; equibiaxial in the wall's plane.

**Fibres.** The two families lie in the wall's surface at ± `angle` from the circumferential direction. That direction
is a rule, not a measurement: the gradient of a harmonic field between the wall's inner and outer face points through the
wall, that of another between the proximal cut and all others along it, and circumferential is perpendicular to both
(`structures/wall_frame.py`; a bifurcation needs nothing of its own). The angle is that *in the image*. Where the image is
loaded (`prestress: inverse`), the same material line lies along $a_0 \\propto (I + \\nabla w)\\,a = F_i^{-1} a$ in the
unloaded shape, $F_i$ the deformation from unloaded to imaged, so that published angles of unloaded specimens are steeper
or flatter in the image by its stretch. Fibres pull and do not push.

**Ogden without eigenvalues.** Stresses from principal directions are 0/0 where stretches are equal, as in every unloaded
place. Here each power is a Padé approximant, written in the invariants, of the trace of a power of $\\bar b$: smooth
everywhere, any real exponents, energy right to 1e-8 for stretches between 0.6 and 1.6 (`ogden.py` has the derivation).

**Calcification** is not a law of its own: `wall: {calcification: stiff}` adds a stiff neo-Hookean part to the wall's law where
it is labelled ([mechanics.md](mechanics.md), Laws).
"""


def curves(name: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Stretch and Cauchy stress (MPa) by label."""
    law, bulk, found = twin(name), 1e4 * LAWS[name].shear_modulus(LAWS[name].default.values), {}
    if isinstance(law, Fibred):
        kinds = {
            "uniaxial, circumferential": ((0,), 0),
            "uniaxial, axial": ((1,), 1),
            "equibiaxial, circumferential": ((0, 1), 0),
            "equibiaxial, axial": ((0, 1), 1),
        }
        pulls = {label: lambda s, a=axes, q=axis: law.pulled(s, a, bulk)[0][q] for label, (axes, axis) in kinds.items()}
    else:
        pulls = {"uniaxial": lambda s: exact.uniaxial(s, law, bulk)[0], "equibiaxial": lambda s: exact.equibiaxial(s, law, bulk)[0]}
    for label, pull in pulls.items():
        stretch, stress = [1.0], [0.0]
        while stretch[-1] < LONGEST - 1e-9 and stress[-1] < STRONGEST:
            stretch.append(stretch[-1] + 0.005)
            stress.append(float(pull(stretch[-1])))
        found[label] = np.array(stretch), np.array(stress)
    return found


def _step(span: float) -> float:
    """A round distance of ticks, for some five of them."""
    size = 10 ** np.floor(np.log10(span / 4))
    return float(size * max(q for q in (1, 2, 5) if q * size <= span / 4))


def plot(name: str) -> str:
    """The curves as SVG."""
    found = curves(name)
    right = max(x[-1] for x, _ in found.values())
    top = max(y[-1] for _, y in found.values())
    x_of, y_of = (lambda x: 60 + 380 * (x - 1) / (right - 1)), (lambda y: 250 - 225 * y / top)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 300" font-family="sans-serif" font-size="12">']
    out.append('<rect width="460" height="300" fill="#fff"/><path d="M60 20V250H445" fill="none" stroke="#333"/>')
    for tick in np.arange(1, right + 1e-9, _step(right - 1)):
        out.append(f'<text x="{x_of(tick):.1f}" y="267" text-anchor="middle">{tick:.4g}</text>')
        out.append(f'<path d="M{x_of(tick):.1f} 250v4" stroke="#333"/>')
    for tick in np.arange(0, top + 1e-12, _step(top)):
        out.append(f'<text x="53" y="{y_of(tick) + 4:.1f}" text-anchor="end">{tick:.4g}</text>')
        out.append(f'<path d="M60 {y_of(tick):.1f}h-4" stroke="#333"/>')
    out.append('<text x="250" y="290" text-anchor="middle">stretch</text>')
    out.append('<text x="14" y="135" text-anchor="middle" transform="rotate(-90 14 135)">Cauchy stress, MPa</text>')
    for q, (label, (x, y)) in enumerate(found.items()):
        colour, dash = ("#0b62a4", "#c0392b", "#0b62a4", "#c0392b")[q], ' stroke-dasharray="6 4"' if q > 1 else ""
        line = " ".join(f"{x_of(a):.1f},{y_of(b):.1f}" for a, b in zip(x[::2], y[::2]))
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(f'<path d="M75 {30 + 18 * q}h26" stroke="{colour}" stroke-width="2"{dash}/>')
        out.append(f'<text x="107" y="{34 + 18 * q}">{label}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _law(law: Law) -> Iterator[str]:
    part = "thrombus" if "depth" in law.fields or "thrombus" in law.tissue else "wall"
    yield f"## `{law.name}`\n"
    yield f"For: {law.tissue}.\n"
    yield f"    {law.equation}\n"
    extra = f" (at the relative depth {DEPTH:g})" if "depth" in law.fields else ""
    yield f"![stress over stretch of {law.name}](materials/{law.name}.svg)\n\n*First set below{extra}.*\n"
    yield "| parameter | unit | meaning | allowed |\n|---|---|---|---|"
    for p in law.parameters:
        low = f"from {p.low:g}" if p.zero_allowed else f"above {p.low:g}"
        yield f"| `{p.name}` | {p.unit} | {p.meaning} | {low}, at most {p.high:.4g} |"
    yield f"\n| set | {' | '.join(p.name for p in law.parameters)} | population | source |"
    yield "|---" * (len(law.parameters) + 3) + "|"
    for name, chosen in law.all_sets().items():
        values = " | ".join(f"{chosen.values[p.name]:g}" for p in law.parameters)
        checked = "" if chosen.verified else " **Unverified.**"
        yield f"| `{name}` | {values} | {chosen.population} | {chosen.source}.{checked} |"
    (name, chosen), first = list(law.all_sets().items())[-1], law.parameters[0].name
    yield f"\n```yaml\n{part}:\n  material: {name}"
    yield f"  parameters: {{{first}: {chosen.values[first]:g}}}  # where other than the set's\n```\n"


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for law in LAWS.values() for line in _law(law))]).rstrip() + "\n"


def write() -> None:
    """The page and its plots."""
    (FOLDER / "materials.md").write_text(page(), encoding="utf-8")
    for name in LAWS:
        (FOLDER / "materials" / f"{name}.svg").write_text(plot(name), encoding="utf-8")
