"""``tissueshap download``: fetches public data by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tissueshap._core.options import check_choice

if TYPE_CHECKING:
    import pandas as pd


def download(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Names of the data.")
    ] = None,
    listed: Annotated[
        bool,
        typer.Option("--list", help="List the data with their sizes and licences."),
    ] = False,
    ask: Annotated[
        bool, typer.Option("--ask", help="With --list, ask the servers for the sizes.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only this file, such as annotation; may be repeated."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Folder of all data, instead of the user's cache."),
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="Address to use instead of the public ones.")
    ] = None,
    refresh: Annotated[
        bool,
        typer.Option("--refresh", help="Download files again that are there already."),
    ] = False,
) -> None:
    """Fetch public data by name, and print where the files are.

    A download that breaks off continues where it stopped. `tissueshap run` takes the same
    names for --annotation, --gene-sets and --interactions.
    """
    from tissueshap import datasets
    from tissueshap._core.settings import settings

    with settings.override(datasetdir=folder or settings.datasetdir):
        if listed or not names:
            typer.echo(_table(datasets.available(ask=ask), names or ()))
            return
        for name in names:  # before gigabytes of another one are downloaded
            check_choice("NAMES", name, datasets.SOURCES)
        try:
            for name in names:
                paths = datasets.fetch(name, roles=only, mirror=mirror, refresh=refresh)
                for role, path in paths.items():
                    typer.echo(f"{name}\t{role}\t{path}")
        except KeyboardInterrupt:
            typer.echo("Stopped: run it again to continue.", err=True)
            raise typer.Exit(130) from None


def _table(available: pd.DataFrame, names: tuple[str, ...] | list[str]) -> str:
    """Return the files by name of the data, with sizes, licence and its page."""
    lines = []
    for name, files in available.groupby("name", sort=False):
        if names and name not in names:
            continue
        first = files.iloc[0]
        lines += [f"{name}: {first['title']}", f"  licence: {first['licence']}, {first['terms']}"]
        for _, row in files.iterrows():
            state = "fetched" if row["fetched"] else "made from these"
            if not row["fetched"] and row["address"]:
                state = row["address"]
            lines.append(f"  {row['role']:<18}{_size(row['bytes']):>10}  {state}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _size(n_bytes: float) -> str:
    """Return a size in words; the sizes of files that are not there yet are approximate."""
    if not n_bytes >= 0:  # NaN
        return "unknown"
    return f"{n_bytes / 1e6:,.1f} MB"
