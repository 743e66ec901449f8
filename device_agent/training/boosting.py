"""Boosted trees for `device_agent.calibration`, fitted by scikit-learn and written as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from device_agent.heads import SPLITS

TREES, DEPTH = 100, 3


def boosted(rows: Any, right: Any) -> tuple[Any, Any, Any, float]:
    """Features and cuts [N, 7], leaves [N, 8] and the base of a classifier of `rows` [n, F]: going right where a feature is greater than its cut."""
    model = GradientBoostingClassifier(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=0.06, subsample=0.7, min_samples_leaf=20, max_features=0.5, random_state=0
    ).fit(rows, right)
    features, cuts = np.zeros((TREES, SPLITS), np.intp), np.full((TREES, SPLITS), np.inf)
    leaves = np.zeros((TREES, SPLITS + 1))
    for number, (one,) in enumerate(model.estimators_):
        _fill(one.tree_, 0, 0, features[number], cuts[number], leaves[number])
    share = float(np.mean(right))
    base = float(np.log(share / (1.0 - share)))
    return features, cuts.astype(np.float32), (leaves * model.learning_rate).astype(np.float32), base


def _fill(tree: Any, node: int, place: int, features: Any, cuts: Any, leaves: Any) -> None:
    """`place` in the heap; a leaf that is met early answers for all below it (its cut stays infinite: always left)."""
    if tree.children_left[node] < 0:
        while place < SPLITS:
            place = 2 * place + 1
        leaves[place - SPLITS] = tree.value[node].item()
        return
    features[place], cuts[place] = tree.feature[node], tree.threshold[node]
    _fill(tree, tree.children_left[node], 2 * place + 1, features, cuts, leaves)
    _fill(tree, tree.children_right[node], 2 * place + 2, features, cuts, leaves)
