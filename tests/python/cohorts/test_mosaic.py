"""GTEx's mosaic: tens of samples of the whole genome, explained by textbook markers."""

import importlib

import numpy as np
import pytest

from tissueshap import pp, tl
from tissueshap._core import slots

from .conftest import FOLDER

pytestmark = [pytest.mark.slow, pytest.mark.r]

HEART = "MYH6 MYH7 MYL2 MYL3 MYL4 MYL7 ACTC1 TNNI3 TNNT2 MYBPC3 NPPA NPPB RYR2".split()


@pytest.fixture(scope="module", params=[42, 1, 7])
def study(request, data_dir):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        study = importlib.import_module("biology.studies").mosaic(data_dir, request.param)
    pp.log2(study.adata)
    pp.oversample(study.adata, seed=request.param)
    model = tl.cnn(study.adata, seed=request.param)
    tl.predict(study.adata, model)
    tl.evaluate(study.adata)
    tl.shap(study.adata, model, n_draws=50, seed=request.param)
    tl.rank_genes(study.adata)
    return study


def _ranks(study, name):
    return slots.class_frame(study.adata, "varm", "shap_rank", study.classes)[name]


@pytest.mark.parametrize("name", ["heart", "muscle", "skin"])
def test_textbook_markers_lead(study, name):
    assert np.median(_ranks(study, name)[list(study.markers[name])]) <= 50


def test_the_first_genes_of_the_heart_are_those_of_a_heart(study):
    first = _ranks(study, "heart").nsmallest(12).index
    assert len({study.symbols.get(gene) for gene in first} & set(HEART)) >= 6


def test_it_predicts_as_well_as_logistic_regression(study):
    record = study.adata.uns["tissueshap"]["evaluate"]
    # One of fourteen held-out samples is about 0.08.
    assert record["macro_f1"] >= record["baseline_macro_f1"] - 0.08
