# shellcheck shell=bash
# What the steps of setup.sh share: messages, logs, stamps, the lock. Sourced.

say() {
    printf 'setup: %s\n' "$*"
}

# die MESSAGE REMEDY: stop, and say what to do.
die() {
    printf 'setup: FAILED: %s\n       what to do: %s\n' "$1" "$2" >&2
    exit 1
}

# attempt NAME REMEDY COMMAND...: run a command with its output in .setup/NAME.log, and
# stop with the end of that log when it fails.
attempt() {
    local remedy=$2 log=.setup/$1.log
    shift 2
    if ! "$@" >"$log" 2>&1 </dev/null; then
        printf '\n--- the end of %s ---\n' "$log" >&2
        tail -n 20 "$log" >&2
        die "$(printf '%q ' "$@")" "$remedy (whole log: $log)"
    fi
}

# One set-up at a time in a checkout; others wait. Without flock (macOS) two
# at once are the user's to avoid.
take_lock() {
    mkdir -p .setup
    command -v flock >/dev/null || return 0
    exec 9>.setup/lock
    if ! flock --nonblock 9; then
        say "another set-up runs in this checkout: waiting for it"
        flock 9
    fi
}

# digest: the hash of standard input.
digest() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}

# stamped FILE VALUE: does the stamp FILE hold VALUE?
stamped() {
    [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]
}

# at_least VERSION BOUND: is VERSION (numbers and dots) BOUND or higher?
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}
