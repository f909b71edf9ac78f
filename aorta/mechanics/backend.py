"""What knows DOLFINx, FFCx, basix and PETSc by version, with ``compiling.py`` alone.

Written for 0.5.2 (Debian 12) and for what changed up to 0.11: names of spaces and elements, the
order of arguments of ``create_mesh``, adjacency lists that became arrays, ``Expression.eval``; in
``compiling.py`` the options of the compiler. The version is looked at in these two alone, and nothing
catches ``AttributeError``.
"""

from __future__ import annotations

from collections.abc import Sequence

import basix
import dolfinx.fem.petsc as petsc_fem
import numpy as np
import ufl
from dolfinx import fem
from dolfinx import mesh as dmesh
from mpi4py import MPI
from petsc4py import PETSc

from aorta.mechanics.compiling import VERSION, compiling

# ------------------------------------------------------------------ what differs between versions

if VERSION < (0, 6):

    def _scalar_space(mesh):
        return fem.FunctionSpace(mesh, ("DG", 0))

    def _cellwise_linear_space(mesh, vector: bool):
        return fem.VectorFunctionSpace(mesh, ("DG", 1)) if vector else fem.FunctionSpace(mesh, ("DG", 1))

    def _element(degree: int):
        return ufl.VectorElement("Lagrange", "tetrahedron", degree)

    def _space(mesh, degree: int):
        return fem.VectorFunctionSpace(mesh, ("Lagrange", degree))

    def _mixed_space(mesh, pressures: int):
        scalar = ufl.FiniteElement("Lagrange", "tetrahedron", 1)
        return fem.FunctionSpace(mesh, ufl.MixedElement(_element(2), *[scalar] * pressures))

    def _create_mesh(comm, cells, points):
        # the variant is what FFCx would write into the element when it first compiles with it, from when on the same
        # forms would go by other names, in this process alone
        element = ufl.VectorElement(ufl.FiniteElement("Lagrange", "tetrahedron", 2, variant="equispaced"))
        return dmesh.create_mesh(comm, cells, points, ufl.Mesh(element), dmesh.GhostMode.shared_facet)

    def _values(expression, cells, mesh):
        return expression.eval(cells)

    def _rows(adjacency) -> np.ndarray:
        return adjacency.array.reshape(adjacency.num_nodes, -1)

    def vector_of(function: fem.Function) -> PETSc.Vec:
        """The PETSc vector over the same memory as the function."""
        return function.vector

else:
    import basix.ufl

    def _scalar_space(mesh):
        return fem.functionspace(mesh, ("DG", 0))

    def _cellwise_linear_space(mesh, vector: bool):
        return fem.functionspace(mesh, ("DG", 1, (3,)) if vector else ("DG", 1))

    def _element(degree: int):
        return basix.ufl.element("Lagrange", "tetrahedron", degree, shape=(3,))

    def _space(mesh, degree: int):
        return fem.functionspace(mesh, ("Lagrange", degree, (3,)))

    def _mixed_space(mesh, pressures: int):
        scalar = basix.ufl.element("Lagrange", "tetrahedron", 1)
        return fem.functionspace(mesh, basix.ufl.mixed_element([_element(2), *[scalar] * pressures]))

    def _create_mesh(comm, cells, points):
        domain = ufl.Mesh(_element(2))
        arguments = (cells, points, domain) if VERSION < (0, 10) else (cells, domain, points)
        return dmesh.create_mesh(comm, *arguments, partitioner=dmesh.create_cell_partitioner(dmesh.GhostMode.shared_facet))

    def _values(expression, cells, mesh):
        return expression.eval(mesh, cells)

    def _rows(adjacency) -> np.ndarray:
        return np.asarray(adjacency)

    def vector_of(function: fem.Function) -> PETSc.Vec:
        """The PETSc vector over the same memory as the function."""
        return function.x.petsc_vec


# ------------------------------------------------------------------------------------ compilation


def compile_form(form: ufl.Form) -> fem.Form:
    """A UFL form made ready for assembly."""
    with compiling():
        return fem.form(form)


def evaluate(expression, points: np.ndarray, mesh: dmesh.Mesh, cells: np.ndarray) -> np.ndarray:
    """Values (len(cells), len(points), k) of a UFL expression at reference points (q, 3) of some cells."""
    with compiling():
        compiled = fem.Expression(expression, points)
    values = _values(compiled, np.asarray(cells, np.int32), mesh)
    return np.asarray(values).reshape(len(cells), len(points), -1)


# --------------------------------------------------------------------------------- mesh and space


def create_mesh(cells: np.ndarray, points: np.ndarray, comm: MPI.Comm) -> dmesh.Mesh:
    """Mesh of quadratic tetrahedra, shared out among the processes of ``comm``, which all know the whole.

    ``cells`` (m, 10) in basix's node order, ``points`` (n, 3) in mm.
    """
    mine = slice(None) if comm.rank == 0 else slice(0)  # the first process hands them out
    with compiling():
        return _create_mesh(comm, np.ascontiguousarray(cells[mine], np.int64), np.ascontiguousarray(points[mine], np.float64))


def vector_space(mesh: dmesh.Mesh, degree: int = 2) -> fem.FunctionSpace:
    """Continuous vector space of the given degree."""
    with compiling():
        return _space(mesh, degree)


def mixed_space(mesh: dmesh.Mesh, pressures: int) -> fem.FunctionSpace:
    """Continuous quadratic vectors and so many continuous linear scalars."""
    with compiling():
        return _mixed_space(mesh, pressures)


def indicator(mesh: dmesh.Mesh, cells: np.ndarray) -> fem.Function:
    """1 in these cells, 0 in the others."""
    with compiling():
        function = fem.Function(_scalar_space(mesh))
    function.x.array[cells] = 1.0
    return function


def cellwise_linear(mesh: dmesh.Mesh, values: np.ndarray) -> fem.Function:
    """Linear in each cell and free to jump between cells; ``values`` (cells, 4) or (cells, 4, 3) at the vertices."""
    with compiling():
        space = _cellwise_linear_space(mesh, values.ndim == 3)
        function = fem.Function(space)
    function.x.array.reshape(-1, *values.shape[2:])[cell_blocks(space)] = values
    return function


def cell_nodes(mesh: dmesh.Mesh) -> np.ndarray:
    """(m, 10) geometry nodes of each local cell, basix order."""
    return _rows(mesh.geometry.dofmap)


def cell_blocks(space: fem.FunctionSpace) -> np.ndarray:
    """(m, 10) dof blocks of each local cell, basix order."""
    return _rows(space.dofmap.list)


def displacement_dofs(space: fem.FunctionSpace) -> np.ndarray:
    """(m, 10, 3) dofs of the quadratic vector of each local cell, alone or the first part of a mixed space."""
    if space.dofmap.bs == 3:
        return 3 * cell_blocks(space)[..., None].astype(np.int64) + np.arange(3)
    return _rows(space.sub(0).dofmap.list).reshape(-1, 10, 3)


def pressure_dofs(space: fem.FunctionSpace, index: int) -> np.ndarray:
    """(m, 4) dofs of one linear scalar of a mixed space, at the corners of each local cell."""
    return _rows(space.sub(1 + index).dofmap.list).reshape(-1, 4)


def places(space: fem.FunctionSpace) -> np.ndarray:
    """(size,) array of unknowns whose displacements are the coordinates of their nodes, mm."""
    function = fem.Function(space)
    (function if space.dofmap.bs == 3 else function.sub(0)).interpolate(lambda x: x)
    return function.x.array


def sizes(space: fem.FunctionSpace) -> tuple[int, int]:
    """How many dofs this process owns, and how many it knows: its own first, then those of other processes."""
    index_map, width = space.dofmap.index_map, space.dofmap.index_map_bs
    return int(index_map.size_local) * width, int(index_map.size_local + index_map.num_ghosts) * width


def owned_cells(mesh: dmesh.Mesh) -> int:
    """How many cells are this process's own; those it knows of others come after them."""
    return int(mesh.topology.index_map(3).size_local)


def global_dofs(space: fem.FunctionSpace) -> np.ndarray:
    """(known,) number of each local dof among those of all processes."""
    index_map, width = space.dofmap.index_map, space.dofmap.index_map_bs
    blocks = index_map.local_to_global(np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32))
    return (width * np.asarray(blocks, np.int64)[:, None] + np.arange(width)).ravel()


def cell_facets(mesh: dmesh.Mesh) -> np.ndarray:
    """(m, 4) facets of each local cell; facet i is opposite to vertex i."""
    mesh.topology.create_entities(2)
    mesh.topology.create_connectivity(3, 2)
    mesh.topology.create_connectivity(2, 3)
    adjacency = mesh.topology.connectivity(3, 2)
    return np.asarray(adjacency.array).reshape(-1, 4)


def tags(mesh: dmesh.Mesh, dimension: int, entities: np.ndarray, values: np.ndarray):
    """Mesh tags of entities (k,) with values (k,)."""
    order = np.argsort(entities)
    return dmesh.meshtags(mesh, dimension, np.asarray(entities, np.int32)[order], np.asarray(values, np.int32)[order])


def quadrature(degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (q, 3) and weights (q,) of FFCx's default rule on the reference tetrahedron."""
    points, weights = basix.make_quadrature(basix.CellType.tetrahedron, degree)
    return np.asarray(points), np.asarray(weights)


# ----------------------------------------------------------------------------------------- algebra


def homogeneous(space: fem.FunctionSpace, constrained: np.ndarray) -> list:
    """Dirichlet conditions "no increment" for some unknowns.

    Parameters
    ----------
    constrained : (size,) bool
    """
    dofs = np.flatnonzero(constrained).astype(np.int32)
    if space.dofmap.bs == 1:
        return [fem.dirichletbc(fem.Function(space), dofs)] if len(dofs) else []
    parts = [dofs[dofs % 3 == component] for component in range(3)]
    zero = PETSc.ScalarType(np.array(0.0))
    return [fem.dirichletbc(zero, part, space.sub(component)) for component, part in enumerate(parts) if len(part)]


def new_matrix(form: fem.Form) -> PETSc.Mat:
    """An empty matrix with the form's sparsity."""
    return petsc_fem.create_matrix(form)


def new_vector(function: fem.Function) -> PETSc.Vec:
    """A zero vector laid out as the function."""
    vector = vector_of(function).duplicate()
    vector.set(0.0)
    return vector


def assemble_vector(vector: PETSc.Vec, form: fem.Form) -> None:
    """Overwrite the vector by the linear form."""
    with vector.localForm() as local:
        local.set(0.0)
    petsc_fem.assemble_vector(vector, form)
    vector.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)


def assemble_matrix(matrix: PETSc.Mat, form: fem.Form, conditions: Sequence) -> None:
    """Overwrite the matrix by the bilinear form, with rows and columns of the conditions replaced by the identity."""
    matrix.zeroEntries()
    petsc_fem.assemble_matrix(matrix, form, bcs=list(conditions))
    matrix.assemble()


def assemble_scalar(form: fem.Form, mesh: dmesh.Mesh) -> float:
    """The value of a functional on a mesh."""
    return float(mesh.comm.allreduce(fem.assemble_scalar(form)))
