#!/bin/bash
# The rules of the house that a compiler does not check: who includes what, one
# file and one row, no absolute paths. Prints every violation; exit code 1 then.
set -u
cd "${GATEDRILL_SOURCE:-$(dirname "${BASH_SOURCE[0]}")/..}" || exit 2
export LC_ALL=C.UTF-8
bad=0

violation() {
    printf '%s\n' "$*"
    bad=1
}

# Lines such as "harness/main.c:3:common/cli.h": every include of the tree that
# names a file of ours or a library.
includes() {
    grep -nEo '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' \
        -r --include='*.[ch]' "$@" |
        sed -E 's/#[[:space:]]*include[[:space:]]*["<]([^">]+)[">]/\1/; s/:[[:space:]]+/:/'
}

# files that may, then the header, then where we look
only_in() {
    local allowed=" $1 " header=$2 line file
    shift 2
    while IFS= read -r line; do
        file=${line%%:*}
        case $allowed in
        *" $file "*) ;;
        *) violation "$line: only ${allowed# }may include $header" ;;
        esac
    done < <(includes "$@" | grep -E ":($header)\$")
}

rooms_stay_apart() {
    local line
    while IFS= read -r line; do
        violation "$line: common includes nothing from the other rooms"
    done < <(includes common | grep -E ':(harness|mockserver)/')
    while IFS= read -r line; do
        violation "$line: the harness never includes the mock"
    done < <(includes harness | grep -E ':mockserver/')
    while IFS= read -r line; do
        violation "$line: the mock never includes the harness"
    done < <(includes mockserver | grep -E ':harness/')
}

libraries_stay_put() {
    local rooms=(common mockserver harness)
    only_in "mockserver/server.c mockserver/exchange.c mockserver/admin.c harness/telemetry/otlp_receiver.c" \
        'microhttpd\.h' "${rooms[@]}"
    only_in "harness/client/client.c harness/api_reference.c mockserver/forward.c" \
        'curl/.*' "${rooms[@]}"
    only_in "mockserver/encode.c harness/leaks/unpack.c harness/leaks/plant.c" \
        'zlib\.h' "${rooms[@]}"
    only_in "harness/leaks/unpack.c harness/leaks/plant.c" 'zstd\.h' "${rooms[@]}"
    only_in "harness/leaks/literal.c" 'hs/.*' "${rooms[@]}"
    only_in "harness/leaks/source_sqlite.c" 'sqlite3\.h' "${rooms[@]}"
    only_in "common/digest.c harness/attest.c" 'openssl/.*' "${rooms[@]}"
    local cjson
    cjson=$(echo common/json*.c)
    only_in "$cjson" '(cjson/)?cJSON\.h' "${rooms[@]}"
}

# A header of common/ is there because both programs need it; reached through
# other files of common/ counts, since those are linked into both.
common_is_common() {
    local room header
    for room in mockserver harness; do
        for header in $(
            { includes common mockserver harness | sed -E 's/:[0-9]+:/ /'; } |
                awk -v room="$room" '
                    { list[$1] = list[$1] " " $2 }
                    $1 ~ "^" room "/" { start[$2] = 1 }
                    function visit(file,    n, i, part) {
                        if (seen[file]++) return
                        n = split(list[file], part, " ")
                        for (i = 1; i <= n; i++) if (part[i] ~ /^common\//) visit(part[i])
                        # The body of a header comes with it.
                        if (file ~ /\.h$/) {
                            stem = substr(file, 1, length(file) - 2)
                            for (f in list)
                                if (f ~ "^" stem "(_[a-z]+)?\\.c$") visit(f)
                        }
                    }
                    END {
                        for (h in start) if (h ~ /^common\//) visit(h)
                        for (f in seen) print f
                    }' | grep '\.h$' | sort >"$reached.$room"
            find common -name '*.h' | sort | comm -23 - "$reached.$room"
        ); do
            violation "$header: $room does not use it, so it is not common"
        done
    done
}

top_level() {
    local name
    while IFS= read -r name; do
        case $name in
        CMakeLists.txt | CMakePresets.json | README.md | LICENSE | dev) ;;
        mockserver | harness | scenarios | tests | docker | docs | common) ;;
        .*) ;;
        *) violation "$name: not one of the agreed names of the top level" ;;
        esac
    done < <(tree_files | cut -d/ -f1 | sort -u)
}

# What belongs to the tree: what git knows, or everything but build folders.
tree_files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -type f -not -path './build*' -not -path './gatedrill-out/*' |
            sed 's|^\./||'
    fi
}

# table, macro, folder: each row MACRO(name, ...) has folder/name.c and back
rows_and_files() {
    local table=$1 macro=$2 folder=$3 name
    if [ ! -f "$table" ]; then
        violation "$table: missing"
        return
    fi
    for name in $(sed -nE "s/^[[:space:]]*${macro}\(([a-z0-9_]+)[,)].*/\1/p" "$table"); do
        [ -f "$folder/$name.c" ] ||
            violation "$table: row $name has no file $folder/$name.c"
    done
    for name in "$folder"/*.c; do
        name=$(basename "$name" .c)
        grep -qE "^[[:space:]]*${macro}\(${name}[,)]" "$table" ||
            violation "$folder/$name.c: no row in $table"
    done
}

one_file_and_one_row() {
    rows_and_files common/fault_list.h FAULT mockserver/faults
    rows_and_files mockserver/dialect_table.h DIALECT mockserver/dialects
    rows_and_files harness/judge/check_table.h CHECK harness/checks
    rows_and_files harness/evidence/report_table.h REPORT harness/reports
}

# Three comparisons of one text in a row are a table that nobody wrote.
tables_over_chains() {
    local line
    while IFS= read -r line; do
        violation "$line: a chain of comparisons; make it a table"
    done < <(find common mockserver harness -name '*.c' -print0 |
        xargs -0 awk '
            FNR == 1 || /^}/ { chain = 0 }
            /else if \(.*(strcmp|strncmp|strcasecmp|memcmp)/ {
                if (++chain == 2) print FILENAME ":" FNR
            }')
}

functions_are_short() {
    local line
    while IFS= read -r line; do
        violation "$line"
    done < <(find common mockserver harness -name '*.c' -print0 |
        xargs -0 awk '
            FNR == 1 { start = 0 }
            /^{/ { start = FNR }
            /^}/ {
                if (start && FNR - start > 80)
                    print FILENAME ":" start ": a function of " \
                          FNR - start " lines; 80 at most"
                start = 0
            }')
}

# Only main.c ends a program; out of memory does it in one place.
only_main_exits() {
    local line
    while IFS= read -r line; do
        violation "$line: only main.c ends the program"
    done < <(grep -nE '(^|[^a-z_.])exit\(' -r --include='*.c' \
        common mockserver harness |
        grep -vE '^(common/xalloc|[a-z]+/main)\.c:' |
        grep -vE ':[0-9]+:[[:space:]]*(/?\*|//)')
}

# What the harness says passes the self-scan on its way (harness/outlet.h), and
# what the mock writes is written in few places.
one_way_out() {
    local line
    while IFS= read -r line; do
        violation "$line: what is printed goes through harness/outlet.h"
    done < <(grep -nE '(^|[^a-z_])(v?f?printf|v?dprintf|fputs|fputc|puts|putc|putchar|fwrite|perror)\(' \
        -r --include='*.c' common harness mockserver |
        grep -vE '^(harness/outlet|common/(cli|digest|xalloc)|mockserver/(journal|main|options))\.c:')
    while IFS= read -r line; do
        violation "$line: files are written by few"
    done < <(grep -nE '(^|[^a-z_])(write|pwrite|writev|fopen|freopen)\(|O_WRONLY|O_RDWR' \
        -r --include='*.c' common harness mockserver |
        grep -vE 'fopen\([^;]*"rb?e?"\)' |
        grep -vE '^(common/(core_files|log)|harness/(outlet|text_file|evidence/run_folder|launch/(guardian|process)|telemetry/otlp_receiver|leaks/(sink_control|syslog_receiver))|mockserver/(journal|tap|wire|lease|listener|stream))\.c:')
}

# Which headers and parameters carry credentials says one list. Names that are
# words of everything else are left out.
one_list_of_credentials() {
    local line names
    names=$(sed -nE 's/^ *\{ CREDENTIAL_[A-Z]+, "([^"]+)".*/\1/p' \
        common/credential.c | grep -E '[-_]' | paste -sd'|')
    [ -n "$names" ] || violation "common/credential.c: no rows were found"
    while IFS= read -r line; do
        violation "$line: a second list beside common/credential.c"
    done < <(grep -niE "\"($names)\"" -r --include='*.[ch]' \
        common harness mockserver | grep -v '^common/credential\.c:')
}

no_typedef_of_structs() {
    local line
    while IFS= read -r line; do
        violation "$line: structs are named, not typedef'd"
    done < <(grep -nE '^[[:space:]]*typedef[[:space:]]+(struct|enum)' -r \
        --include='*.[ch]' common mockserver harness tests)
}

# The tree runs anywhere: no path of one machine, no note to oneself.
no_traces_of_a_place() {
    local line places notes
    places='(^|[^A-Za-z0-9_.}$-])/(home|root|work|Users|mnt)/'
    notes='\b(TO''DO|FIX''ME|X''XX)\b'
    while IFS= read -r line; do
        violation "$line: an absolute path or a note to oneself"
    done < <(tree_files | grep -vE '^(LICENSE|docker/.*|tests/layers\.sh)$' |
        tr '\n' '\0' | xargs -0 grep -nIE "$places|$notes" --)
}

reached=$(mktemp)
trap 'rm -f "$reached" "$reached".*' EXIT

rules=(rooms_stay_apart libraries_stay_put common_is_common top_level
    one_file_and_one_row tables_over_chains functions_are_short
    only_main_exits one_way_out
    one_list_of_credentials no_typedef_of_structs no_traces_of_a_place)
for rule in "${rules[@]}"; do
    "$rule"
done
[ $bad = 0 ] && echo "${#rules[@]} rules kept"
exit $bad
