# shellcheck shell=bash
# Lists of package names are split into words on purpose:
# shellcheck disable=SC2086,SC2046,SC1091
# Step "system": Debian's or Ubuntu's packages, and the R and Python that there are.
# Sourced by setup.sh. Sets $python (a Python 3.11 to 3.13) and $r_version.

# find_python: print the first Python that can be used. TensorFlow has no wheels for
# 3.14 yet, hence the upper end.
find_python() {
    local name
    for name in ${TISSUESHAP_PYTHON:+"$TISSUESHAP_PYTHON"} python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
            >/dev/null 2>&1; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

# python_of MINOR...: print the first Python 3.MINOR of those on PATH and pyenv's; nothing if
# there are none.
python_of() {
    local minor name
    for minor in "$@"; do
        for name in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/python; do
            # pyenv's stand-in on PATH fails where that Python is not chosen.
            if "$name" -c "import sys; sys.exit(sys.version_info[:2] != (3, $minor))" >/dev/null 2>&1; then
                "$name" -c 'import sys; print(sys.executable)'
                return
            fi
        done
    done
}

# newest_python: the newest that TensorFlow has wheels for, and newer than 3.11, by which
# requirements.lock goes.
newest_python() { python_of 13 12; }

# oldest_python: the oldest that pyproject.toml allows.
oldest_python() { python_of 11; }

# python_debs: packages that the Python found lacks: venv to make .venv, headers to
# build rpy2. A Python that apt did not install is taken as it is.
python_debs() {
    local found name
    found=$(find_python)
    case $found in
    "") echo python3 python3-venv python3-dev ;;
    /usr/bin/*)
        name=$("$found" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        "$found" -c 'import ensurepip, venv' 2>/dev/null || echo "$name-venv"
        "$found" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' ||
            echo "$name-dev"
        ;;
    esac
}

# wanted_debs: what debian.txt lists, without R where an R that apt did not install
# comes first on PATH, since that one would not see apt's R packages.
wanted_debs() {
    if ! command -v R >/dev/null || [ "$(R RHOME)" = /usr/lib/R ]; then
        sed 's/#.*//' inst/scripts/setup/debian.txt
    else
        echo pandoc
    fi
    python_debs
}

# not_installed NAME...: print the names that dpkg has not installed.
not_installed() {
    local installed
    # dpkg-query fails when it does not know one of the names, and prints the others.
    installed=" $({ dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null || true; } |
        awk '/^.i/ {printf "%s ", $2}') "
    local name
    for name; do
        case $installed in *" $name "*) ;; *) echo "$name" ;; esac
    done
}

# apt_knows NAME...: print the names that apt can install.
apt_knows() {
    apt-cache policy "$@" | awk '/^[^ ]/ {sub(":$", ""); name = $0}
        /Candidate:/ && $2 != "(none)" {print name}'
}

install_debs() {
    local missing=("$@") as_root=() known unknown
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            as_root=(sudo)
            sudo -v
        else
            say "system packages: ${#missing[@]} missing and neither root nor sudo here;"
            say "  an administrator can run: apt-get install ${missing[*]}"
            say "  going on with the R and Python that are there"
            return
        fi
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive)
    say "system packages: refreshing apt's lists"
    attempt apt-update "mend apt's sources or the network, then run again" \
        "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 update
    known=$(apt_knows "${missing[@]}")
    unknown=$(printf '%s\n' "${missing[@]}" | grep -vxF "$known" || true)
    if [ -n "$unknown" ]; then
        say "system packages: this distribution has none called" $unknown
        printf '%s\n' "$unknown" >"$unknown_debs"
    fi
    [ -n "$known" ] || return 0
    say "system packages: installing" $known
    attempt apt-install "run that command by hand and look at its message" \
        "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends $known
}

system_step() {
    local missing
    if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
        # What this release does not know is remembered, so that apt is not asked again.
        unknown_debs=.setup/unknown-$(. /etc/os-release && echo "$ID-${VERSION_ID:-rolling}")
        touch "$unknown_debs"
        missing=$(not_installed $(wanted_debs) | grep -vxFf "$unknown_debs" || true)
        if [ -n "$missing" ]; then
            install_debs $missing
        else
            say "system packages: all there"
        fi
    else
        say "system packages: no apt here, so the R and the Python found are used, and" \
            "BiocManager for R packages"
    fi

    command -v Rscript >/dev/null || die "there is no R (Rscript) on PATH" \
        "install R 4.2 or newer (https://www.r-project.org), then run again"
    r_version=$(Rscript --vanilla -e 'cat(format(getRversion()))')
    at_least "$r_version" 4.2 || die "R $r_version is too old" \
        "install R 4.2 or newer and put it first on PATH"
    python=$(find_python)
    [ -n "$python" ] || die "there is no Python 3.11, 3.12 or 3.13" \
        "install one, or name it: TISSUESHAP_PYTHON=/path/to/python3.12 make setup"
    say "R $r_version, $("$python" --version) ($python)"
}
