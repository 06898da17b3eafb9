"""Tools: train, explain, test and compare."""

from tissueshap._core.docs import fill_in
from tissueshap._core.genes_in_use import wrap, writing
from tissueshap.tl._calibrate import calibrate
from tissueshap.tl._cluster import cluster
from tissueshap.tl._cnn import cnn
from tissueshap.tl._compare import compare
from tissueshap.tl._compare_balancing import compare_balancing
from tissueshap.tl._cross_validate import cross_validate
from tissueshap.tl._de import de
from tissueshap.tl._de_error_rate import de_error_rate
from tissueshap.tl._enrich import enrich
from tissueshap.tl._evaluate import evaluate
from tissueshap.tl._explain import explain
from tissueshap.tl._modules import modules
from tissueshap.tl._null_test import null_test
from tissueshap.tl._ppi import ppi
from tissueshap.tl._predict import predict
from tissueshap.tl._project import project
from tissueshap.tl._rank_genes import rank_genes
from tissueshap.tl._select_genes import select_genes
from tissueshap.tl._shap import shap
from tissueshap.tl._stability import stability
from tissueshap.tl._transfer import transfer
from tissueshap.tl._trust import trust

__all__ = [
    "calibrate",
    "cluster",
    "cnn",
    "compare",
    "compare_balancing",
    "cross_validate",
    "de",
    "de_error_rate",
    "enrich",
    "evaluate",
    "explain",
    "modules",
    "null_test",
    "ppi",
    "predict",
    "project",
    "rank_genes",
    "select_genes",
    "shap",
    "stability",
    "transfer",
    "trust",
]

fill_in(globals()[name] for name in __all__)
wrap(__all__, globals(), writing)
