"""The classes of another cohort, by the names of the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tissueshap._core.errors import DataError


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
