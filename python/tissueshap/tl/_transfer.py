"""``tl.transfer``: how a classifier does on another cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap import _schema, _slots
from tissueshap._counts import target
from tissueshap._errors import DataError
from tissueshap._logging import logger
from tissueshap.tl._evaluate import confusion, scores

if TYPE_CHECKING:
    from anndata import AnnData


def transfer(
    adata: AnnData,
    label: str | None = None,
    *,
    map: Mapping[str, str] | None = None,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Score the predictions for another cohort, whose classes may have other names.

    Classes of the cohort that the classifier does not know are predicted as something
    all the same; they are listed, and left out of the scores.

    Parameters
    ----------
    adata
        The other cohort, samples x genes, after ``tl.predict``. Reads ``obs[label]``,
        ``obs["predicted"]`` and the classes in the record of ``predict``.
    label
        Column of ``obs`` with the cohort's own classes; the recorded one by default.
    map
        The classifier's class for a class of the cohort: ``{"zone of skin": "Skin"}``.
        Names that are not in it stand for themselves. Several may lead to one.
    key_added
        Name of the record in place of ``"transfer"``; the predictions are read under it too.
    copy
        Return a changed copy and leave ``adata`` as it is.

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["transfer"]``:

    ``accuracy``, ``macro_f1``, ``n_correct``, ``n_scored``
        Over the samples of classes that the classifier knows.
    ``per_class``
        A row a class among them, in the classifier's words: ``class``, ``n``,
        ``precision``, ``recall``, ``f1``.
    ``confusion``
        ``true`` (in the classifier's words), ``predicted``, ``n``; pairs that occur.
    ``unknown``
        ``class`` (the cohort's word), ``predicted``, ``n``, of the samples left out.
    ``map``
        ``other`` (the cohort's word) and ``class``, of the classes that were matched.

    Raises
    ------
    DataError
        No class is matched, or `map` names a class that the classifier does not have.
    """
    adata = target(adata, copy=copy)
    name = _slots.label_name(adata, label)
    record = key_added if key_added in _slots.record(adata) else None
    classes = [str(one) for one in _slots.table(adata, record or "predict", "classes")]
    own = adata.obs[name].astype(str)
    matched = matches(sorted(own.unique()), classes, map)
    predicted = _slots.require(adata, "obs", _schema.obs.predicted, key_added=record)
    found = np.asarray(predicted.astype(str))
    true = own.map(matched)
    kept = true.notna().to_numpy()
    expected = true[kept].to_numpy(dtype=str)
    held = [one for one in classes if one in set(expected)]
    # A sample taken for a class outside of `held` lowers the recall of its own class.
    per_class, macro_f1 = scores(expected, found[kept], held)
    unknown = confusion(own[~kept].to_numpy(dtype=str), found[~kept])
    right = expected == found[kept]
    if not kept.all():
        logger.info("%d samples are of classes that the classifier does not know", (~kept).sum())
    _slots.write(
        adata,
        "transfer",
        {
            "uns": {
                "accuracy": float(right.mean()),
                "macro_f1": macro_f1,
                "n_correct": int(right.sum()),
                "n_scored": int(kept.sum()),
                "per_class": per_class,
                "confusion": confusion(expected, found[kept]),
                "unknown": unknown.rename(columns={"true": "class"}),
                "map": pd.DataFrame(list(matched.items()), columns=["other", "class"]),
            }
        },
        params={"label": name},
        versions=("scikit-learn",),
        key_added=key_added,
    )
    return adata if copy else None


def matches(
    names: Sequence[str], classes: Sequence[str], given: Mapping[str, str] | None
) -> dict[str, str]:
    """Return the class that each name stands for, without those that stand for none.

    Parameters
    ----------
    names
        Classes of another cohort.
    classes
        Classes that are known.
    given
        The user's map, from names to classes; names that it lacks stand for themselves.

    Raises
    ------
    DataError
        The map leads to classes that are not known, or no name is matched.
    """
    wanted = {str(key): str(value) for key, value in (given or {}).items()}
    wrong = sorted(set(wanted.values()) - set(classes))
    if wrong:
        raise DataError(f"map leads to {wrong[:5]}, which are not among the classes {classes[:5]}")
    matched = {name: wanted.get(name, name) for name in names}
    matched = {name: known for name, known in matched.items() if known in set(classes)}
    if not matched:
        raise DataError(
            f"no class is matched: there are {list(names)[:5]}, known are {list(classes)[:5]}; "
            "pass map={'one of the first': 'one of the second', ...}"
        )
    return matched
