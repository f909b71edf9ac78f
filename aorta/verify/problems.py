"""Every verification problem by name, in groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from aorta.mechanics.materials.registry import LAWS
from aorta.verify import (
    balances,
    calculix,
    carotid,
    cook,
    elements,
    heart,
    incompressible,
    laws,
    manufactured,
    opened_artery,
    prestressed,
    shells,
    supported,
    zero_d,
)
from aorta.verify.check import Problem

GROUPS: Mapping[str, str] = {
    "laws": "Every material law: a cube pulled one and two ways against the law written a second time in numpy; tangents",
    "elements": "What the elements can do: patch test, tangents, rates of convergence, linear stress",
    "shells": "Thick tube and sphere under inner pressure, every isotropic law",
    "fibres": "Walls with fibres",
    "incompressible": "Free of locking",
    "prestress": "The unloaded shape, and stress that is in balance with the pressure",
    "supports": "Elastic ends, surrounding tissue and contact, in one dimension and on the way to the unloaded shape and back",
    "benchmarks": "Problems that other programs have been run on",
    "heart-cycle": "The Windkessel",
    "calculix": "Another program on the same mesh: CalculiX",
}
"""What each group shows."""


@dataclass(frozen=True)
class Entry:
    """A problem, its group, and whether it takes more than some two seconds (``--quick`` leaves those out)."""

    run: Problem
    group: str
    slow: bool = False


PROBLEMS: Mapping[str, Entry] = {
    **{f"law-{name}": Entry(partial(laws.one_law, name), "laws", name == "ogden-1972") for name in LAWS},
    "one-element": Entry(elements.one_element, "laws"),
    "patch": Entry(elements.patch, "elements"),
    "tangent": Entry(elements.tangent, "elements"),
    "lame": Entry(elements.lame, "elements"),
    **{
        name: Entry(partial(manufactured.solution, law, form, ratio), "elements", slow=True)
        for name, law, form, ratio in (
            ("manufactured-displacement", "raghavan-vorp-2000", "displacement", 10.0),
            ("manufactured-mixed", "raghavan-vorp-2000", "mixed", 100.0),
            ("manufactured-mixed-stiff", "neo-hookean", "mixed", 1e4),
        )
    },
    "tube-raghavan-vorp": Entry(shells.tube_rv, "shells", slow=True),
    "tube-neo-hookean": Entry(shells.tube_nh, "shells", slow=True),
    "sphere-raghavan-vorp": Entry(shells.sphere_rv, "shells", slow=True),
    "sphere-neo-hookean": Entry(shells.sphere_nh, "shells", slow=True),
    **{f"shells-{name}": Entry(partial(shells.other_law, name), "shells") for name in shells.OTHERS},
    "two-layer-carotid": Entry(carotid.inflation, "fibres", slow=True),
    "opened-carotid": Entry(opened_artery.residual, "fibres", slow=True),
    "no-locking": Entry(shells.no_locking, "incompressible"),
    **{f"both-forms-{name}": Entry(partial(incompressible.both_forms, name), "incompressible") for name in ("tube", "sphere")},
    "zero-pressure-radii": Entry(prestressed.radii, "prestress"),
    "round-trip": Entry(prestressed.round_trip, "prestress", slow=True),
    "round-trip-fibres": Entry(prestressed.fibres_carried, "prestress", slow=True),
    "balance": Entry(balances.reported_stress, "prestress"),
    "elastic-end": Entry(supported.elastic_end, "supports"),
    "tube-in-tissue": Entry(supported.tube_in_tissue, "supports", slow=True),
    "wall-with-gap": Entry(supported.wall_with_gap, "supports"),
    "dashpot": Entry(supported.dashpot, "supports"),
    "round-trip-supports": Entry(supported.there_and_back, "supports", slow=True),
    "cook": Entry(cook.bending, "benchmarks", slow=True),
    "heart-bar": Entry(heart.bent_bar, "benchmarks", slow=True),
    "heart-ventricle": Entry(heart.inflated_ventricle, "benchmarks", slow=True),
    "windkessel": Entry(zero_d.windkessel, "heart-cycle"),
    "calculix-thrombus": Entry(calculix.thrombosed, "calculix"),
    **{f"calculix-{name}": Entry(partial(calculix.one_law, name), "calculix") for name in calculix.COMPARED},
}
