"""Percentiles by volume (or area): robust peaks that do not depend on how fine the mesh is where.

The p-th percentile by volume is the smallest value ``v`` such that at least p per cent of the
volume has values ``<= v``. Counting nodes or elements instead would weigh small elements as much
as large ones. The 99th percentile of wall stress is the usual robust peak (Speelman et al. 2008,
and the practice of BioPARR, Joldes et al. 2017).
"""

from __future__ import annotations

import numpy as np

from aorta.records import Array


def weighted_percentile(values: Array, weights: Array, percent: float) -> float:
    """Percentile by weight.

    Parameters
    ----------
    values, weights : (n,) float
        Weights (volumes, areas) must be non-negative and not all zero.
    percent : float
        0 to 100.

    Returns
    -------
    float, in the unit of ``values``
        One of the values given: no interpolation.
    """
    values, weights = np.ravel(values), np.ravel(weights)
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weights[order])
    # relative slack of rounding, so that ten equal weights reach 90 % at the ninth
    target = percent / 100.0 * cumulative[-1] * (1.0 - 1e-12)
    return float(values[order][min(np.searchsorted(cumulative, target), len(values) - 1)])
