"""A model's training samples, compared with the samples that it is applied to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.errors import StaleError
from tissueshap._core.provenance._fingerprints import name_codes
from tissueshap._core.provenance._origin import records

if TYPE_CHECKING:
    from anndata import AnnData


def trained_on(adata: AnnData, key: str) -> pd.DataFrame | None:
    """Return the recorded training samples of the model behind a record of predictions."""
    rows: pd.DataFrame | None = records(adata).get(key, {}).get("trained_on")
    return rows


def check_trained_on(
    adata: AnnData, label: str | None, trained_on: pd.DataFrame | None, *, what: str = "adata"
) -> None:
    """Raise if a model's training samples are held out here, or have other classes.

    Parameters
    ----------
    adata
        Samples x genes.
    label
        Column of ``obs`` with the classes; None does not check them.
    trained_on
        ``sample`` (:func:`name_codes`), ``class``; None or empty if the model has no record.
    what
        The AnnData's name in messages.
    """
    if trained_on is None or trained_on.empty:
        return
    learned = pd.Series(
        trained_on["class"].astype(str).to_numpy(), trained_on["sample"].astype(str)
    )
    then = pd.Series(name_codes(adata.obs_names)).map(learned[~learned.index.duplicated()])
    known = then.notna().to_numpy()
    if schema.obs.split in adata.obs:
        test = np.asarray(adata.obs[schema.obs.split].astype(str)) == "test"
        if (both := known & test).any():
            raise StaleError(
                f"the model was trained on {both.sum()} of the {test.sum()} samples that "
                f"{what}.obs['split'] holds out ({_first(adata, both)}): run ts.tl.cnn({what}) "
                "again (or give the samples of another cohort other names)"
            )
    if label is None:
        return
    other = known & (np.asarray(adata.obs[label].astype(str)) != then.to_numpy())
    if other.any():
        raise StaleError(
            f"{what}.obs[{label!r}] has other classes for {other.sum()} of the {known.sum()} "
            f"samples here that the model was trained on ({_first(adata, other)}) than during "
            f"training: run ts.tl.cnn({what}) again (or give the samples of another cohort other "
            "names)"
        )


def _first(adata: AnnData, mask: np.ndarray) -> str:
    return ", ".join(map(str, adata.obs_names[mask][:3]))
