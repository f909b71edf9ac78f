"""Equilibrium of the vessel as UFL forms on the imaged mesh: ordinary (forward) and inverse.

Everything is integrated over the imaged shape x. The unloaded shape is X = x + w, the current one
x + u, so that the total deformation gradient is F = (I + ∇u)(I + ∇w)⁻¹.

forward  ∫ J_u σ(F) (I+∇u)⁻ᵀ : ∇v dx + ∫ p cof(I+∇u) n · v ds + springs(u - w) = 0   unknown u
inverse  ∫ σ((I+∇w)⁻¹) : ∇v dx + ∫ p n · v ds + springs(-w) = 0                       unknown w

(Govindjee & Mihalic 1996 for the second; the equation for the mean stress of the mixed form is in
``mean_stress.py``.) n points out of the solid, so that pressure pushes
along -n. See docs/theory/mechanics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import ufl
from dolfinx import fem

from aorta.mechanics import backend
from aorta.mechanics.contact import ContactForces
from aorta.mechanics.domain import Domain
from aorta.mechanics.kinematics import cauchy, gradient, pushed_normal, unit
from aorta.mechanics.loads import Loads, shares
from aorta.mechanics.materials import fibres
from aorta.mechanics.materials.registry import Material
from aorta.mechanics.mean_stress import MeanStress
from aorta.mechanics.structures import inclusions
from aorta.mechanics.supports import Prescribed, Support, held_by
from aorta.mechanics.surroundings import SurroundingForces, Surroundings
from aorta.records import WALL

VOLUME_DEGREE = 2
"""Four points a tetrahedron: as many strain modes as it has, one volumetric constraint a point (no locking), and the
points where the stress of quadratic tetrahedra is superconvergent. Higher degrees change neither rate nor result
(docs/theory/mechanics.md) and cost in proportion."""
FACET_DEGREE = 4
"""Pressure on a quadratic face is a polynomial of degree 4: exact."""

_PRESSURE_TAG, _SURROUNDINGS_TAG, _FIRST_SUPPORT_TAG = 1, 9, 10
"""Of facets; pressure's first one."""


@dataclass(frozen=True)
class Body:
    """The vessel, its tissues, its load and its supports.

    Parameters
    ----------
    materials : mapping of region to Material
    pressure_facets : str, or mapping of str to share
        Name of the facets that blood pressure acts on, or the share of it on several; faces inside the solid are
        loaded on the wall's side.
    fields : mapping of name to (m, q) or (m, q, 3) float
        What the materials need to know of each place (``Law.fields``), on the imaged shape, at the volume's
        quadrature points, tetrahedra as in the source.
    forces : (n, 3) float or None
        Dead nodal forces in N, reached in proportion to the load.
    inclusion_shear : float, MPa
        What stiff inclusions add to the wall's shear modulus where the field ``inclusions.FIELD`` is 1; its bulk modulus
        grows by the same factor.
    """

    domain: Domain
    materials: Mapping[int, Material]
    supports: tuple[Support, ...] = ()
    pressure_facets: Loads = "blood"
    prescribed: Prescribed | None = None
    fields: Mapping[str, np.ndarray] = field(default_factory=dict)
    forces: np.ndarray | None = None
    surroundings: Surroundings | None = None
    inclusion_shear: float = 0.0


class Equilibrium:
    """The forms of one body, compiled when first asked for.

    Attributes
    ----------
    u, w : functions
        Displacement from the imaged shape to the current one, and to the unloaded one; in the mixed form
        each with the mean stress of its problem.
    pressure : constant, MPa
    held : (size,) bool
        Unknowns that cannot change, in the nodes' own axes ``frames`` (k, 3, 3), one for each of
        ``Unknowns.nodes`` (None: the global ones). ``given`` (size,) bool are those in global axes that take
        ``given_values`` (size,) mm at full load.
    around : SurroundingForces or None
    contact : ContactForces or None
        Beside the forms: their residual is without it.
    """

    def __init__(self, body: Body, prestressed: bool):
        self.body, self.prestressed = body, prestressed
        domain = body.domain
        self.u, self.w = domain.function(), domain.function()
        self.pressure = fem.Constant(domain.mesh, np.float64(0.0))
        constraints = held_by(domain.source, body.supports, body.prescribed)
        unknowns = domain.unknowns
        self.held = unknowns.spread(constraints.local) | unknowns.unused
        self.given = unknowns.spread(constraints.given)
        self.given_values = unknowns.spread(constraints.values)
        self.frames = constraints.frames[unknowns.nodes] if constraints.rotated else None
        self.conditions = [] if constraints.rotated else backend.homogeneous(domain.space, self.held)
        self._u, self._w = unknowns.displacement_of(self.u), unknowns.displacement_of(self.w)
        self._tests = ufl.TestFunction(domain.space)
        self._test = unknowns.displacement_of(self._tests)
        points, _ = backend.quadrature(VOLUME_DEGREE)
        self._fields = {name: domain.pointwise(values, points) for name, values in body.fields.items()}
        self._constants = {region: self._constants_of(m) for region, m in body.materials.items()}
        self._stiffening, stiffer = {}, {}
        if inclusions.FIELD in self._fields:
            added, own = (
                fem.Constant(domain.mesh, np.float64(mu)) for mu in (body.inclusion_shear, body.materials[WALL].shear_modulus)
            )
            self._stiffening[WALL] = added * self._fields[inclusions.FIELD]
            stiffer[WALL] = 1 + self._stiffening[WALL] / own
        self._mean = MeanStress(unknowns, domain.mesh, body.materials, stiffer)
        self._measures()

    def _constants_of(self, material: Material) -> dict[str, object]:
        """Parameters as constants: other values need no other compilation."""
        mesh = self.body.domain.mesh
        values: dict[str, object] = dict(material.law.complete(material.values))
        for name, value in values.items():
            if name in material.values or not isinstance(value, int):  # derived whole numbers are part of the form
                values[name] = fem.Constant(mesh, np.asarray(value, np.float64))
        return values | {name: self._fields[name] for name in material.law.fields if name in self._fields}

    def _measures(self) -> None:
        body, domain = self.body, self.body.domain
        springs = [s for s in body.supports if s.springy and len(domain.source.facets[s.facets])]
        groups = {_FIRST_SUPPORT_TAG + q: s.facets for q, s in enumerate(springs)}
        around = body.surroundings
        if around is not None and len(domain.source.facets[around.facets]):
            groups = {_SURROUNDINGS_TAG: around.facets, **groups}
        loads = [(name, share) for name, share in shares(body.pressure_facets).items() if len(domain.source.facets[name])]
        groups = {**{_PRESSURE_TAG + q: name for q, (name, _) in enumerate(loads)}, **groups}
        facet_tags = domain.facet_tags(groups)
        self._loads = [
            (_PRESSURE_TAG + q, None if share == 1.0 else fem.Constant(domain.mesh, np.float64(share)))
            for q, (_, share) in enumerate(loads)
        ]
        self._springs = tuple(zip((_FIRST_SUPPORT_TAG + q for q in range(len(springs))), springs))
        self._loaded_inside = self._any_inside(facet_tags)
        self._dx = ufl.Measure(
            "dx", domain.mesh, subdomain_data=domain.region_tags(), metadata={"quadrature_degree": VOLUME_DEGREE}
        )
        facet = {"subdomain_data": facet_tags, "metadata": {"quadrature_degree": FACET_DEGREE}}
        self._ds = ufl.Measure("ds", domain.mesh, **facet)
        self._dS = ufl.Measure("dS", domain.mesh, **facet)
        self._wall = backend.indicator(domain.mesh, domain.cells(WALL)) if self._loaded_inside else None
        self.around = SurroundingForces(around, domain, self._ds(_SURROUNDINGS_TAG)) if _SURROUNDINGS_TAG in groups else None
        self.contact = None
        if self.around is not None and around.contact is not None:
            self.contact = ContactForces(around.contact, domain, around.facets, self.held, self.frames is not None)

    def _any_inside(self, facet_tags) -> bool:
        """Whether pressure acts on faces between two tetrahedra."""
        count = np.bincount(backend.cell_facets(self.body.domain.mesh).ravel())
        loaded = np.asarray(facet_tags.indices)[np.asarray(facet_tags.values) < _SURROUNDINGS_TAG]
        return bool(self.body.domain.together((count[loaded] == 2).sum(keepdims=True))[0])

    # ------------------------------------------------------------------------------------ residuals

    def total_gradient(self):
        """F of the current state with respect to the unloaded shape."""
        F = gradient(self._u)
        return F * ufl.inv(gradient(self._w)) if self.prestressed else F

    def stress(self, region: int, F, holder=None):
        """Cauchy stress of one region's material; ``holder`` is the function that holds its mean stress (None: ``u``)."""
        values, law = self._constants[region], self.body.materials[region].law
        mean = self._mean.of(region, self.u if holder is None else holder, ufl.det(F))
        return cauchy(F, law, values, mean, self._fibres(values) if law.directed else (), self._stiffening.get(region))

    def volume_ratio(self, region: int, F):
        """J: det F, or in the mixed form what the mean stress stands for, 1 + p/κ; det F meets that in the mean alone."""
        return self._mean.volume_ratio(region, self.u, ufl.det(F))

    def _fibres(self, values) -> tuple:
        """Unit directions of the two families in the unloaded shape.

        They are given in the image, d; the material line along d is along (I+∇w) d in the unloaded shape.
        """
        around, along = (self._fields[name] for name in fibres.FIELDS)
        angle = np.pi / 180 * values["angle"]
        families = (ufl.cos(angle) * around + sign * ufl.sin(angle) * along for sign in (1, -1))
        return tuple(unit(gradient(self._w) * d if self.prestressed else d) for d in families)

    def forward(self):
        """Residual of the ordinary problem, unknown ``u``."""
        Fu, v = gradient(self._u), self._test
        total = self.total_gradient()
        form = self._pressure(Fu) + self._spring_forces(self._u - self._w if self.prestressed else self._u)
        form += self._surrounding_work(self._u, self._w if self.prestressed else None)
        for region in self.body.domain.regions():
            form += ufl.inner(ufl.det(Fu) * self.stress(region, total) * ufl.inv(Fu).T, ufl.grad(v)) * self._dx(region)
        unloaded = ufl.det(gradient(self._w)) if self.prestressed else 1
        return form + self._mean_stress_equation(self.u, total, unloaded)

    def inverse(self):
        """Residual of the inverse problem, unknown ``w``."""
        form = self._pressure(None) + self._spring_forces(-self._w) + self._surrounding_work(None, self._w)
        F = ufl.inv(gradient(self._w))
        for region in self.body.domain.regions():
            form += ufl.inner(self.stress(region, F, self.w), ufl.grad(self._test)) * self._dx(region)
        # minus: as the displacements' part, it falls as w grows, and the tangent is symmetric
        return form + self._mean_stress_equation(self.w, F, -ufl.det(gradient(self._w)))

    def _mean_stress_equation(self, holder, F, weight):
        if not self.body.domain.unknowns.mixed:
            return 0
        equations = (
            weight * self._mean.equation(region, holder, ufl.det(F), self._tests) * self._dx(region)
            for region in self.body.domain.regions()
        )
        return sum(equations)

    def take_over(self) -> None:
        """Start the ordinary problem with the mean stress that the inverse one found."""
        for _, places in self.body.domain.unknowns.pressure:
            self.u.x.array[places] = self.w.x.array[places]

    def tangent(self, residual, unknown):
        """The residual's derivative in the unknown."""
        return ufl.derivative(residual, unknown, ufl.TrialFunction(self.body.domain.space))

    def linear(self, stress):
        """Residual of small strain on the imaged shape; ``stress(region, u)`` is its law."""
        form = self._pressure(None) + self._spring_forces(self._u)
        for region in self.body.domain.regions():
            form += ufl.inner(stress(region, self._u), ufl.grad(self._test)) * self._dx(region)
        return form

    def _pressure(self, F):
        """Virtual work of the pressure; follower if F is given, else on the shape as it is."""
        v, n = self._test, ufl.FacetNormal(self.body.domain.mesh)

        def area_vector(side=None):
            normal = n if side is None else n(side)
            if F is None:
                return normal
            return pushed_normal(F if side is None else F(side), normal)

        form = 0
        for tag, share in self._loads:
            pressure = self.pressure if share is None else share * self.pressure
            form += pressure * ufl.dot(area_vector(), v) * self._ds(tag)
            if self._loaded_inside:  # only from the wall's side, whichever of the two it is
                for side in ("+", "-"):
                    form += self._wall(side) * pressure * ufl.dot(area_vector(side), v(side)) * self._dS(tag)
        return form

    def _surrounding_work(self, u, w):
        return 0 if self.around is None else self.around.work(u, w, self._test)

    def refresh(self) -> None:
        """Bring up to date what depends on the present displacement and is no part of the forms: where contact is."""
        if self.contact is not None:
            self.contact.look(self.body.domain.read(self.u.x.array))

    def _spring_forces(self, displacement):
        v, n = self._test, ufl.FacetNormal(self.body.domain.mesh)
        mesh = self.body.domain.mesh
        form = 0
        for tag, support in self._springs:
            normal = fem.Constant(mesh, np.float64(support.normal - support.tangential))
            tangential = fem.Constant(mesh, np.float64(support.tangential))
            form += (normal * ufl.dot(displacement, n) * ufl.dot(v, n) + tangential * ufl.dot(displacement, v)) * self._ds(tag)
        return form
