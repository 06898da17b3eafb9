#!/usr/bin/env bash
# R's tests on Debian 13 (R 4.5, edgeR 4.4, Bioconductor 3.20), in a folder that debootstrap fills:
# some minutes and 2 GB the first time. Needs root, on Debian or Ubuntu.
#
#   inst/scripts/debian13.sh [COMMAND...]
#
# COMMAND is run in the checkout's copy there [Rscript inst/scripts/test.R].
#
# Environment: TISSUESHAP_DEBIAN13, the folder [/var/tmp/tissueshap-debian13]; TISSUESHAP_DATA, the
# real data, which some tests need; TISSUESHAP_SLOW=1 for slow tests too.
#
# There is no Python in it that tissueshap could use: tests of both halves together are skipped.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
release=trixie
root=$(realpath -m "${TISSUESHAP_DEBIAN13:-/var/tmp/tissueshap-debian13}")
data=${TISSUESHAP_DATA:-../shared/data}

say() {
    printf 'debian13: %s\n' "$*"
}

die() {
    printf 'debian13: FAILED: %s\n' "$*" >&2
    exit 1
}

# run LOG COMMAND...: its output into LOG, and the end of that when it fails.
run() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        die "$* (whole log: $log)"
    fi
}

# inside COMMAND...: run a command in the folder. Mounts are of its own namespace, so that none stays.
inside() {
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -euo pipefail -c '
        root=$1 data=$2
        shift 2
        mount -t proc proc "$root/proc"
        mount -t devtmpfs dev "$root/dev" 2>/dev/null || mount --bind /dev "$root/dev"
        if [ -d "$data" ]; then
            mkdir -p "$root/data"
            mount --bind "$data" "$root/data"
            mount -o remount,bind,ro "$root/data"
        fi
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive "$@"' - "$root" "$data" "$@"
}

[ "$(id -u)" = 0 ] || die "it needs root, for chroot: run it as root"
if ! command -v debootstrap >/dev/null; then
    command -v apt-get >/dev/null || die "there is no debootstrap: install it"
    say "installing debootstrap"
    apt-get -qq update && apt-get -qq install -y --no-install-recommends debootstrap
fi
mkdir -p "$root/log"

if [ ! -f "$root/log/made" ]; then
    say "making Debian 13 in $root"
    # The mirror that this system uses; without one, debootstrap's own.
    mirror=$(apt-get indextargets --format '$(SITE)' 'Label: Debian' 'Identifier: Packages' 2>/dev/null | head -n 1 || true)
    run "$root/log/debootstrap.log" debootstrap --variant=minbase "$release" "$root" ${mirror:+"$mirror"}
    touch "$root/log/made"
fi

# R, what the method needs, and what runs tests; not what checks and documents.
packages=$(sed -n '/^# R packages for tests/q;/^r-/p' inst/scripts/setup/debian.txt
    grep -E '^r-cran-(r6|testthat|vdiffr|withr)$' inst/scripts/setup/debian.txt | sort -u)
packages=$(sort -u <<<"$packages")
if [ ! -f "$root/log/packages" ] || [ "$(cat "$root/log/packages")" != "$packages" ]; then
    say "installing R and $(wc -w <<<"$packages") of Debian's packages"
    run "$root/log/update.log" inside apt-get update
    # shellcheck disable=SC2086
    run "$root/log/install.log" inside apt-get install -y --no-install-recommends $packages
    inside apt-get clean
    echo "$packages" >"$root/log/packages"
fi

rm -rf "$root/tissueshap" "$root/Rlib"
mkdir -p "$root/tissueshap" "$root/Rlib"
# The files that git knows and that are there.
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    tar -c --null -T - | tar -x -C "$root/tissueshap"
say "installing the R package"
run "$root/log/r-install.log" inside R CMD INSTALL --preclean --no-multiarch --library=/Rlib /tissueshap
inside Rscript -e 'cat("debian13: R", format(getRversion()), "\n");
for (name in c("edgeR", "limma", "SummarizedExperiment", "GO.db")) cat("debian13:", name, format(packageVersion(name)), "\n")'
[ $# -gt 0 ] || set -- Rscript inst/scripts/test.R
inside env R_LIBS=/Rlib OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" TISSUESHAP_SLOW="${TISSUESHAP_SLOW:-}" \
    TISSUESHAP_REQUIRE_DATA="${TISSUESHAP_REQUIRE_DATA:-}" ${data:+TISSUESHAP_DATA="$([ ! -d "$data" ] || echo /data)"} \
    sh -c 'cd /tissueshap && exec "$@"' - "$@"
