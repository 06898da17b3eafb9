#!/usr/bin/env bash
# Makes everything that tissueshap needs, in the checkout it belongs to. Every target
# of the Makefile runs it first; when nothing is to be done it takes a few seconds.
#
#   inst/scripts/setup.sh [--newest | --oldest]
#
#   --newest     .venv-newest/ too: the newest releases that pyproject.toml allows, as
#                requirements-newest.lock has them, on the newest Python found (3.13, 3.12)
#   --oldest     .venv-oldest/ too: the oldest releases that pyproject.toml allows, as
#                requirements-oldest.lock has them, on Python 3.11
#   --newest-python
#                only print that Python; nothing if there is none
#
# Steps (one file each under inst/scripts/setup/):
#   system      R, compilers, pandoc and R packages by apt, on Debian and Ubuntu as root
#               or with sudo; elsewhere the R (>= 4.2) and Python (>= 3.11) that are there
#   r-packages  R packages that are still missing or too old, into .Rlib/
#   python      .venv/ from requirements.lock, and this package in it (editable)
#   r-install   R CMD INSTALL of this package into .Rlib/
#
# Environment: TISSUESHAP_PYTHON, the Python to make .venv with. pip's and R's own
# settings (mirrors, proxies, certificates) hold.
# It writes .venv/, .venv-newest/ or .venv-oldest/, .Rlib/ and .setup/ (the log of each step), and
# nothing else in the checkout but what R CMD INSTALL builds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
if [ ! -f DESCRIPTION ] || [ ! -f requirements.lock ]; then
    echo "setup: $PWD is not a checkout of tissueshap: run this from a clone of its repository" >&2
    exit 1
fi

for part in common system r-packages python r-install; do
    # shellcheck source=/dev/null
    . "$here/setup/$part.sh"
done

other='' # the environment to make in addition to .venv
case ${1:-} in
'') ;;
--newest | --oldest) other=${1#--} ;;
--newest-python)
    newest_python
    exit
    ;;
*) die "unknown option $1" "see the head of inst/scripts/setup.sh" ;;
esac

SECONDS=0
take_lock
export R_LIBS="$PWD/.Rlib${R_LIBS:+:$R_LIBS}"
mkdir -p .Rlib

python='' r_version=''
system_step # sets both
r_packages_step
python_step "$python" "$r_version" .venv requirements.lock
if [ -n "$other" ]; then
    python=$("${other}_python")
    [ -n "$python" ] || die "there is no Python to try the $other releases with" \
        "install Python $([ "$other" = newest ] && echo "3.13 or 3.12" || echo 3.11), on PATH or by pyenv, or run make test instead"
    say "$other releases: Python $python"
    python_step "$python" "$r_version" ".venv-$other" "requirements-$other.lock"
fi
r_install_step "$r_version"
r_optional_report
say "ready after $SECONDS s"
