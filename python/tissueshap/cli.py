"""The command line: a thin layer over :mod:`tissueshap.workflow`."""

from __future__ import annotations

import signal
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import Field
from inspect import Parameter, Signature
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from tissueshap._bridge import interrupts
from tissueshap._core.errors import DataWarning, TissueshapError
from tissueshap._core.logging import logger, show
from tissueshap._version import __version__
from tissueshap.download import download
from tissueshap.workflow import PANELS, Config, base_type, choices, options, repeats, types

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.workflow import Plan

_VALUES, _ORIENTS = choices(types()["values"]), choices(types()["orient"])
_DEMOS = ("pbmc68k", "simulated")

app = typer.Typer(
    help="Which genes does a classifier use to distinguish tissues, and can that be trusted?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):  # not every encoding has the characters of all names
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


_METAVAR = {Path: "PATH", str: "TEXT", int: "INTEGER", float: "NUMBER", bool: ""}


def _named(function: Callable[..., None]) -> Callable[..., None]:
    """Name the values of a function's options by their types, unless they have a name."""
    hints = get_type_hints(function, include_extras=True)
    for hint in hints.values():
        for option in getattr(hint, "__metadata__", ()):
            if option.metavar is None:
                # Of list[Path] | None first without None, then of each.
                option.metavar = _METAVAR[base_type(base_type(hint.__origin__))]
    function.__annotations__ = hints
    return function


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
@_named
def _every_command(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            is_eager=True,
            callback=_print_version,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    pass


def _run(config: Path | None = None, dry_run: bool = False, **values: Any) -> None:
    """Run the whole method on a file of counts and write a folder of results.

    Options can also be read from a YAML file (--config), under the same names; those
    of the command line take precedence.
    """
    chosen = {name: value for name, value in values.items() if value not in (None, [])}
    with _reported():
        from tissueshap import workflow

        settings = Config(**chosen) if config is None else Config.from_yaml(config, **chosen)
        if dry_run:
            _show(workflow.plan(settings))
            return
        _finish(workflow.run(settings), settings.out)


def _as_command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a function one option per setting of a run, with the setting's description."""
    config = Annotated[Path | None, typer.Option(help="YAML file with options.")]
    dry_run = typer.Option(
        "--dry-run",
        help="Check files, options and classes; list the steps with a rough estimate of the time.",
    )
    chosen: dict[str, Any] = {"config": config, "dry_run": Annotated[bool, dry_run]}
    panel = None
    for name, item in options().items():
        panel = PANELS.get(name, panel)
        kind = base_type(types()[name])
        hint: Any = list[kind] | None if repeats(types()[name]) else kind | None  # type: ignore[valid-type]
        flag = (f"--{name.replace('_', '-')}",) if item.default is False else ()
        known = choices(types()[name])
        chosen[name] = Annotated[
            hint,
            typer.Option(
                *flag,
                metavar=_one_of(known) if known else None,
                help=_help(item),
                rich_help_panel=panel,
                autocompletion=_completed(known) if known else None,
            ),
        ]
    parameters = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=False if name == "dry_run" else None,
            annotation=annotation,
        )
        for name, annotation in chosen.items()
    ]
    function.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = chosen
    return function


def _one_of(known: Sequence[str]) -> str:
    return f"[{'|'.join(known)}]"


def _completed(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Return the shell's completion of an option with few values."""

    def completed(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return completed


def _help(item: Field[Any]) -> str:
    words = str(item.metadata["doc"])
    if item.default not in (None, (), False):
        shown = "yes" if item.default is True else item.default
        words += f" [default: {shown}]"
    return words.replace("[", r"\[")  # rich's markup


def _examples(*lines: str) -> str:
    return "\n\n".join(["Examples:", *lines])


app.command(
    "run",
    epilog=_examples(
        "tissueshap run --counts counts.tsv.gz --samples samples.tsv --label tissue --out results",
        "tissueshap run --counts cells.h5ad --layer counts --label cell_type --exclude Unknown "
        "--out results --dry-run",
        "tissueshap run --config run.yml --seed 7 --out again",
    ),
)(_named(_as_command(_run)))


@app.command(
    "predict",
    epilog=_examples(
        "tissueshap predict --model results/model --counts new.tsv --out new",
        "tissueshap predict --model results/model --counts new.h5ad --layer counts "
        "--label cell_type --out new",
    ),
)
@_named
def _predict(
    model: Annotated[Path, typer.Option(help="Folder of a trained model: model/ of a run.")],
    counts: Annotated[Path, typer.Option(help="Raw counts of all genes, as for run.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; it must be empty or new.")],
    samples: Annotated[Path | None, typer.Option(help="Sample table, TSV or CSV.")] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Column of it with known classes, to compare with."),
    ] = None,
    class_map: Annotated[
        Path | None,
        typer.Option(help="Map of these classes: TSV or CSV, the model's name second."),
    ] = None,
    annotation: Annotated[
        Path | None,
        typer.Option(help="Gene table with Ensembl id, symbol and Entrez id."),
    ] = None,
    values: Annotated[
        str,
        typer.Option(
            metavar=_one_of(_VALUES),
            autocompletion=_completed(_VALUES),
            help="Type of the values, as for run.",
        ),
    ] = "counts",
    orient: Annotated[
        str,
        typer.Option(
            metavar=_one_of(_ORIENTS),
            autocompletion=_completed(_ORIENTS),
            help="Orientation of the count table.",
        ),
    ] = "auto",
    layer: Annotated[
        str | None,
        typer.Option(help="Layer of an .h5ad or .zarr file with the counts, or raw, or X."),
    ] = None,
    min_overlap: Annotated[
        float,
        typer.Option(help="Share of the model's genes that the data must have."),
    ] = 0.9,
    check_scale: Annotated[
        bool,
        typer.Option(help="Stop if the values are not on the scale of the training data."),
    ] = True,
    explain: Annotated[
        bool, typer.Option(help="Find the genes behind each sample's class.")
    ] = True,
    n_draws: Annotated[int, typer.Option(help="Draws of expected gradients per sample.")] = 200,
    title: Annotated[str | None, typer.Option(help="Title of the page.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 42,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace the results of an earlier call."),
    ] = False,
) -> None:
    """Apply a trained model to new samples, and write tables and a page about them.

    Neither R nor the training data are needed.
    """
    options = {name: value for name, value in locals().items() if name != "out"}
    with _reported():
        from tissueshap import workflow

        workflow.predict(out=out, **options)
        typer.echo(f"\n  report: {out}/report.html")


@app.command("demo")
@_named
def _demo(
    data: Annotated[
        str,
        typer.Option(
            metavar=_one_of(_DEMOS),
            autocompletion=_completed(_DEMOS),
            help="700 real blood cells, or a simulated cohort of 47 tissues.",
        ),
    ] = "pbmc68k",
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 42,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace the results of an earlier run."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue a run that was stopped.")
    ] = False,
) -> None:
    """Run the whole method on example data of the package."""
    options = {"seed": seed, "overwrite": overwrite, "resume": resume}
    with _reported():
        from tissueshap import workflow

        _finish(workflow.demo(data, out=out, **options), out)


@app.command("doctor")
@_named
def _doctor(
    install_r: Annotated[
        bool,
        typer.Option("--install-r", help="Install the R package whose source this one contains."),
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Import Keras' backend even if nothing suggests a problem (seconds).",
        ),
    ] = False,
) -> None:
    """List installed and missing packages, with the commands that install them."""
    with _reported():
        from tissueshap import doctor

        raise typer.Exit(doctor.main(install_r, full))


@app.command("version")
def _version() -> None:
    """Print the version."""
    typer.echo(__version__)


#: Seconds for R, or any other code that is not Python, to stop after Ctrl-C.
_PATIENCE = 5.0


@contextmanager
def _reported() -> Iterator[None]:
    """Show messages; turn expected errors into one line and exit code 2."""
    handlers, level = list(logger.handlers), logger.level
    show()
    earlier = {number: signal.getsignal(number) for number in interrupts.ENDING}
    for number, handler in earlier.items():
        if handler == signal.SIG_DFL:  # nohup has set another one
            signal.signal(number, _stop)
    with interrupts.patience(_PATIENCE), warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        warnings.showwarning = _show_warning(warnings.showwarning)
        try:
            yield
        except (TissueshapError, OSError, MemoryError) as error:
            typer.echo(f"Error: {error or 'there is not enough memory'}", err=True)
            raise typer.Exit(2) from None
        except KeyboardInterrupt as stop:
            kept = str(stop)
            typer.echo(f"Stopped; {kept or 'nothing was written.'}", err=True)
            raise typer.Exit(130) from None
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)
            logger.handlers[:] = handlers
            logger.setLevel(level)


app.command("download")(_reported()(_named(download)))


def _stop(*_: Any) -> None:
    """End as on an interrupt, so that a partial folder is removed."""
    raise KeyboardInterrupt


def _show_warning(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Show the package's own warnings as messages, others as Python does."""

    def shown(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if issubclass(category, DataWarning):
            logger.warning("Warning: %s", message)
        else:
            otherwise(message, category, *place)

    return shown


def _show(plan: Plan) -> None:
    """Print what a run would do."""
    typer.echo(f"  {plan.data}")
    for name, size in plan.sizes.items():
        typer.echo(f"    {size:>7,}  {name}")
    typer.echo("\n  steps, and roughly how long they take")
    for number, (name, does) in enumerate(plan.steps, start=1):
        typer.echo(f"    {number:>2}  {name:<15}{_span(plan.seconds[name]):>8}  {does}")
    cores = f"{plan.cores} core{'s' * (plan.cores > 1)}"
    total = _span(sum(plan.seconds.values()))
    typer.echo(f"\n  about {total} on {cores} that are idle, without a GPU")


def _span(seconds: float) -> str:
    """Return a time in words: ``< 1 s``, ``40 s``, ``12 min`` or ``3.5 h``."""
    if seconds < 1:
        return "< 1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


def _finish(adata: AnnData, out: Path | None) -> None:
    from tissueshap import report

    found = report.summarise(adata)
    typer.echo("")
    for words in found["failures"]:
        typer.echo(textwrap.fill(words, 88, initial_indent="  ! ", subsequent_indent="    "))
    if found["failures"]:
        typer.echo("")
    for name, value in _lines(found):
        typer.echo(f"  {name:<34}{value}")
    typer.echo(f"\n  report: {out}/report.html")


def _held_out(found: dict[str, Any]) -> str:
    folds = found["n_folds"]
    return f"{found['n_test']:,} held out" if folds is None else f"in {folds} folds"


def _spread(scores: list[float] | None) -> str:
    return "" if scores is None else f" ({min(scores):.3f} to {max(scores):.3f} over the folds)"


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    from tissueshap._core.labels import GENE_SETS

    scores = {name: score for name, score in found["v_measure"].items() if score is not None}
    return [
        ("classes", f"{found['n_classes']:,}"),
        ("samples", f"{found['n_samples']:,} ({_held_out(found)})"),
        ("genes", f"{found['n_genes']:,}"),
        ("macro F1", f"{found['macro_f1']:.3f}{_spread(found['macro_f1_folds'])}"),
        ("macro F1, logistic regression", f"{found['baseline_macro_f1']:.3f}"),
        ("SHAP genes", f"{found['n_shap_genes']:,} (top {found['n_ranks']} ranks)"),
        (
            "of these also found by DE",
            f"{found['overlap_fraction']:.1%} ({found['overlap_expected']:.1%} by chance)",
        ),
        *(
            (f"V-measure, {GENE_SETS.get(name, name)}", f"{score:.3f}")
            for name, score in scores.items()
        ),
    ]


if __name__ == "__main__":
    main()
