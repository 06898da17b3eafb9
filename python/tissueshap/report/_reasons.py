"""Why a sample has no certain class, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tissueshap.calibration import FALSE_ALARMS, LEVEL

#: Number of classes that a sentence names.
_NAMED = 3
#: From this probability on, a class does not share it with others.
_CLEAR = 0.7


def reason(row: Mapping[str, Any], reference: np.ndarray) -> str:
    """Return why a sample is ambiguous or unfamiliar.

    Parameters
    ----------
    row
        Of the table of predictions.
    reference
        Distances of samples of known classes that the network had not seen, ascending.
    """
    return _unfamiliar(row, reference) if row["verdict"] == "unfamiliar" else _ambiguous(row)


def _unfamiliar(row: Mapping[str, Any], reference: np.ndarray) -> str:
    n_nearer = int(np.searchsorted(reference, row["novelty"]))
    share = n_nearer / reference.size
    of = "all" if n_nearer == reference.size else f"{share:.1%} of"
    return (
        f"It lies further from every class than {of} the {reference.size:,} samples of known "
        f"classes that were kept aside to judge distances (the limit is {1 - FALSE_ALARMS:.0%}). "
        f"The nearest class is {row['nearest_class']}. It may be of a class that the model does "
        "not know, a mixture, or prepared differently from the training samples."
    )


def _ambiguous(row: Mapping[str, Any]) -> str:
    if row["mixture_pvalue"] <= FALSE_ALARMS:
        return (
            f"It resembles an equal mixture of {row['nearest_class']} and {row['second_class']} "
            f"more than either, as at most {FALSE_ALARMS:.0%} of samples of one class do. The "
            "sample may be a mixture of both."
        )
    possible = [name for name in row["prediction_set"].split("; ") if name]
    likely = [(row["predicted"], row["confidence"])]
    for place in range(2, _NAMED + 1):
        if f"class_{place}" in row:
            likely.append((row[f"class_{place}"], row[f"probability_{place}"]))
    if not possible:
        name, probability = likely[0]
        return (
            f"No class is likely enough: the most probable one is {name}, with {probability:.0%}. "
            "Samples of known classes are nearly always more certain than this."
        )
    shown = likely[: max(2, min(len(possible), _NAMED))]
    named = [f"{name} ({probability:.0%})" for name, probability in shown]
    n_more = len(possible) - len(shown)
    if n_more > 0:
        named.append(f"{n_more} more")
    if row["confidence"] >= _CLEAR:
        listed = _listed(named[1:], "or")
        return (
            f"{shown[0][0]} is the most probable class ({shown[0][1]:.0%}), but {listed} cannot "
            f"be ruled out: only with them does the list of possible classes hold the true one "
            f"in {LEVEL:.0%} of cases."
        )
    return (
        f"{_listed(named, 'and')} share the probability. The sample may be a mixture, or the "
        "classes too similar to be distinguished here."
    )


def _listed(words: Sequence[str], last: str) -> str:
    """Return several words as a list in a sentence."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
