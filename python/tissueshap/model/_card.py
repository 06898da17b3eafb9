"""The model card: README.md of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_USE = (
    "To assign samples of bulk RNA-seq to one of the classes below, and to explain which genes "
    "the network uses. It is for research, and not for diagnosis."
)
_LIMITS = (
    "It knows the classes below only. Samples of other classes, of another species, or prepared in "
    "another way than the training samples should be called unfamiliar, and some will not be. "
    "Probabilities and prediction sets hold for samples like the training samples."
)


def card(model: Any) -> str:
    """Return a model card in Markdown, with the front matter that model hubs read."""
    about = model.card
    parts = [
        _front_matter(about.get("licence")),
        f"# Classifier of {model.label or 'classes'}, {len(model.classes)} classes from "
        f"{len(model.genes):,} genes",
        "## Intended use\n\n" + (about.get("intended_use") or _USE),
        "## Limits\n\n" + (about.get("limits") or _LIMITS),
        "## Data\n\n" + _data(model),
        "## Performance\n\n" + _performance(about),
        "## Reliability\n\n" + _reliability(model),
    ]
    if about.get("trust"):
        parts.append(
            "## Can its explanations be trusted?\n\n"
            + _table(about["trust"], ("check", "question", "value", "chance", "verdict"))
            + "\n\n"
            + "\n".join(f"- {_cell(text)}" for text in about.get("trust_classes", []))
        )
    parts.append("## How to use it\n\n" + _usage(model))
    return "\n\n".join(parts) + "\n"


def _front_matter(licence: str | None) -> str:
    lines = ["library_name: tissueshap", "pipeline_tag: tabular-classification"]
    lines += ["tags:", "- biology", "- rna-seq", "- gene-expression"]
    if licence:
        lines.append(f"license: {licence}")
    return "---\n" + "\n".join(lines) + "\n---"


def _data(model: Any) -> str:
    about = model.card
    lines = [f"- Origin: {about.get('origin') or 'not stated'}"]
    if "n_samples" in about:
        lines.append(f"- Training samples: {about['n_samples']:,}")
    if model.preparation is not None:
        lines.append(f"- Input: {_input(model)}")
    lines.append(f"- Preset: {model.preset}; versions: {_named(model.versions)}")
    if "classes" in about:
        rows = [{"class": name, "training samples": n} for name, n in about["classes"].items()]
        return "\n".join(lines) + "\n\n" + _table(rows, ("class", "training samples"))
    return "\n".join([*lines, "- Classes: " + ", ".join(model.classes)])


def _input(model: Any) -> str:
    preparation = model.preparation
    if preparation is None or preparation.logarithm is None:
        return "expression on the scale of the training data"
    logarithm = preparation.logarithm
    shift = f" + {logarithm['shift']:g}" if logarithm["shift"] else ""
    return (
        "raw counts, which the bundle normalises by TMM with its own reference sample: "
        f"log2(CPM + {logarithm['offset']:g}){shift}"
    )


def _performance(about: dict[str, Any]) -> str:
    scores = about.get("scores")
    if not scores:
        return "Not measured."
    text = (
        f"Macro F1 {scores['macro_f1']:.3f}, accuracy {scores['accuracy']:.3f} on "
        f"{scores['n_test']:,} held-out samples"
    )
    if "baseline_macro_f1" in scores:
        text += f" (logistic regression: macro F1 {scores['baseline_macro_f1']:.3f})"
    columns = ("class", "n", "precision", "recall", "f1", "baseline_f1")
    return text + ".\n\n" + _table(about["per_class"], columns)


def _reliability(model: Any) -> str:
    if model.calibration is None:
        return "The probabilities are not calibrated."
    text = f"Calibrated on {model.calibration.n_samples:,} samples ({model.calibration.source})"
    found = model.card.get("calibration")
    if found:
        text += (
            f"; expected calibration error on the {found['measured_on']} samples "
            f"{found['ece_before']:.3f} before and {found['ece_after']:.3f} after"
        )
    return (
        text + ". Each sample gets a set of classes that holds its own with a probability of 95 % "
        "if it is like the training samples, and a verdict: known, ambiguous or unfamiliar."
    )


def _usage(model: Any) -> str:
    command = "tissueshap predict --model . --counts counts.tsv --out predictions"
    code = 'model = ts.model.load(".")\nts.tl.predict(adata, model)'
    return f"```sh\n{command}\n```\n\n```python\nimport tissueshap as ts\n\n{code}\n```"


def _named(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as a Markdown table, with the columns that they have."""
    shown = [name for name in columns if any(name in row for row in rows)]
    lines = ["| " + " | ".join(shown) + " |", "|" + "---|" * len(shown)]
    for row in rows:
        cells = (_cell(row.get(name)) for name in shown)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
