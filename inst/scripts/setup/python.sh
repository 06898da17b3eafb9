# shellcheck shell=bash
# Step "python": .venv/ with what requirements.lock says, rpy2 as this R needs it, and
# tissueshap itself (editable); .venv-newest/ and .venv-oldest/ with their locks likewise.
# Sourced by setup.sh.

# rpy2_pins R_VERSION: rpy2's three parts. rpy2-rinterface needs R 4.5 from 3.6.6 on, and pip
# cannot know which R there is: that is why they are here and not in the lock.
rpy2_pins() {
    if at_least "$1" 4.5; then
        echo rpy2==3.6.9 rpy2-rinterface==3.6.7 rpy2-robjects==3.6.6
    else
        echo rpy2==3.6.5 rpy2-rinterface==3.6.5 rpy2-robjects==3.6.5
    fi
}

# python_step PYTHON R_VERSION FOLDER LOCK
python_step() {
    local python=$1 r_version=$2 folder=$3 lock=$4 venv=$3/bin/python locked package pins
    pins=$(rpy2_pins "$r_version")
    if ! "$venv" -c '' 2>/dev/null; then
        say "Python: making $folder"
        attempt venv "look whether '$python -m venv' works; on Debian: apt-get install python3-venv" \
            "$python" -m venv --clear "$folder"
    fi

    locked=$({ cat "$lock"; echo "$pins R $r_version"; "$venv" --version; } | digest)
    if ! stamped "$folder/.locked" "$locked"; then
        say "Python: installing $(grep -c == "$lock") packages of $lock" \
            "(some minutes; log: .setup/pip.log)"
        attempt pip "mend the network or pip's configuration, then run again" \
            "$venv" -m pip install --requirement "$lock"
        # --no-cache-dir: a wheel that another R's headers built must not come back.
        # shellcheck disable=SC2086
        attempt pip-rpy2 "a C compiler, Python's headers and R's (r-base-dev) are needed" \
            "$venv" -m pip install --no-deps --no-cache-dir $pins
        echo "$locked" >"$folder/.locked"
    fi

    package=$({ cat pyproject.toml hatch_build.py; pwd; } | digest)
    if ! stamped "$folder/.tissueshap" "$package"; then
        say "Python: installing tissueshap itself into $folder"
        attempt pip-tissueshap "look at the log: pyproject.toml or hatch_build.py is wrong" \
            "$venv" -m pip install --no-deps --no-build-isolation --editable .
        echo "$package" >"$folder/.tissueshap"
    fi
    say "Python: $folder agrees with $lock"
}
