"""The table of ``tl.trust`` on trial: does it fail where something is wrong, and only there?

Right and wrong situations (``verdicts/situations.py``, each with the check that must fail,
stated before any was run) on small cohorts (``verdicts/trial_cohorts.py``), half of which may
be used to set thresholds::

    TISSUESHAP_DATA=... python tests/benchmarks/bench_verdicts.py run [--half set report]
        [--cohort primates ...] [--out verdicts.jsonl]
    python tests/benchmarks/bench_verdicts.py show [--out verdicts.jsonl]
    python tests/benchmarks/bench_verdicts.py --docs [--out verdicts.jsonl]

``run`` appends a line of JSON per trial; what the file holds already is not run again.
``--docs`` keeps a copy in bench_verdicts.json and renews the tables of docs/verdicts.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from verdicts.situations import DATA, EXPLANATIONS, GOOD, NETWORKS, SITUATIONS, Situation, Trial
from verdicts.trial_cohorts import COHORTS

from tissueshap import settings, tl
from tissueshap._core.errors import TissueshapError
from tissueshap.trust import CHECKS, FAILS, LEVELS, NOT_MEASURED, wilson

HERE = Path(__file__).resolve().parent
SUMMARY, PAGE = HERE / "bench_verdicts.json", HERE.parents[1] / "docs" / "verdicts.md"
#: The checks that are tried: the quick ones that read no record of another verb. ``seeds``
#: is made where a situation asks for it.
TRIED = tuple(
    name
    for name in LEVELS["quick"]
    if CHECKS[name].record is None and name not in ("seeds", "truth")
)
#: What is said of an error that refuses to answer.
REFUSED = "refused"


def situations_of(cohort: str) -> Iterator[tuple[str, Situation]]:
    """Yield the situations that are made on a cohort."""
    about = COHORTS[cohort]
    levels = {**GOOD}
    if about.explanation_level:
        levels |= EXPLANATIONS
    if about.data_level:
        levels |= DATA
    for name, situation in {**levels, **NETWORKS}.items():
        if cohort in situation.only or not situation.only and name not in NETWORKS:
            yield name, situation


def run(cohort: str, done: set[tuple[str, str]], data: Path) -> Iterator[dict[str, Any]]:
    """Make each situation of a cohort, and yield its verdicts."""
    pending = [(name, s) for name, s in situations_of(cohort) if (cohort, name) not in done]
    if not pending:
        return
    adata = COHORTS[cohort].read(data)
    base = Trial(adata)
    base.train()
    base.explain()
    for name, situation in pending:
        started = time.process_time()
        seed = list(SITUATIONS).index(name)
        trial = made(situation, base, np.random.default_rng([seed, len(cohort)]))
        yield {
            "cohort": cohort,
            "half": COHORTS[cohort].half,
            "situation": name,
            "kind": situation.kind,
            "must": situation.must,
            "rows": verdicts(trial, seeds=situation.seeds),
            "cpu": round(time.process_time() - started, 1),
        }


def made(situation: Situation, base: Trial, rng: np.random.Generator) -> Trial:
    """Return the trial of a situation; what it shares with the cohort's own is not made again."""
    if situation.before or situation.train:
        trial = Trial(base.adata.copy(), rng=rng)
        trial.adata.uns["tissueshap"].pop("oversample", None)
        if situation.before:
            situation.make(trial)
        trial.train(**situation.train)
        trial.explain(**situation.explain)
    else:
        trial = Trial(base.adata, base.model, base.explained.copy(), rng)
        if situation.explain:
            trial.explain(**situation.explain)
    if not situation.before:
        situation.make(trial)
    return trial


def verdicts(trial: Trial, *, seeds: bool) -> list[dict[str, Any]]:
    """Return the rows of the table of trust."""
    checks = [*TRIED, "seeds"] if seeds else list(TRIED)
    try:
        tl.trust(
            trial.explained, trial.model, checks=checks, n_boot=10, n_random=2, n_seeds=1, seed=3
        )
    except TissueshapError as error:
        return [{"check": "", "verdict": REFUSED, "reason": str(error)[:200]}]
    table = trial.explained.uns["tissueshap"]["trust"]["summary"]
    table = table[table["check"].isin(checks)]
    columns = ["check", "question", "value", "chance", "threshold", "verdict", "reason"]
    return list(table[columns].to_dict("records"))


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


def by_trial(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per trial: the checks that fail, and those that hold."""
    keys = ["half", "cohort", "situation", "kind", "must"]
    trials = []
    for key, table in rows.groupby(keys, sort=False):
        failed = set(table.loc[table["verdict"] == FAILS, "check"])
        measured = set(table.loc[table["verdict"] != NOT_MEASURED, "check"])
        refused = bool((table["verdict"] == REFUSED).any())
        trials.append(
            {**dict(zip(keys, key, strict=True)), "failed": failed, "measured": measured}
            | {"caught": refused or bool(failed), "refused": refused}
        )
    return pd.DataFrame(trials)


def of_checks(trials: pd.DataFrame) -> pd.DataFrame:
    """Return of each check how often it fails where it must, and where nothing is wrong."""
    records = []
    good = trials[trials["kind"] == "good"]
    for check in (*TRIED, "seeds"):
        must = trials[trials["must"] == check]
        sound = good[[check in names for names in good["measured"]]]
        wrong = trials[trials["kind"] == "wrong"]
        records.append(
            {
                "check": check,
                "must": len(must),
                "fails": sum(check in names for names in must["failed"]),
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
    return {
        "wrong, any check fails": (int(wrong["caught"].sum()), len(wrong)),
        "wrong, the stated check fails": (
            sum(must in names for must, names in zip(wrong["must"], wrong["failed"], strict=True)),
            len(wrong),
        ),
        "good, no check fails": (int((~good["caught"]).sum()), len(good)),
        "not to be seen from inside, any check fails": (int(unseen["caught"].sum()), len(unseen)),
    }


def share(hits: int, total: int) -> str:
    """Return a share as words, with its 95 % interval (Wilson)."""
    if not total:
        return ""
    low, high = wilson(hits, total)
    return f"{hits} of {total} ({low:.2f} to {high:.2f})"


def tables(rows: pd.DataFrame) -> dict[str, str]:
    """Return the tables of docs/verdicts.md, in Markdown."""
    trials = by_trial(rows)
    parts = {half: trials[trials["half"] == half] for half in ("report", "set")}
    whole = {half: of_table(part) for half, part in parts.items()}
    lines = ["| | reported half | half on which thresholds were set |", "|---|---|---|"]
    for name in whole["report"]:
        lines.append("| " + " | ".join([name, *(share(*whole[h][name]) for h in parts)]) + " |")
    found = {"table": "\n".join(lines)}
    checks = {half: of_checks(part).set_index("check") for half, part in parts.items()}
    lines = [
        "| check | fails where it must | holds where all is well | fails, of all wrong ones "
        "| both halves: must | well |",
        "|---|---|---|---|---|---|",
    ]
    for check, row in checks["report"].iterrows():
        both = row + checks["set"].loc[check]
        cells = [
            f"`{check}`",
            share(row["fails"], row["must"]),
            share(row["holds"], row["good"]),
            f"{row['of_all_wrong']} of {row['wrong']}",
            share(both["fails"], both["must"]),
            share(both["holds"], both["good"]),
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    found["checks"] = "\n".join(lines)
    lines = [
        "| situation | must fail | trials | it failed | what else failed |",
        "|---|---|---|---|---|",
    ]
    for (name, kind, must), part in trials.groupby(["situation", "kind", "must"], sort=False):
        stated = sum(must in names for names in part["failed"]) if must else ""
        others = pd.Series([c for names in part["failed"] for c in sorted(names - {must})])
        counts = others.value_counts() if len(others) else pd.Series(dtype=int)
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
    parser.add_argument("what", nargs="?", choices=("run", "show"), default="show")
    parser.add_argument("--half", nargs="+", choices=("set", "report"), default=["set", "report"])
    parser.add_argument("--cohort", nargs="+", choices=COHORTS, default=list(COHORTS))
    parser.add_argument("--out", type=Path, default=Path("verdicts.jsonl"))
    parser.add_argument("--docs", action="store_true", help="renew the page of docs")
    options = parser.parse_args()
    if options.docs:
        if options.out.exists():
            lines = [json.dumps(summarised(trial)) for trial in _lines(options.out)]
            SUMMARY.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
        renew(PAGE, tables(read(SUMMARY)))
        return
    if options.what == "show":
        for name, table in tables(read(options.out)).items():
            print(f"\n{name}\n{table}")
        return
    settings.verbosity = 0
    warnings.simplefilter("ignore")
    done = set()
    if options.out.exists():
        done = {(row["cohort"], row["situation"]) for row in _lines(options.out)}
    for cohort in options.cohort:
        if COHORTS[cohort].half in options.half:
            for trial in run(cohort, done, Path(os.environ.get("TISSUESHAP_DATA", "."))):
                failed = sorted({row["check"] for row in trial["rows"] if row["verdict"] == FAILS})
                print(cohort, trial["situation"], trial["must"], failed, trial["cpu"], flush=True)
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(trial) + "\n")


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the trials of a file: a line of JSON each, or one list."""
    text = path.read_text("utf-8")
    if text.startswith("["):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines()]


if __name__ == "__main__":
    main()
