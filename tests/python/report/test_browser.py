"""The report in Chromium: it renders, sorts, searches, logs no error and prints."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import anndata as ad
import pytest
from matplotlib.figure import Figure

from tissueshap import report

Chromium = Callable[..., subprocess.CompletedProcess[str]]

#: Runs before the page's own script: keeps what goes wrong.
_LISTEN = """<script>
window.wrong = [];
window.addEventListener("error", (e) => wrong.push(String(e.message)), true);
window.addEventListener("unhandledrejection", (e) => wrong.push(String(e.reason)));
console.error = console.warn = (...words) => wrong.push(words.join(" "));
</script>"""

#: Runs after it: does what a reader does, and writes down what the table then shows.
_USE = """<script>
const table = document.getElementById("gene-table");
const search = document.getElementById("gene-search");
const pick = document.getElementById("gene-group");
const headers = Array.from(table.tHead.rows[0].cells);
const place = (name) => headers.findIndex((h) => h.textContent.trim() === name);
const shown = () => Array.from(table.tBodies[0].rows).filter((r) => r.offsetParent !== null);
const column = (name) => shown().map((r) => {
  const cell = r.cells[place(name)];
  return "value" in cell.dataset ? cell.dataset.value : cell.textContent;
});
const type = (words) => { search.value = words; search.dispatchEvent(new Event("input")); };
const choose = (name) => { pick.value = name; pick.dispatchEvent(new Event("change")); };
const found = { all: shown().length, title: document.title };
headers[place("SHAP")].click();
found.up = column("SHAP");
found.sorted = headers[place("SHAP")].getAttribute("aria-sort");
headers[place("SHAP")].dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
found.down = column("SHAP");
headers[place("Gene")].click();
found.genes = column("Gene");
type("liver");
found.liver = column("Class");
found.count = document.getElementById("gene-count").textContent;
type("no such gene");
found.none = shown().length;
type("");
choose("CD8+/CD45RA+ Naive");
found.naive = column("Class");
choose("");
found.again = shown().length;
found.images = Array.from(document.images).map((i) => i.complete && i.naturalWidth > 0);
const wide = document.documentElement;
found.overflow = wide.scrollWidth - wide.clientWidth;
found.wrong = wrong;
const probe = document.createElement("pre");
probe.id = "probe";
probe.textContent = JSON.stringify(found);
document.body.append(probe);
</script>"""


@pytest.fixture
def page(finished: ad.AnnData, tmp_path: Path) -> Path:
    figure = Figure(figsize=(4, 3))
    figure.subplots().plot([1, 2])
    drawn = {"confusion": figure, "shap": figure}
    return report.build(finished, tmp_path / "report.html", figures=drawn, tables="tables")


def _used(chromium: Chromium, page: Path) -> dict[str, Any]:
    """Return what the script of a reader found in the page."""
    text = page.read_text(encoding="utf-8")
    text = text.replace("<head>", "<head>" + _LISTEN, 1).replace("</body>", _USE + "</body>", 1)
    used = page.with_name("used.html")
    used.write_text(text, encoding="utf-8")
    done = chromium("--dump-dom", used.as_uri())
    probe = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert probe is not None, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(unescape(probe[1]))
    return found


def test_a_reader_sorts_and_searches(chromium: Chromium, page: Path, finished: ad.AnnData) -> None:
    found = _used(chromium, page)
    genes = report.gene_table(finished)
    assert found["wrong"] == []
    assert found["title"] == "Which genes distinguish the classes?"
    assert found["images"] == [True, True]
    assert found["overflow"] <= 0
    assert found["all"] == found["again"] == len(genes)
    values = [float(value) for value in found["up"]]
    assert values == sorted(genes["shap"])
    assert found["sorted"] == "ascending"
    assert [float(value) for value in found["down"]] == sorted(genes["shap"], reverse=True)
    numbers = [int(name.removeprefix("SYM")) for name in found["genes"]]
    assert numbers == sorted(numbers)  # SYM9 before SYM10
    liver = (genes["class"] == "Liver").sum()
    assert found["liver"] == ["Liver"] * liver
    assert found["count"] == f"{liver} of {len(genes)} rows"
    assert found["none"] == 0
    naive = (genes["class"] == "CD8+/CD45RA+ Naive").sum()
    assert found["naive"] == ["CD8+/CD45RA+ Naive"] * naive


def test_it_prints(chromium: Chromium, page: Path) -> None:
    pdf = page.with_suffix(".pdf")
    done = chromium(f"--print-to-pdf={pdf}", "--no-pdf-header-footer", page.as_uri())
    assert "CONSOLE" not in done.stderr
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", content))
    assert 2 <= pages <= 30
