"""Fields at the nodes that follow from the stress and the strain there: what the VTU files hold beyond the records.

Directions are those of lines: where an eigenvector points is known up to its sign, which is chosen here
so that the largest component is positive and which therefore jumps somewhere in every field of directions.
Where two principal stresses are equal, any direction between theirs is as good.
"""

from __future__ import annotations

import numpy as np

from aorta.records import Array, State

_TENSOR = np.array([[0, 3, 5], [3, 1, 4], [5, 4, 2]])
"""Where xx, yy, zz, xy, yz, xz go in a 3 × 3."""
RANKS = ("max", "mid", "min")


def stresses(state: State) -> dict[str, Array]:
    """First principal and von Mises stress (n,) in kPa from the nodal Cauchy stress."""
    values, _ = eigen(state.cauchy_nodal_MPa * 1000.0)
    return {"max_principal_kPa": values[:, 0], "von_mises_kPa": von_mises(state.cauchy_nodal_MPa * 1000.0)}


def derived(state: State) -> dict[str, Array]:
    """All fields (n,), (n, 3) or (n, 6) of one state, by the names of the VTU files.

    ``max_``, ``mid_`` and ``min_principal_kPa`` with ``..._principal_direction`` (unit, LPS, of the present
    shape), ``von_mises_kPa``, ``cauchy_MPa``; with strain: ``green_lagrange_strain`` (xx, yy, zz, xy, yz, xz,
    from the unloaded shape), its principal values ``max_principal_strain`` ..., and ``volume_ratio``.
    """
    values, directions = eigen(state.cauchy_nodal_MPa * 1000.0)
    fields = {f"{rank}_principal_kPa": values[:, q] for q, rank in enumerate(RANKS)}
    fields |= {f"{rank}_principal_direction": directions[:, q].astype(np.float32) for q, rank in enumerate(RANKS)}
    fields |= {"von_mises_kPa": von_mises(state.cauchy_nodal_MPa * 1000.0), "cauchy_MPa": state.cauchy_nodal_MPa}
    if state.green_lagrange_nodal is not None:
        strains, _ = eigen(state.green_lagrange_nodal)
        fields["green_lagrange_strain"] = state.green_lagrange_nodal.astype(np.float32)
        fields |= {f"{rank}_principal_strain": strains[:, q].astype(np.float32) for q, rank in enumerate(RANKS)}
    if state.volume_ratio_nodal is not None:
        fields["volume_ratio"] = state.volume_ratio_nodal.astype(np.float32)
    return fields


def safety_factor(principal_kPa: Array, strength_kPa: Array) -> Array:
    """Strength over first principal stress (n,); NaN where there is no strength or no tension."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(principal_kPa > 0, strength_kPa / principal_kPa, np.nan)


def eigen(voigt: Array) -> tuple[Array, Array]:
    """Principal values (n, 3), largest first, and unit directions (n, 3, 3), one a row, of tensors (n, 6); NaN stays NaN."""
    finite = np.isfinite(voigt).all(axis=1)
    values, vectors = np.linalg.eigh(np.where(finite[:, None], voigt, 0.0)[:, _TENSOR])
    values, vectors = values[:, ::-1], vectors[:, :, ::-1].transpose(0, 2, 1)
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=2)[..., None], axis=2)
    values, vectors = values.copy(), vectors * np.sign(largest)
    values[~finite], vectors[~finite] = np.nan, np.nan
    return values, vectors


def von_mises(voigt: Array) -> Array:
    """(n,) of tensors (n, 6), in their unit."""
    xx, yy, zz, xy, yz, xz = voigt.T
    return np.sqrt(0.5 * ((xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2) + 3.0 * (xy**2 + yz**2 + xz**2))
