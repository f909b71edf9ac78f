"""Rupture-risk indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aorta.records.base import Array
from aorta.records.finding import Finding


@dataclass(frozen=True)
class Risk:
    """Indices, and the node fields behind them.

    Parameters
    ----------
    node_fields : mapping of name to (n,) float
        On the mesh's nodes, NaN off the wall: ``max_principal_kPa``, ``von_mises_kPa``,
        ``wall_strength_kPa``, ``rupture_index``, ``thrombus_thickness_mm`` ...
    """

    findings: tuple[Finding, ...]
    node_fields: Mapping[str, Array]
    cautions: tuple[str, ...] = ()
