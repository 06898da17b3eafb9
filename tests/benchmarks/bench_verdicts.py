"""The table of ``tl.trust`` on trial: does it fail where something is wrong, and only there?

Right and wrong situations (``verdicts/situations.py``, each with the check that must fail,
stated before any was run) on small cohorts (``verdicts/trial_cohorts.py``), half of which may
be used to set thresholds::

    TISSUESHAP_DATA=... python tests/benchmarks/bench_verdicts.py run [--half set report]
        [--cohort primates ...] [--torch] [--out verdicts.jsonl]
    python tests/benchmarks/bench_verdicts.py show [--out verdicts.jsonl]
    python tests/benchmarks/bench_verdicts.py recur [--out recurrence.jsonl]
    python tests/benchmarks/bench_verdicts.py --docs [--out verdicts.jsonl]

``run`` appends a line of JSON per trial; what the file holds already is not run again. With
``--torch`` the trials of PyTorch are made, and only these: it needs a process in which
TensorFlow has not trained. ``--situation`` makes those whose names have some words.
``recur`` measures without the checks whether the genes of good models recur
(``verdicts/stable.py``), and appends as ``run`` does.
``--docs`` puts the trials in bench_verdicts.json and what ``recur`` found in
bench_verdicts_recurrence.json, where they replace those of the same cohort and situation, and
renews the tables of docs/verdicts.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

if "--torch" in sys.argv:
    import torch  # noqa: F401 - before TensorFlow: after it, some builds crash

import numpy as np
import pandas as pd
from verdicts.foreign import FOREIGN_GOOD, FOREIGN_NOISE, FOREIGN_WRONG
from verdicts.full import (
    ADDED_GOOD,
    ADDED_WRONG,
    FOURTH,
    FULL_DATA,
    FULL_EXPLANATIONS,
    FULL_FOREIGN,
    FULL_GOOD,
    FULL_NOISE,
)
from verdicts.situations import (
    DATA,
    EXPLANATIONS,
    GOOD,
    NETWORKS,
    OTHERS,
    RECORDS,
    SITUATIONS,
)
from verdicts.stable import FITS, SAME, recurrence
from verdicts.trial import Situation, Trial
from verdicts.trial_cohorts import COHORTS

from tissueshap import settings, tl
from tissueshap._core.errors import TissueshapError
from tissueshap.trust import CHECKS, FAILS, LEVELS, NOT_MEASURED, wilson

HERE = Path(__file__).resolve().parent
SUMMARY, PAGE = HERE / "bench_verdicts.json", HERE.parents[1] / "docs" / "verdicts.md"
RECURRENCE = HERE / "bench_verdicts_recurrence.json"
#: The checks of every trial: those of a quick table that read no record of another verb. The
#: others are made where a situation asks for them.
TRIED = tuple(name for name in LEVELS["quick"] if CHECKS[name].record is None and name != "truth")
#: Of the trials that are made now; those of before had the table of another version.
RUN = 4
ALSO = tuple(dict.fromkeys(check for s in SITUATIONS.values() for check in s.also))
#: Checks of stability: that other samples or trainings give other genes may be true of a model
#: with which nothing is wrong.
STABILITY = ("bootstrap", "seeds", "folds")
#: Cohorts that name trials of noise, which is not theirs.
_OF_NOISE = (
    "compendium, first tissues", "compendium, other tissues", "compendium, more tissues",
    "profiles, other tissues",
)  # fmt: skip
#: Halves of the cohorts, and those that were tried last.
HALVES = {
    "report": "reported half",
    "last": "cohorts tried last",
    "set": "half on which thresholds were set",
}
#: What is said of an error that refuses to answer.
REFUSED = "refused"


def situations_of(cohort: str, n_genes: float = 0) -> Iterator[tuple[str, Situation]]:
    """Yield the situations that are made on a cohort of so many genes."""
    about = COHORTS[cohort]
    levels = {**GOOD, **FOREIGN_GOOD, **FULL_GOOD, **ADDED_GOOD, **ADDED_WRONG, **FOURTH}
    if about.explanation_level:
        levels |= EXPLANATIONS | RECORDS | FULL_EXPLANATIONS
    if about.explanation_level or about.data_level:
        levels |= FOREIGN_WRONG | FULL_FOREIGN
    if about.data_level:
        levels |= DATA | FULL_DATA
    if about.again is not None:
        levels |= OTHERS | FOREIGN_NOISE
    if cohort in _OF_NOISE:
        levels |= FULL_NOISE
    for name, situation in {**levels, **NETWORKS}.items():
        placed = cohort in situation.only or (not situation.only and name not in NETWORKS)
        if placed and n_genes <= situation.most_genes:
            yield name, situation


def run(
    cohort: str,
    done: set[tuple[str, str]],
    data: Path,
    *,
    torch: bool = False,
    words: tuple[str, ...] = ("",),
) -> Iterator[dict[str, Any]]:
    """Make each situation of a cohort, and yield its verdicts."""

    if not _pending(cohort, 0, done, torch=torch, words=words):
        return
    base = Base(cohort, data)
    for name, situation in _pending(cohort, base.adata.n_vars, done, torch=torch, words=words):
        started = time.process_time()
        seed = list(SITUATIONS).index(name)
        trial = made(situation, base, np.random.default_rng([seed, crc32(cohort.encode())]))
        yield {
            "cohort": cohort,
            "half": COHORTS[cohort].half,
            "situation": name,
            "kind": situation.kind,
            "must": situation.must,
            "run": RUN,
            "rows": verdicts(trial, also=situation.also),
            "cpu": round(time.process_time() - started, 1),
        }


def _pending(
    cohort: str,
    n_genes: float,
    done: set[tuple[str, str]],
    *,
    torch: bool,
    words: tuple[str, ...],
) -> list[tuple[str, Situation]]:
    """Return the situations of a cohort of so many genes that are still to be made."""
    return [
        (name, situation)
        for name, situation in situations_of(cohort, n_genes)
        if situation.torch == torch and (cohort, name) not in done
        if any(word in name for word in words)
    ]


class Base:
    """A cohort, with the network and the explanation that its trials share.

    Parameters
    ----------
    cohort
        Its name.
    data
        The folder of real data.
    """

    def __init__(self, cohort: str, data: Path) -> None:
        self.adata = COHORTS[cohort].read(data)
        self.again = COHORTS[cohort].again

    @cached_property
    def trial(self) -> Trial:
        """The default network, explained."""
        trial = Trial(self.adata.copy())
        trial.train()
        trial.explain()
        return trial


def made(situation: Situation, base: Base, rng: np.random.Generator) -> Trial:
    """Return the trial of a situation; what it shares with the cohort's own is not made again."""
    if situation.foreign:
        trial = Trial(base.adata.copy(), rng=rng)
        situation.make(trial)
        trial.explained = trial.adata
        return trial
    if situation.before or situation.train:
        trial = Trial(base.adata.copy(), rng=rng)
        if situation.before:
            situation.make(trial)
        trial.train(**situation.train)
        trial.explain(**situation.explain)
    else:
        own = base.trial
        trial = Trial(own.adata, own.model, own.explained.copy(), rng, again=base.again)
        if situation.explain:
            trial.explain(**situation.explain)
    if not situation.before:
        situation.make(trial)
    return trial


def verdicts(trial: Trial, *, also: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return the rows of a quick table of trust, and of the checks that a situation asks for."""
    few: dict[str, Any] = {"n_boot": 10, "n_random": 2, "n_seeds": 1}
    levels = [("quick", TRIED), *([(list(also), also)] if also else [])]
    rows: list[dict[str, Any]] = []
    for level, names in levels:
        try:
            tl.trust(trial.explained, trial.model, checks=level, seed=3, **few, **trial.asked)
        except TissueshapError as error:
            return [{"check": "", "verdict": REFUSED, "reason": str(error)[:200]}]
        table = trial.explained.uns["tissueshap"]["trust"]["summary"]
        table = table[table["check"].isin(names)]
        columns = ["check", "question", "value", "chance", "threshold", "verdict", "reason"]
        rows += table[columns].to_dict("records")
    return rows


def recur(
    cohort: str,
    done: set[tuple[str, str]],
    data: Path,
    *,
    torch: bool = False,
    words: tuple[str, ...] = ("",),
) -> Iterator[dict[str, Any]]:
    """Measure without the checks whether the genes of a cohort's good models recur."""

    def pending(n_genes: float) -> list[tuple[str, Situation]]:
        return [
            (name, situation)
            for name, situation in _pending(cohort, n_genes, done, torch=torch, words=words)
            if name in FITS and name not in SAME
        ]

    if not pending(0):
        return
    adata = COHORTS[cohort].read(data)
    for name, situation in pending(adata.n_vars):
        started = time.process_time()
        checks = tuple(one for one in STABILITY if one == "bootstrap" or one in situation.also)
        found = recurrence(Trial(adata), name, checks)
        cpu = round(time.process_time() - started, 1)
        yield {"cohort": cohort, "situation": name, "checks": found, "cpu": cpu}


def summarised(trial: dict[str, Any]) -> dict[str, Any]:
    """Return a trial without the words of its rows."""
    keys = ("check", "value", "threshold", "verdict")
    rows = [
        {key: round(row[key], 4) if isinstance(row[key], float) else row[key] for key in keys}
        for row in trial["rows"]
        if row["verdict"] != REFUSED
    ]
    return {**trial, "rows": rows or trial["rows"]}


def read(path: Path) -> pd.DataFrame:
    """Return one row per trial and row of the table of trust."""
    return pd.DataFrame(
        [
            {**{key: line[key] for key in ("cohort", "half", "situation", "kind", "must")}, **row}
            for line in _lines(path)
            for row in line["rows"]
        ]
    )


def recurring(path: Path) -> dict[tuple[str, str], dict[str, bool]]:
    """Return for each good trial which checks of stability should hold, where it was measured."""
    lines = _lines(path) if path.exists() else []
    found = {
        (one["cohort"], one["situation"]): {
            check: each["recurs"] for check, each in one["checks"].items()
        }
        for one in lines
    }
    same = {
        (cohort, name): checks
        for name, as_ in SAME.items()
        for (cohort, measured), checks in found.items()
        if measured == as_
    }
    return {**same, **found}


def by_trial(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per trial: the checks that fail, and those that hold."""
    keys = ["half", "cohort", "situation", "kind", "must"]
    trials, recurs = [], recurring(RECURRENCE)
    for key, table in rows.groupby(keys, sort=False):
        failed = set(table.loc[table["verdict"] == FAILS, "check"])
        measured = set(table.loc[table["verdict"] != NOT_MEASURED, "check"])
        refused = bool((table["verdict"] == REFUSED).any())
        trials.append(
            {**dict(zip(keys, key, strict=True)), "failed": failed, "measured": measured}
            | {"caught": refused or bool(failed), "refused": refused}
            | {"recurs": recurs.get((key[1], key[2]), {})}
        )
    return pd.DataFrame(trials)


def of_checks(trials: pd.DataFrame) -> pd.DataFrame:
    """Return of each check how often it fails where it must, and where nothing is wrong."""
    records = []
    good = trials[trials["kind"] == "good"]
    for check in dict.fromkeys((*TRIED, *ALSO)):
        must = trials[trials["must"] == check]
        sound = good[np.asarray([check in names for names in good["measured"]], dtype=bool)]
        wrong = trials[trials["kind"] == "wrong"]
        records.append(
            {
                "check": check,
                "must": len(must),
                "fails": sum(check in names for names in must["failed"]),
                "unmeasured": sum(check not in names for names in must["measured"]),
                "good": len(sound),
                "holds": sum(check not in names for names in sound["failed"]),
                "of_all_wrong": sum(check in names for names in wrong["failed"]),
                "wrong": len(wrong),
            }
        )
    return pd.DataFrame(records)


def of_table(trials: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return how many wrong trials are caught, and how many good ones fail no check."""
    wrong, good, unseen = (trials[trials["kind"] == kind] for kind in ("wrong", "good", "unseen"))
    foreign = good["situation"].isin([name for name, s in SITUATIONS.items() if s.foreign])
    own, other = good[~foreign], good[foreign]
    unsound = [bool(names - set(STABILITY)) for names in other["failed"]]
    wronged = [
        {name for name in names if recurs.get(name, True)}
        for names, recurs in zip(other["failed"], other["recurs"], strict=True)
    ]
    return {
        "wrong, any check fails": (int(wrong["caught"].sum()), len(wrong)),
        "wrong, the stated check fails": (
            sum(must in names for must, names in zip(wrong["must"], wrong["failed"], strict=True)),
            len(wrong),
        ),
        "good networks of tl.cnn, no check fails": (int((~own["caught"]).sum()), len(own)),
        "good models and attributions from elsewhere, no check fails": (
            int((~other["caught"]).sum()),
            len(other),
        ),
        "the same, no check but those of stability (`bootstrap`, `seeds`, `folds`) fails": (
            len(other) - sum(unsound),
            len(other),
        ),
        "the same, no check fails that should hold: of stability, where the genes recur": (
            sum(not names for names in wronged),
            len(other),
        ),
        "not to be seen from inside, any check fails": (int(unseen["caught"].sum()), len(unseen)),
    }


def of_stability(trials: pd.DataFrame) -> pd.DataFrame:
    """Return how the checks of stability answer where genes recur, and where they do not."""
    good = trials[trials["kind"] == "good"]
    records = []
    for check in STABILITY:
        for recurs in (True, False):
            own = [
                check in failed
                for failed, measured, found in zip(
                    good["failed"], good["measured"], good["recurs"], strict=True
                )
                if check in measured and found.get(check) is recurs
            ]
            right = len(own) - sum(own) if recurs else sum(own)
            records.append({"check": check, "recurs": recurs, "right": right, "n": len(own)})
    return pd.DataFrame(records)


def share(hits: int, total: int) -> str:
    """Return a share as words, with its 95 % interval (Wilson)."""
    if not total:
        return ""
    low, high = wilson(hits, total)
    return f"{hits} of {total} ({low:.2f} to {high:.2f})"


def _counted(row: pd.Series) -> tuple[str, str]:
    """Return how often a check fails where it must, and holds where all is well."""
    fails = share(row["fails"], row["must"])
    if row["unmeasured"]:
        fails += f", {row['unmeasured']} not measured"
    return fails, share(row["holds"], row["good"])


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return the tables of docs/verdicts.md, in Markdown."""
    trials = by_trial(rows)
    parts = {half: trials[trials["half"] == half] for half in HALVES}
    whole = {half: of_table(part) for half, part in parts.items()}
    lines = ["| | " + " | ".join(HALVES.values()) + " |", "|---" * (len(HALVES) + 1) + "|"]
    for name in whole["report"]:
        lines.append("| " + " | ".join([name, *(share(*whole[h][name]) for h in parts)]) + " |")
    found = {"table": "\n".join(lines)}
    checks = {half: of_checks(part).set_index("check") for half, part in parts.items()}
    lines = [
        "| check | reported half: fails where it must | holds where all is well "
        "| fails, of all wrong ones | tried last: must | well | all cohorts: must | well |",
        "|---" * 8 + "|",
    ]
    for check, row in checks["report"].iterrows():
        last = checks["last"].loc[check]
        every = row + last + checks["set"].loc[check]
        if not every["must"] + every["good"]:
            continue  # a check that is newer than the trials
        cells = [f"`{check}`", *_counted(row), f"{row['of_all_wrong']} of {row['wrong']}"]
        cells += [*_counted(last), *_counted(every)]
        lines.append("| " + " | ".join(cells) + " |")
    found["checks"] = "\n".join(lines)
    stable = [of_stability(part) for part in parts.values()]
    lines = [
        "| check | genes | the check says so: " + " | ".join(HALVES.values()) + " |",
        "|---" * (len(HALVES) + 2) + "|",
    ]
    for number, row in stable[0].iterrows():
        words = "recur" if row["recurs"] else "do not recur"
        said = [share(part.loc[number, "right"], part.loc[number, "n"]) for part in stable]
        lines.append("| " + " | ".join([f"`{row['check']}`", words, *said]) + " |")
    found["stability"] = "\n".join(lines)
    lines = [
        "| situation | must fail | trials | it failed | what else failed |",
        "|---|---|---|---|---|",
    ]
    for (name, kind, must), part in trials.groupby(["situation", "kind", "must"], sort=False):
        stated = sum(must in names for names in part["failed"]) if must else ""
        others = pd.Series([c for names in part["failed"] for c in sorted(names - {must})])
        counts = others.value_counts() if len(others) else pd.Series(dtype=int)
        # Names in order where counts are equal, whatever the version of pandas.
        counts = counts.sort_index().sort_values(ascending=False, kind="stable")
        said = ", ".join(f"{check} {n}" for check, n in counts.items()) or "nothing"
        expected = f"`{must}`" if must else {"good": "nothing", "unseen": "not to be seen"}[kind]
        lines.append(f"| {name} | {expected} | {len(part)} | {stated} | {said} |")
    found["situations"] = "\n".join(lines)
    return found


def renew(page: Path, parts: dict[str, str]) -> None:
    """Put generated tables between their marks in a page."""
    text = page.read_text("utf-8")
    for name, table in parts.items():
        start, end = f"<!-- {name}: generated -->\n", f"\n<!-- {name}: end -->"
        before, _, rest = text.partition(start)
        _, mark, after = rest.partition(end)
        if not mark:
            raise ValueError(f"{page} has no marks for the table {name!r}")
        text = before + start + table + end + after
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("run", "recur", "show"), default="show")
    parser.add_argument("--half", nargs="+", choices=HALVES, default=list(HALVES))
    parser.add_argument("--cohort", nargs="+", choices=COHORTS, default=list(COHORTS))
    parser.add_argument("--out", type=Path, help="verdicts.jsonl, or recurrence.jsonl")
    parser.add_argument("--situation", nargs="+", default=[""], help="words of the names")
    parser.add_argument("--torch", action="store_true", help="the trials of PyTorch alone")
    parser.add_argument("--docs", action="store_true", help="renew the page of docs")
    options = parser.parse_args()
    if options.out is None:
        name = "recurrence" if options.what == "recur" else "verdicts"
        options.out = Path(f"{name}.jsonl")
    if options.docs:
        if options.out.exists():
            trials = merged(_lines(SUMMARY), [summarised(one) for one in _lines(options.out)])
            lines = [json.dumps(trial) for trial in trials]
            SUMMARY.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        measured = options.out.with_name("recurrence.jsonl")
        if measured.exists():
            stored = _lines(RECURRENCE) if RECURRENCE.exists() else []
            lines = [json.dumps(one) for one in merged(stored, _lines(measured))]
            RECURRENCE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        renew(PAGE, tables(read(SUMMARY)))
        return
    if options.what == "show":
        for name, table in tables(read(options.out)).items():
            print(f"\n{name}\n{table}")
        return
    settings.verbosity = 0
    warnings.simplefilter("ignore")
    data, done = Path(os.environ.get("TISSUESHAP_DATA", ".")), set()
    if options.out.exists():
        done = {(row["cohort"], row["situation"]) for row in _lines(options.out)}
    for cohort in options.cohort:
        words = tuple(options.situation)
        if options.what == "recur":
            for line in recur(cohort, done, data, torch=options.torch, words=words):
                print(line, flush=True)
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
        elif COHORTS[cohort].half in options.half:
            for trial in run(cohort, done, data, torch=options.torch, words=words):
                failed = sorted({row["check"] for row in trial["rows"] if row["verdict"] == FAILS})
                print(cohort, trial["situation"], trial["must"], failed, trial["cpu"], flush=True)
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(trial) + "\n")


def merged(stored: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return trials in the order of cohorts and situations; new ones replace the same."""
    by_name = {(one["cohort"], one["situation"]): one for one in (*stored, *new)}
    return [
        by_name[cohort, name]
        for cohort in COHORTS
        for name in SITUATIONS
        if (cohort, name) in by_name
    ]


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the trials of a file: a line of JSON each, or one list."""
    text = path.read_text("utf-8")
    if text.startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines()]


if __name__ == "__main__":
    main()
