"""Compare new results of benchmarks with the committed ones; run by `make benchmarks`.

A new file is compared with the committed file of the same name. Seconds differ between
machines and are not compared. What is compared, and how far it may differ, is in RULES: sizes
must be equal; ratios of times, errors and agreement have limits. A better result is not an
error. Exit code 0: all within the limits; 1: at least one figure is not.

    python tests/benchmarks/compare.py FILE.json ... [--committed FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Rule:
    """Which figures a rule is for, what it allows, and the test of it.

    Attributes
    ----------
    figures
        Keys from the outermost to the innermost, joined by dots; ``*`` for any characters.
    allowed
        In words, given the committed value.
    holds
        Whether a new value is allowed: of the new and the committed value.
    """

    figures: str
    allowed: Callable[[Any], str]
    holds: Callable[[Any, Any], bool]


def same(figures: str) -> Rule:
    """Require the committed value: results of other sizes cannot be compared."""
    return Rule(figures, lambda old: f"= {old}", lambda new, old: bool(new == old))


def at_least(figures: str, share: float) -> Rule:
    """Require a share of the committed value."""
    return Rule(figures, lambda old: f">= {share * old:.4g}", lambda new, old: new >= share * old)


def at_most(figures: str, factor: float) -> Rule:
    """Allow a multiple of the committed value."""
    return Rule(figures, lambda old: f"<= {factor * old:.4g}", lambda new, old: new <= factor * old)


def below(figures: str, limit: float) -> Rule:
    """Allow values up to a limit, whatever was committed."""
    return Rule(figures, lambda _: f"<= {limit:.4g}", lambda new, _: new <= limit)


def within(figures: str, distance: float) -> Rule:
    """Allow a distance from the committed value, in both directions."""
    return Rule(
        figures,
        lambda old: f"{old:.4g} +- {distance:.4g}",
        lambda new, old: abs(new - old) <= distance,
    )


#: By benchmark. Ratios of CPU times vary by a third on a shared machine, so that half of a
#: speed-up is a change of the code; the values agree with those of edgeR to 1e-6.
RULES: dict[str, tuple[Rule, ...]] = {
    "bench_de": (
        same("*.genes"),
        same("*.samples"),
        same("*.classes"),
        same("*.classes_timed"),
        at_least("*.a_over_c", 0.5),
        at_least("*.b_over_c", 0.5),
        below("*.apart.*", 1e-6),
    ),
    "bench_shap": (
        same("sizes.*"),
        same("n_classes"),
        same("n_background"),
        at_least("accuracy", 0.9),
        # z-scores of our values against shap's: of a normal, except for dependence in a sample.
        within("agreement.*.mean", 0.3),
        within("agreement.*.sd", 0.2),
        at_least("speed.times_faster_than_*.core", 0.5),
        at_most("speed.squared_error.ours", 2),
        at_most("peak_rss_mib.*", 1.3),
    ),
}


def rules_for(path: Path) -> tuple[Rule, ...]:
    """Return the rules of a file of results: ``bench_de.json`` or ``bench_de_quick.json``."""
    name = path.stem.removesuffix("_quick")
    if name not in RULES:
        raise SystemExit(f"{path}: there are no rules for {name}: add them to RULES in {__file__}")
    return RULES[name]


def figures_of(results: Any, *keys: str) -> Iterator[tuple[str, Any]]:
    """Yield every figure with its keys, joined by dots."""
    if isinstance(results, dict):
        for key, value in results.items():
            yield from figures_of(value, *keys, key)
    elif isinstance(results, list):
        for number, value in enumerate(results):
            yield from figures_of(value, *keys, str(number))
    else:
        yield ".".join(keys), results


def compared(new: Any, old: Any, rules: tuple[Rule, ...]) -> Iterator[tuple[bool, str]]:
    """Yield, for each committed figure that a rule is for, whether the new one is allowed."""
    values = dict(figures_of(new))
    for rule in rules:
        committed = [(k, v) for k, v in figures_of(old) if fnmatchcase(k, rule.figures)]
        if not committed:
            yield False, f"{rule.figures}: not in the committed results"
        for key, value in committed:
            found = values.get(key)
            holds = found is not None and rule.holds(found, value)
            yield holds, f"{key}: {found} (committed {value}; allowed {rule.allowed(value)})"


def compare(new: Path, folder: Path) -> bool:
    """Print the figures of a file, and return whether all are allowed."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in (new, folder / new.name)]
    print(new.name)
    rows = list(compared(*results, rules_for(new)))
    for holds, text in rows:
        print(f"  {'ok   ' if holds else 'WORSE'} {text}")
    return all(holds for holds, _ in rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.json")
    parser.add_argument("--committed", type=Path, default=HERE, metavar="FOLDER")
    options = parser.parse_args(arguments)
    results = [compare(path, options.committed) for path in options.files]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
