"""One training after another on the same data, by several processes if this is faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tissueshap._core.parallel import can_be_sent, in_order
from tissueshap.explain._network import apart

if TYPE_CHECKING:
    from anndata import AnnData

Result = TypeVar("Result")


def trainings(
    work: AnnData,
    train: Callable[..., Result],
    items: Sequence[tuple[Any, ...]],
    *,
    desc: str,
    unit: str,
) -> Iterator[Result]:
    """Yield ``train(work, *item)`` for each item, in order.

    Parameters
    ----------
    work
        A ``workbench``.
    train
        A function of a module, or a partial of one. It must not change `work`.
    items
        What distinguishes each training from the others.
    desc, unit
        Of the progress bar.
    """
    return in_order(
        lambda item: item,
        train,
        items,
        shared=(work,),
        apart=apart() and can_be_sent(*work.layers.values()),
        desc=desc,
        unit=unit,
    )
