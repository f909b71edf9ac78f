"""The one module that knows DOLFINx, FFCx, basix and PETSc by version.

Written for 0.5.2 (Debian 12) and for what changed up to 0.11: names of spaces and elements, the
order of arguments of ``create_mesh``, ``params``/``options`` of the compiler, adjacency lists that
became arrays, ``Expression.eval``. The version is looked at once, below; nothing else in the
program imports dolfinx, ffcx or basix, and nothing catches ``AttributeError``.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import platform
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import basix
import cffi
import dolfinx
import dolfinx.fem.petsc as petsc_fem
import dolfinx.jit
import numpy as np
import ufl
from dolfinx import fem
from dolfinx import mesh as dmesh
from mpi4py import MPI
from petsc4py import PETSc

from aorta.errors import SetupError

VERSION = tuple(int(part) for part in dolfinx.__version__.split(".")[:2])
COMM = MPI.COMM_SELF
"""One process solves; under MPI each rank would pass its own part of the mesh here."""

for _name in ("FFCx", "ffcx", "UFL", "ufl"):  # they tell every step of a compilation
    logging.getLogger(_name).setLevel(logging.WARNING)

COMPILER_FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-g0"]
"""-O3 -march=native cut a tangent to a third; -ffast-math is left out: a residual that is not finite must stay so."""

# ------------------------------------------------------------------ what differs between versions

if VERSION < (0, 6):
    _JIT_DEFAULTS = dolfinx.jit.DOLFINX_DEFAULT_JIT_PARAMETERS

    def _scalar_space(mesh):
        return fem.FunctionSpace(mesh, ("DG", 0))

    def _cellwise_linear_space(mesh, vector: bool):
        return fem.VectorFunctionSpace(mesh, ("DG", 1)) if vector else fem.FunctionSpace(mesh, ("DG", 1))

    def _element(degree: int):
        return ufl.VectorElement("Lagrange", "tetrahedron", degree)

    def _space(mesh, degree: int):
        return fem.VectorFunctionSpace(mesh, ("Lagrange", degree))

    def _create_mesh(cells, points):
        return dmesh.create_mesh(COMM, cells, points, ufl.Mesh(_element(2)))

    def _values(expression, cells, mesh):
        return expression.eval(cells)

    def _rows(adjacency) -> np.ndarray:
        return adjacency.array.reshape(adjacency.num_nodes, -1)

    def vector_of(function: fem.Function) -> PETSc.Vec:
        """The PETSc vector over the same memory as the function."""
        return function.vector

else:
    import basix.ufl

    _JIT_DEFAULTS = dolfinx.jit.DOLFINX_DEFAULT_JIT_OPTIONS

    def _scalar_space(mesh):
        return fem.functionspace(mesh, ("DG", 0))

    def _cellwise_linear_space(mesh, vector: bool):
        return fem.functionspace(mesh, ("DG", 1, (3,)) if vector else ("DG", 1))

    def _element(degree: int):
        return basix.ufl.element("Lagrange", "tetrahedron", degree, shape=(3,))

    def _space(mesh, degree: int):
        return fem.functionspace(mesh, ("Lagrange", degree, (3,)))

    def _create_mesh(cells, points):
        domain = ufl.Mesh(_element(2))
        arguments = (cells, points, domain) if VERSION < (0, 10) else (cells, domain, points)
        return dmesh.create_mesh(COMM, *arguments)

    def _values(expression, cells, mesh):
        return expression.eval(mesh, cells)

    def _rows(adjacency) -> np.ndarray:
        return np.asarray(adjacency)

    def vector_of(function: fem.Function) -> PETSc.Vec:
        """The PETSc vector over the same memory as the function."""
        return function.x.petsc_vec


_JIT_DEFAULTS["cffi_extra_compile_args"] = (COMPILER_FLAGS, "")
_JIT_DEFAULTS["timeout"] = (600, "")

# ------------------------------------------------------------------------------------ compilation


def cache_folder() -> Path:
    """Where compiled forms live: one folder per processor, compiler flags and version, so that a
    cache on a shared disk never hands one machine's instructions to another."""
    try:
        facts = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("model name", "flags"))][:2]
    except OSError:  # not Linux
        facts = [platform.processor()]
    key = hashlib.sha256("\n".join([platform.machine(), dolfinx.__version__, *COMPILER_FLAGS, *facts]).encode()).hexdigest()[:16]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "aorta" / f"forms-{key}"


@contextlib.contextmanager
def _compiling() -> Iterator[None]:
    """Hold the cache while FFCx may compile, and keep the compiler quiet.

    FFCx claims a form by an empty ``.c`` file and waits for a mark beside it; a process killed
    while compiling would leave its claim for ever. Under our lock nobody else compiles, so a claim
    without the mark is such a leftover and goes.
    """
    folder = cache_folder()
    _JIT_DEFAULTS["cache_dir"] = (str(folder), "")
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)  # setuptools tells every compiler call on the root logger
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "lock", "w") as lock, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # FFCx 0.5 under numpy 1.26
            fcntl.flock(lock, fcntl.LOCK_EX)
            for claim in folder.glob("libffcx_*.c"):
                if not claim.with_suffix(".c.cached").exists():
                    claim.unlink()
            yield
    except OSError as problem:
        raise SetupError(
            "the equations cannot be compiled: no file can be written",
            where="compiler's cache, in XDG_CACHE_HOME or ~/.cache",
            why=(problem.strerror or "").lower(),
            fix="free disk space, or set XDG_CACHE_HOME to a folder that can be written",
        ) from problem
    except cffi.VerificationError as problem:
        raise SetupError(
            "the equations cannot be compiled: the C compiler failed",
            where="compiler's cache, in XDG_CACHE_HOME or ~/.cache",
            fix="run `aorta doctor`; see that a C compiler is installed and the disk is not full",
        ) from problem
    finally:
        logging.disable(disabled)


def compile_form(form: ufl.Form) -> fem.Form:
    """A UFL form made ready for assembly."""
    with _compiling():
        return fem.form(form)


def evaluate(expression, points: np.ndarray, mesh: dmesh.Mesh, cells: np.ndarray) -> np.ndarray:
    """Values (len(cells), len(points), k) of a UFL expression at reference points (q, 3) of some cells."""
    with _compiling():
        compiled = fem.Expression(expression, points)
    values = _values(compiled, np.asarray(cells, np.int32), mesh)
    return np.asarray(values).reshape(len(cells), len(points), -1)


# --------------------------------------------------------------------------------- mesh and space


def create_mesh(cells: np.ndarray, points: np.ndarray) -> dmesh.Mesh:
    """Mesh of quadratic tetrahedra; ``cells`` (m, 10) in basix's node order, ``points`` (n, 3) in mm."""
    with _compiling():
        return _create_mesh(np.ascontiguousarray(cells, np.int64), np.ascontiguousarray(points, np.float64))


def vector_space(mesh: dmesh.Mesh, degree: int = 2) -> fem.FunctionSpace:
    """Continuous vector space of the given degree."""
    with _compiling():
        return _space(mesh, degree)


def indicator(mesh: dmesh.Mesh, cells: np.ndarray) -> fem.Function:
    """1 in these cells, 0 in the others."""
    with _compiling():
        function = fem.Function(_scalar_space(mesh))
    function.x.array[cells] = 1.0
    return function


def cellwise_linear(mesh: dmesh.Mesh, values: np.ndarray) -> fem.Function:
    """Linear in each cell and free to jump between cells; ``values`` (cells, 4) or (cells, 4, 3) at the vertices."""
    with _compiling():
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
    """Dirichlet conditions "no increment" for the dofs (k,) of each of the three components.

    Parameters
    ----------
    constrained : (blocks, 3) bool
    """
    zero = np.array(0.0)
    conditions = []
    for component in range(3):
        dofs = np.flatnonzero(constrained[:, component]).astype(np.int32) * 3 + component
        if len(dofs):
            conditions.append(fem.dirichletbc(PETSc.ScalarType(zero), dofs, space.sub(component)))
    return conditions


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


def assemble_scalar(form: fem.Form) -> float:
    """The value of a functional."""
    return float(fem.assemble_scalar(form))
