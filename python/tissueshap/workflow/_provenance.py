"""What the results of a run were made from, by what, where and when."""

from __future__ import annotations

import base64
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap._version import __version__
from tissueshap.workflow._depends import checksum

if TYPE_CHECKING:
    from tissueshap.workflow._config import Config
    from tissueshap.workflow._job import Job

#: The file for people and programs, and the one in the terms of RO-Crate.
FILE, CRATE = "provenance.json", "ro-crate-metadata.json"
_TOOL = "#tissueshap"
_PAPER = "https://doi.org/10.1038/s41598-021-81773-9"


def write(job: Job) -> str:
    """Write where the results come from, as JSON and as an RO-Crate."""
    found = described(job)
    _write(job.folder / FILE, found)
    _write(job.folder / CRATE, crate(job.folder, found, job.config.title))
    return f"{len(found['inputs'])} files read, {len(found['steps'])} steps"


def described(job: Job) -> dict[str, Any]:
    """Return what a run was made from: files, settings, versions, machine and times."""
    steps = [asdict(one) for one in job.manifests]
    versions: dict[str, str] = {}
    for one in job.manifests:
        versions |= one.versions
    return {
        "tissueshap": __version__,
        "started": steps[0]["started"],
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": sum(one["seconds"] for one in job.timings),
        "processes": job.processes,
        "machine": machine(),
        "seed": job.config.seed,
        "settings": job.config.to_dict(),
        "inputs": list(_inputs(job.config)),
        "versions": versions,
        "steps": steps,
    }


def machine() -> dict[str, Any]:
    """Return the machine, without what identifies its user."""
    known: dict[str, Any] = {
        "host": platform.node(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        known["memory_gb"] = round(pages / 2**30, 1)
    return known


def crate(folder: Path, found: Mapping[str, Any], title: str | None) -> dict[str, Any]:
    """Return an RO-Crate (1.1, Process Run Crate) of the results in a folder.

    Parameters
    ----------
    folder
        The results.
    found
        As :func:`described` returns it.
    title
        Title of the report.
    """
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (CRATE, "log.txt") and path.name[0] != "."
    )
    inputs = [_file_of(one) for one in found["inputs"]]
    packages = [
        {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "version": version}
        for name, version in found["versions"].items()
        if name != "tissueshap"
    ]
    about = title or "Which genes distinguish the classes?"
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"tissueshap run, {found['ended'][:10]}",
        "description": found["processes"][-1]["command"] if found["processes"] else "",
        "instrument": {"@id": _TOOL},
        "object": _ids(inputs),
        "result": [{"@id": name} for name in names],
        "startTime": found["started"],
        "endTime": found["ended"],
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }
    tool = {
        "@id": _TOOL,
        "@type": "SoftwareApplication",
        "name": "tissueshap",
        "version": found["tissueshap"],
        "url": _PAPER,
        "softwareRequirements": _ids(packages),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": about,
        "description": "Results of tissueshap: tables, figures, a report and a classifier. "
        f"{FILE} has the settings and checksums.",
        "datePublished": found["ended"],
        "license": "The terms of the input data apply.",
        "conformsTo": {"@id": _PROFILE["@id"]},
        "hasPart": [*({"@id": name} for name in names), *_ids(inputs)],
        "mentions": {"@id": "#run"},
    }
    parts = [{"@id": name, "@type": "File", "name": name} for name in names]
    graph = [_DESCRIPTOR, root, _PROFILE, action, tool, *packages, *inputs, *parts]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


_DESCRIPTOR = {
    "@id": CRATE,
    "@type": "CreativeWork",
    "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    "about": {"@id": "./"},
}
_PROFILE = {
    "@id": "https://w3id.org/ro/wfrun/process/0.5",
    "@type": "CreativeWork",
    "name": "Process Run Crate",
    "version": "0.5",
}


def _inputs(config: Config) -> Iterator[dict[str, Any]]:
    """Yield the files that the settings name, with their sizes and checksums."""
    for option, value in vars(config).items():
        for path in value if isinstance(value, tuple) else (value,):
            if option != "out" and isinstance(path, Path):
                yield {
                    "option": option,
                    "path": str(path),
                    "bytes": path.stat().st_size,
                    "sha256": checksum(path),
                }


def _file_of(one: Mapping[str, Any]) -> dict[str, Any]:
    # Named by its content (RFC 6920): a crate is shared, and paths are of one machine.
    code = base64.urlsafe_b64encode(bytes.fromhex(one["sha256"])).decode().rstrip("=")
    return {
        "@id": f"ni:///sha-256;{code}",
        "@type": "File",
        "name": Path(one["path"]).name,
        "contentSize": str(one["bytes"]),
        "sha256": one["sha256"],
    }


def _ids(entities: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"@id": one["@id"]} for one in entities]


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
