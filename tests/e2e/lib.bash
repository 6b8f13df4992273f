# Shared by the end-to-end tests: a scratch folder, the programs, and checks
# that print what they saw. Sourced, never run.
set -u
export LC_ALL=C.UTF-8 NO_COLOR=1
: "${GATEDRILL_BIN:?the folder with the programs}"
: "${GATEDRILL_SOURCE:?the source tree}"
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

scratch=$(mktemp -d)
bad=0
done=0
# Sanitizer reports go to files, so that none is lost in a child's log.
reports=$scratch/sanitizer
case ${GATEDRILL_SANITIZE:-} in
*address*)
    export ASAN_OPTIONS="log_path=$reports"
    export UBSAN_OPTIONS="log_path=$reports:print_stacktrace=1"
    ;;
thread)
    export TSAN_OPTIONS="log_path=$reports"
    ;;
esac

finish() {
    local code=$? report
    for report in "$reports".*; do
        [ -e "$report" ] || continue
        echo "== $report"
        cat "$report"
        bad=$((bad + 1))
    done
    rm -rf "$scratch"
    if [ $code != 0 ] && [ $bad = 0 ]; then
        exit $code
    fi
    echo "$((done - (bad < done ? bad : done))) of $done checks passed"
    [ $bad = 0 ] && [ $done -gt 0 ]
    exit $?
}
trap finish EXIT

gatedrill() { "$GATEDRILL_BIN/gatedrill" "$@"; }

fail() {
    bad=$((bad + 1))
    printf 'FAILED: %s\n' "$*"
}

# Runs a command with its output in $scratch/out and err, its code in $code.
run() {
    code=0
    "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
}

show() {
    sed 's/^/  out: /' "$scratch/out" | tail -60
    sed 's/^/  err: /' "$scratch/err" | tail -40
}

expect_code() { # code, what it is about
    done=$((done + 1))
    if [ "$code" != "$1" ]; then
        fail "$2: exit code $code, not $1"
        show
    fi
}

expect_text() { # out or err, text, what it is about
    done=$((done + 1))
    if ! grep -qF -- "$2" "$scratch/$1"; then
        fail "$3: $1 does not say \"$2\""
        show
    fi
}

expect_file() { # path, what it is about
    done=$((done + 1))
    if ! [ -s "$1" ]; then
        fail "$2: $1 is missing or empty"
        show
    fi
}

expect_true() { # what it is about, command
    done=$((done + 1))
    local about=$1
    shift
    "$@" || fail "$about"
}

# The one run below a folder.
run_folder() { find "$1" -mindepth 1 -maxdepth 1 -type d | head -1; }

# Waits until a command succeeds, for some seconds.
until_true() { # seconds, command
    local until=$((SECONDS + $1))
    shift
    while ! "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.05
    done
}

# Processes that still work below our scratch folder: none may be left.
left_behind() {
    local process
    for process in /proc/[0-9]*; do
        if [ "$process" != "/proc/$$" ] &&
            tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -qF "$scratch/"
        then
            tr '\0' ' ' <"$process/cmdline"
            echo
        fi
    done 2>/dev/null
}
expect_nobody_left() { # what it is about
    done=$((done + 1))
    local left
    left=$(left_behind)
    [ -z "$left" ] || fail "$1: still running: $left"
}
