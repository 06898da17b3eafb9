"""Print file:line of each phrase of prose.txt in the project; run by `make lint`.

    prose.py [PATH ...]     these files; all that git knows if none is named

Of Python, R, C++ and shell sources, comments and strings are read (docstrings, roxygen
comments and messages among them); of all other files, every line. A phrase may run over a line
break. Exit code 0: nothing to report; 1: at least one phrase.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

LIST = Path(__file__).with_suffix(".txt")

#: Files whose text this project writes, by the end of their names.
WRITTEN = (
    *(".md", ".Rmd", ".py", ".R", ".cpp", ".h", ".sh", ".html", ".toml", ".cff", ".yml", ".yaml"),
    *("DESCRIPTION", "Makefile", "CITATION", "schema.json", "configure", "cleanup", ".ci/run"),
)
#: The list and its test contain the phrases; the others are generated.
EXEMPT = ("inst/scripts/prose.txt", "tests/python/scripts/test_prose.py", "R/Rcpp", "src/Rcpp")
#: What has not been rewritten yet: paths, or how they begin.
TO_DO = ("tests/",)

#: Stands for code, so that no phrase runs across it.
CODE = "\0"
_R = re.compile(
    r"""[rR]"(?P<dash>-*)\((?P<raw>.*?)\)(?P=dash)"|`[^`\n]*`|(?P<text>\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""",
    re.DOTALL,
)
_SHELL = re.compile(r"""(?P<text>(?<!\S)#[^\n]*|"(?:\\.|[^"\\])*"|'[^']*')""")
_CPP = re.compile(
    r"""'(?:\\.|[^'\\])'|(?P<text>//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*")""", re.DOTALL
)
#: What opens a comment, a list item, a quotation or a table's row.
_MARKS = re.compile(r"^[ \t]*(?:[>*|-]|#+[':|]?|/[/*]+)+", re.MULTILINE)
_QUOTES = re.compile(r"""\A[a-zA-Z]{0,2}("{3}|'{3}|["'])|("{3}|'{3}|["'])\Z""")


@dataclass(frozen=True)
class Rule:
    """A phrase, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


def read_rules(path: Path = LIST) -> list[Rule]:
    """Read a list: a regular expression, a tab, what to write instead.

    A space in the expression matches white space, a line break too, but no blank line.
    """
    rules = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        phrase, tab, instead = line.partition("\t")
        if not tab or not instead.strip():
            raise SystemExit(f"{path}:{number}: must be a phrase, a tab, what to write instead")
        spaced = phrase.replace(" ", r"(?=\s)[^\S\n]*\n?[^\S\n]*")
        try:
            rules.append(Rule(re.compile(spaced, re.IGNORECASE), instead.strip()))
        except re.error as error:
            raise SystemExit(f"{path}:{number}: not a regular expression: {error}") from None
    return rules


def prose_of(name: str, source: str) -> str:
    """Return a file's text, as long as the file, with a character for each of its code."""
    spans = _SPANS.get(Path(name).suffix)
    if spans is None:
        return _MARKS.sub(_blank, source)
    prose = [char if char.isspace() else CODE for char in source]
    for start, end in spans(source):
        text = re.sub(r"\\[nt]|\\\n", "  ", _QUOTES.sub(_blank, source[start:end]))
        prose[start:end] = _MARKS.sub(_blank, text)
    return "".join(prose)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _python_spans(source: str) -> Iterator[tuple[int, int]]:
    starts = list(accumulate(map(len, source.splitlines(keepends=True)), initial=0))
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    edges = {getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "FSTRING_END", -1)}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        # A string of one word is a name or an option of a library: "left".
        if token.type == tokenize.STRING and not re.search(r"\s", token.string):
            continue
        if token.type in kinds | edges:
            (row, column), (last, end) = token.start, token.end
            yield starts[row - 1] + column, starts[last - 1] + end


def _spans_by(pattern: re.Pattern[str], *groups: str) -> Callable[[str], Iterator[tuple[int, int]]]:
    def spans(source: str) -> Iterator[tuple[int, int]]:
        for match in pattern.finditer(source):
            yield from (match.span(group) for group in groups if match.group(group) is not None)

    return spans


_SPANS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    ".py": _python_spans,
    ".R": _spans_by(_R, "raw", "text"),
    ".sh": _spans_by(_SHELL, "text"),
    ".cpp": _spans_by(_CPP, "text"),
    ".h": _spans_by(_CPP, "text"),
}


def hits(prose: str, rules: Iterable[Rule]) -> list[tuple[int, str, str]]:
    """Return the line, the words and what to write instead, of each phrase in a text."""
    breaks = [match.start() for match in re.finditer("\n", prose)]
    return sorted(
        (bisect(breaks, match.start()) + 1, " ".join(match.group().split()), rule.instead)
        for rule in rules
        for match in rule.pattern.finditer(prose)
    )


def written_here() -> list[str]:
    """Return the files of the checkout whose text is checked."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [
        name
        for name in names
        if name.endswith(WRITTEN)
        and not name.startswith((*EXEMPT, *TO_DO))
        and Path(name).is_file()
    ]


def main(paths: list[str]) -> int:
    """Print the phrases of these files, or of all."""
    rules = read_rules()
    count = 0
    for name in paths or written_here():
        for line, words, instead in hits(prose_of(name, Path(name).read_text("utf-8")), rules):
            print(f"{name}:{line}: {words!r}: write {instead}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
