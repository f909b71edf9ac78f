"""The surface of least cost over columns: a minimum cut.

Li, Wu, Chen, Sonka 2006 (doi:10.1109/TPAMI.2006.19): the cost of the surface passing through each
node of each column becomes node weights of a closed-set problem; arcs of infinite capacity forbid
jumps between neighbouring columns, finite ones make them dear. Solved by push-relabel (OR-tools);
capacities are integers, so costs are scaled.
"""

from __future__ import annotations

import numpy as np
from ortools.graph.python import max_flow

from aorta.records import Array

SCALE = 1000
FORBIDDEN = 10**9
MUST = 1000.0
STEEPEST = 1.7  # slope of the surface against the circle about the line: 60 degrees
NEAR_NODES = 20.0  # within this distance the price around is full


def least_cost_surface(cost: Array, most_jump: tuple[int, int], price: tuple[float, float], at_least: Array) -> Array:
    """Which node of each column the surface of least cost passes through.

    Parameters
    ----------
    cost : (s, a, k) float
        Of the surface passing through node k of the column (s, a); columns are periodic in a.
    most_jump : (2,) int
        Largest difference of k between neighbours along s and along a, near the line; beyond, the steepest slopes
        below hold, so that a vessel seen from a line off its middle is not cut.
    price : (2,) float
        Per node of difference, along s and along a; along a less the farther from the line, where rays stand apart.
    at_least : (s, a) int
        The surface passes beyond this node.

    Returns
    -------
    (s, a) int
    """
    planes, rays, nodes = cost.shape
    flat = cost.reshape(-1, nodes).astype(float)
    column = np.arange(planes * rays).reshape(planes, rays)
    node = np.arange(planes * rays * nodes).reshape(-1, nodes)
    weight = np.empty_like(flat)
    weight[:, 0], weight[:, 1:] = flat[:, 0] - MUST, np.diff(flat, axis=1)
    weight = np.where(np.arange(nodes) <= at_least.reshape(-1, 1), -MUST, weight)
    weight = np.rint(weight * SCALE).astype(np.int64).ravel()
    # a node inside pulls in the nodes below it
    tails, heads, capacities = [node[:, 1:].ravel()], [node[:, :-1].ravel()], [np.full(node[:, 1:].size, FORBIDDEN)]
    number = np.arange(nodes)
    steepest = np.ceil(STEEPEST * number * 2.0 * np.pi / rays).astype(int)
    around = price[1] * np.minimum(1.0, NEAR_NODES / np.maximum(number, 1))
    along = np.full(nodes, price[0])
    neighbours = [
        (column[1:], column[:-1], most_jump[0], along),
        (column[:-1], column[1:], most_jump[0], along),
        (column, np.roll(column, 1, axis=1), np.maximum(most_jump[1], steepest), around),
        (column, np.roll(column, -1, axis=1), np.maximum(most_jump[1], steepest), around),
    ]
    for one, other, jump, dear in neighbours:
        lower = np.maximum(np.maximum.accumulate(number - jump), 0)
        tails.append(node[one.ravel()].ravel())
        heads.append(node[other.ravel()][:, lower].ravel())
        capacities.append(np.full(tails[-1].size, FORBIDDEN))
        if (dear > 0).any():
            tails.append(tails[-1])
            heads.append(node[other.ravel()].ravel())
            capacities.append(np.tile(np.rint(dear * SCALE).astype(np.int64), one.size))
    source, sink = node.size, node.size + 1
    inward, outward = np.flatnonzero(weight < 0), np.flatnonzero(weight > 0)
    tails += [np.full(len(inward), source), outward]
    heads += [inward, np.full(len(outward), sink)]
    capacities += [-weight[inward], weight[outward]]
    graph = max_flow.SimpleMaxFlow()
    graph.add_arcs_with_capacity(np.concatenate(tails), np.concatenate(heads), np.concatenate(capacities))
    if graph.solve(source, sink) != graph.OPTIMAL:
        raise RuntimeError("the maximum-flow solver did not finish")  # cannot happen: the graph is valid by construction
    within = np.zeros(node.size + 2, bool)
    within[graph.get_source_side_min_cut()] = True
    return np.maximum(within[: node.size].reshape(planes, rays, nodes).sum(axis=2) - 1, 0)
