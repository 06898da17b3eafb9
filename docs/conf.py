"""Sphinx's settings for the documentation of the Python package: `make docs`."""

import hashlib
import os
import shutil
import sys
import time
from pathlib import Path

import tissueshap

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "tissueshap"
author = "The tissueshap authors"
release = version = tissueshap.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "captions",
    "made_pages",
    "mathml",
    "parameters",
    "tables",
]
# Links into other references need their inventories from the network. `make docs` works
# without one, so that only Read the Docs makes them; it says so in this variable.
if os.environ.get("READTHEDOCS") == "True":
    extensions.append("sphinx.ext.intersphinx")
intersphinx_mapping = {
    "anndata": ("https://anndata.readthedocs.io/en/stable/", None),
    "matplotlib": ("https://matplotlib.org/stable/", None),
    "numpy": ("https://numpy.org/doc/stable/", None),
    "pandas": ("https://pandas.pydata.org/docs/", None),
    "python": ("https://docs.python.org/3/", None),
    "scanpy": ("https://scanpy.readthedocs.io/en/stable/", None),
    "sklearn": ("https://scikit-learn.org/stable/", None),
}
html_theme = "furo"
html_math_renderer = "mathml"
html_title = f"tissueshap {release}"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_ext", "_templates", "generated/command_line.md"]


def _sources() -> str:
    """Return a code of what tutorials depend on in addition to their own text."""
    root = Path(__file__).resolve().parents[1]
    files = [root / "inst" / "schema.json", root / "inst" / "palette.json"]
    for folder, suffixes in (
        ("python/tissueshap", ("py", "tsv")),
        ("R", ("R",)),
        ("src", ("cpp",)),
    ):
        files += (path for suffix in suffixes for path in (root / folder).rglob(f"*.{suffix}"))
    digest = hashlib.sha256(release.encode())
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


# Tutorials are run when their text, the version or a source of this package has changed: each
# state of the sources has a cache of its own, and those of others are removed after a day, since a
# build may still use them. Without R tutorials are shown as they are.
nb_execution_mode = "cache"
_caches = Path(__file__).parent / "_build" / "notebooks"
nb_execution_cache_path = str(_caches / _sources())
for _old in _caches.glob("*"):
    if str(_old) != nb_execution_cache_path and time.time() - _old.stat().st_mtime > 86400:
        shutil.rmtree(_old) if _old.is_dir() else _old.unlink()
nb_execution_timeout = 900
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_merge_streams = True
# TensorFlow and R write to the standard error of a notebook.
nb_output_stderr = "remove"
myst_enable_extensions = ["colon_fence"]

# The pages link to headings of their own; GitHub makes the same anchors.
myst_heading_anchors = 3

autosummary_generate = True
# Types are next to the descriptions of the parameters; `_ext/parameters.py` takes them out of
# the signatures of functions that have some.
autodoc_typehints = "both"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
add_module_names = False
python_display_short_literal_types = True
# Verbs return what they write, slot by slot: prose and definitions rather than types.
napoleon_google_docstring = False
napoleon_custom_sections = ["Returns", "Yields", ("Attributes", "params_style")]

#: Files of the checkout that are pages here, by their paths in links.
PAGES = {
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "NEWS.md": "news.md",
    "inst/scripts/README.md": "scripts.md",
    "inst/workflows/README.md": "workflows.md",
    "../../docs/": "",
    "docs/": "",
    "README.md": "index.md",
}


def _relink(app, relative_path, parent_docname, content):  # noqa: ANN001, ARG001
    """Let the links of an included file point at its page."""
    for path, page in PAGES.items():
        content[0] = content[0].replace(f"]({path}", f"]({page}")


def _relink_page(app, docname, content):  # noqa: ANN001, ARG001
    """Let the links of a page in docs/ to an included file point at that file's page."""
    for path, page in PAGES.items():
        content[0] = content[0].replace(f"](../{path}", f"]({page}")


def setup(app):  # noqa: ANN001, ANN201
    """Connect to Sphinx."""
    app.connect("include-read", _relink)
    app.connect("source-read", _relink_page)
