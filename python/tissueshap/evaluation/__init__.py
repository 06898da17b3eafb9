"""Held-out samples: scores, folds, and the simple method to compare with."""

from tissueshap.evaluation._baseline import logistic
from tissueshap.evaluation._class_map import matches
from tissueshap.evaluation._fold_results import FoldResults, fold_part
from tissueshap.evaluation._one_fold import fold_alone
from tissueshap.evaluation._scores import confusion, scores
from tissueshap.evaluation._workbench import balance_as, balancing, workbench

__all__ = [
    "FoldResults",
    "balance_as",
    "balancing",
    "confusion",
    "fold_alone",
    "fold_part",
    "logistic",
    "matches",
    "scores",
    "workbench",
]
