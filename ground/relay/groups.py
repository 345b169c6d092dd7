"""Where the contacts of each link lie in a plan, so that a search finds the next one at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """One group is all contacts of one link from a node to another; they lie side by side.

    Attributes:
        edges: int64 [V + 1], the first group that leaves each node.
        first: int64 [G + 1], the first row of each group.
        target: int32 [G], the node that each group leads to.
        until: int64 [N], the latest end of a row and all rows of its group before it: rises
            within a group, also where contacts overlap, so that it can be bisected.
    """

    edges: NDArray[np.int64]
    first: NDArray[np.int64]
    target: NDArray[np.int32]
    until: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        nodes: int,
        source: NDArray[np.int32],
        target: NDArray[np.int32],
        link: NDArray[np.int32],
        end_ns: NDArray[np.int64],
    ) -> Groups:
        """Return the groups of sorted columns, each [N]."""
        new = np.ones(len(source), bool)
        new[1:] = (np.diff(source) != 0) | (np.diff(target) != 0) | (np.diff(link) != 0)
        starts = np.flatnonzero(new)
        first = np.append(starts, len(source)).astype(np.int64)
        edges = np.searchsorted(source[starts], np.arange(nodes + 1)).astype(np.int64)
        return cls(edges, first, target[starts], _rising(first, new, end_ns))


def _rising(
    first: NDArray[np.int64], new: NDArray[np.bool_], end_ns: NDArray[np.int64]
) -> NDArray[np.int64]:
    until = end_ns.copy()
    falls = np.flatnonzero((np.diff(end_ns) < 0) & ~new[1:])
    for group in np.unique(np.searchsorted(first, falls, side="right") - 1):
        rows = slice(first[group], first[group + 1])
        until[rows] = np.maximum.accumulate(end_ns[rows])
    return until
