"""Another program, asked for what it knows."""

import sys

from tissueshap._install.child import answer


def test_what_it_prints_is_returned_also_of_one_that_fails():
    found = answer([sys.executable, "-c", "print(1); raise SystemExit(3)"], seconds=60)
    assert found is not None
    assert (found.stdout, found.returncode) == ("1\n", 3)


def test_none_where_there_is_no_answer():
    assert answer(["no-such-program-anywhere"], seconds=60) is None
    assert answer([sys.executable, "-c", "import time; time.sleep(60)"], seconds=0.2) is None
