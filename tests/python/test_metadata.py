"""Title, version, maintainer and addresses: DESCRIPTION has them, and other files repeat them."""

from __future__ import annotations

import re
import tomllib
from email.parser import Parser
from pathlib import Path

import yaml

import tissueshap

ROOT = Path(__file__).resolve().parents[2]


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


DESCRIPTION = Parser().parsestr(_read("DESCRIPTION"))
PROJECT = tomllib.loads(_read("pyproject.toml"))["project"]
CITED = yaml.safe_load(_read("CITATION.cff"))
(PAPER,) = CITED["references"]


def _maintainer() -> dict[str, str]:
    person = re.search(
        r'person\("(?P<name>[^"]+)",.*?email = "(?P<email>[^"]+)"', DESCRIPTION["Authors@R"], re.S
    )
    assert person is not None
    return person.groupdict()


def test_one_version() -> None:
    version = DESCRIPTION["Version"]
    assert PROJECT["version"] == tissueshap.__version__ == version
    assert CITED["version"] == version
    assert f"# tissueshap {version}" in _read("NEWS.md").splitlines()


def test_one_maintainer() -> None:
    assert PROJECT["authors"] == [_maintainer()]
    assert CITED["authors"] == [_maintainer()]
    name = _maintainer()["name"]
    assert f'author = "{name}"' in _read("docs/conf.py")
    assert f'person("{name}")' in _read("inst/CITATION")


def test_one_set_of_addresses() -> None:
    urls = dict(PROJECT["urls"])
    assert urls.pop("Issues", None) == DESCRIPTION["BugReports"]
    assert set(urls.values()) == set(re.split(r"[\s,]+", DESCRIPTION["URL"]))


def test_one_title() -> None:
    title = DESCRIPTION["Title"]
    assert CITED["title"] == f"{DESCRIPTION['Package']}: {title}"
    manual = re.sub(r'"\s*,\s*"', " ", _read("inst/CITATION")).casefold()
    assert f"{DESCRIPTION['Package']}: {title}".casefold() in manual


def test_one_licence() -> None:
    assert PROJECT["license"] == CITED["license"] == "GPL-3.0-only"
    assert DESCRIPTION["License"] == "GPL-3"


def test_one_paper() -> None:
    citation = _read("inst/CITATION")
    in_r = re.sub(r'"\s*,\s*"', " ", citation)
    readme = _read("README.md")
    assert PAPER["doi"] in DESCRIPTION["Description"]
    for text in (in_r, readme):
        for value in (PAPER["doi"], PAPER["title"], PAPER["journal"], PAPER["start"]):
            assert value in text, value
    people = re.findall(r'person\("([^"]+)", "([^"]+)"\)', citation)
    assert [(one["given-names"], one["family-names"]) for one in PAPER["authors"]] == people
    for given, family in people:
        initials = "".join(word[0] for word in given.split())
        assert f"{family} {initials}" in readme


def test_the_citation_is_as_the_format_requires() -> None:
    assert CITED["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "type"} <= set(CITED)
    assert {"type", "title", "authors", "year", "doi"} <= set(PAPER)
