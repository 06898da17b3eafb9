#!/usr/bin/env bash
# Makes everything that tissueshap needs, around the checkout it lies in. Every target
# of the Makefile runs it first; when nothing is to be done it takes a few seconds.
#
#   inst/scripts/setup.sh
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
# It writes .venv/, .Rlib/ and .setup/ (the log of each step), and nothing else in the
# checkout but what R CMD INSTALL builds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
if [ ! -f DESCRIPTION ] || [ ! -f requirements.lock ]; then
    echo "setup: $PWD is no checkout of tissueshap: run this from a clone of its repository" >&2
    exit 1
fi

for part in common system r-packages python r-install; do
    # shellcheck source=/dev/null
    . "$here/setup/$part.sh"
done

SECONDS=0
take_lock
export R_LIBS="$PWD/.Rlib${R_LIBS:+:$R_LIBS}"
mkdir -p .Rlib

python='' r_version=''
system_step # sets both
r_packages_step
python_step "$python" "$r_version"
r_install_step "$r_version"
r_optional_report
say "ready after $SECONDS s"
