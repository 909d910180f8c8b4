"""Agreement of clusters of near duplicates with the true pairs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.near_duplicates.components import connected_components

Labels = NDArray[np.int64]
AT_THRESHOLD = 0.05  # pairs less than this above the threshold are "at the threshold"


class Quality(NamedTuple):
    """Agreement of clusters with the truth.

    clusters: number of clusters with two or more sequences. recall: share of the truly similar pairs that are in one
    cluster. recall_at_threshold: the same for pairs at the threshold. precision: share of the pairs in one cluster
    that are in one true cluster.
    """

    clusters: int
    recall: float
    recall_at_threshold: float
    precision: float


def labels_of(pairs: NDArray[np.int64], rows: int) -> Labels:
    """Return each sequence's cluster: the connected components of the pairs."""
    labels = np.arange(rows)
    vertices, clusters = connected_components(pairs)
    labels[vertices] = clusters
    return labels


def quality(
    labels: Labels, truth: Labels, pairs: NDArray[np.int64], similarities: NDArray[np.float64], threshold: float
) -> Quality:
    """Return the agreement of clusters with the true pairs. labels, truth: the cluster of each sequence."""
    is_found = labels[pairs[:, 0]] == labels[pairs[:, 1]]
    both = np.unique(np.column_stack([labels, truth]), axis=0, return_counts=True)[1]
    sizes = np.unique(labels, return_counts=True)[1]
    at_threshold = similarities < threshold + AT_THRESHOLD
    return Quality(
        int((sizes > 1).sum()),
        float(is_found.mean()),
        float(is_found[at_threshold].mean()),
        float((both * (both - 1)).sum() / max(1, (sizes * (sizes - 1)).sum())),
    )
