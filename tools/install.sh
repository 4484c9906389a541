#!/bin/sh
# Prepares .venv: a Python of 3.11 or newer, the packages of the lock file checked
# by hash, and the project itself, read from where it stands. Called by `make`.
#
# PYTHON=/path/to/python chooses the interpreter.
set -eu

venv=.venv
lock=requirements-dev.lock
stamp=$venv/.installed
log=.cache/install.log

say() { printf '%s\n' "$*"; }

give_up() {
    printf '%s\n' "$@" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# The first Python that is new enough and can make an environment.
find_python() {
    without_venv=
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python3.14}; do
        is_new_enough "$name" || continue
        if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            say "$name"
            return
        fi
        without_venv=${without_venv:-$name}
    done
    if [ -n "$without_venv" ]; then
        version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        give_up "$without_venv has no venv module, which Debian and Ubuntu package apart. Run:" \
            "    apt-get install python$version-venv"
    fi
    give_up "Serai needs Python 3.11 or newer; tried: ${PYTHON:-python3.13, 3.12, 3.11, python3}." \
        "Name another with: make install PYTHON=/path/to/python3"
}

# An environment knows its own path, so one that was moved has to be made again.
is_usable() {
    is_new_enough "$venv/bin/python" || return 1
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || return 1
    head -n 2 "$venv/bin/pip" | grep -qF "$(pwd -P)/$venv/"
}

# Runs pip with its words kept in the log, and counts the packages aloud.
pip_install() {
    total=$(grep -c '^[a-z0-9].*==' "$lock")
    count=0
    {
        status=0
        PYTHONUNBUFFERED=1 "$venv/bin/python" -m pip --disable-pip-version-check \
            install --progress-bar off "$@" 2>&1 || status=$?
        say "pip ended with $status"
    } | {
        while IFS= read -r line; do
            say "$line" >&3
            case $line in
                Collecting* | Processing*)
                    count=$((count + 1))
                    if [ -t 1 ]; then
                        printf '\r      %d of %d' "$count" "$total"
                    elif [ $((count % 20)) -eq 0 ]; then
                        say "      $count of $total"
                    fi
                    ;;
                Installing\ collected*)
                    [ ! -t 1 ] || printf '\r'
                    [ "$count" -eq 0 ] || say "      unpacking what was fetched"
                    ;;
            esac
        done
    } 3>>"$log"
    if [ "$(tail -n 1 "$log")" != "pip ended with 0" ]; then
        tail -n 30 "$log" >&2
        give_up "" "Installing failed; all that pip said is in $log."
    fi
}

mkdir -p .cache
: >"$log"
if ! is_usable; then
    python=$(find_python)
    say "[1/3] Making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
else
    say "[1/3] Using $venv with $("$venv/bin/python" --version)"
fi
rm -f "$stamp"
say "[2/3] Installing the packages of $lock (a minute or so the first time)"
pip_install --require-hashes -r "$lock"
say "[3/3] Installing serai"
pip_install --no-deps --no-build-isolation --editable .
pwd -P >"$stamp"
say "Ready: $venv/bin/serai"
