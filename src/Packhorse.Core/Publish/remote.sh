# What `packhorse publish` asks of the other machine. Read by the sh there, line after line from our end, so that one connection does for
# every step. Each function answers with one line that begins with "packhorse"; `refuse` ends the session. The file that is on its way is
# removed when the session ends, however it ends.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH
part=
trap 'test -z "$part" || rm -f -- "$part"' EXIT
trap 'exit 1' HUP INT PIPE TERM

say() {
    printf 'packhorse %s\n' "$*"
}

# As hexadecimal digits: a name may have line breaks.
hex() {
    printf %s "$1" | od -An -v -tx1 | tr -d ' \n'
}

refuse() {
    say refused "$1" "$(hex "$2")"
    exit 0
}

if command -v sha256sum >/dev/null 2>&1; then
    digest() { sha256sum; }
elif command -v shasum >/dev/null 2>&1; then
    digest() { shasum -a 256; }
elif command -v openssl >/dev/null 2>&1; then
    digest() { openssl dgst -sha256 -r; }
elif command -v sha256 >/dev/null 2>&1; then
    digest() { sha256 -q; }
else
    refuse nodigest ""
fi

# A line "SIZE SHA256" of a file; empty where it cannot be read.
describe() {
    test -r "$1" || return 0
    size=$(wc -c <"$1") && sum=$(digest <"$1") && printf '%s %s' "$((size))" "${sum%% *}"
}

is_there() {
    test -e "$1" || test -L "$1"
}

# enter DIRECTORY PARENT: goes there, or where it is to be made.
enter() {
    if test -d "$1"; then
        text=$(cd -- "$1" 2>&1) || refuse system "$text"
        cd -- "$1" && say here "$(hex "$(pwd; echo .)")"
    elif is_there "$1"; then
        refuse nodirectory ""
    elif test -d "$2"; then
        text=$(cd -- "$2" 2>&1) || refuse system "$text"
        cd -- "$2" && say above "$(hex "$(pwd; echo .)")"
    else
        refuse absent ""
    fi
}

# make NAME: the directory, where it is not there yet. Somebody else may make it at the same time.
make() {
    text=$(mkdir -- "./$1" 2>&1) || test -d "./$1" || refuse system "$text"
    text=$(cd -- "./$1" 2>&1) || refuse system "$text"
    cd -- "./$1" && say made
}

look() {
    if test -f "./$1" && ! test -L "./$1"; then
        say file "$(describe "./$1")"
    elif is_there "./$1"; then
        say other
    else
        say nothing
    fi
}

# size NAME: of a file.
size() {
    if test -f "./$1" && ! test -L "./$1" && test -r "./$1"; then
        say size "$(($(wc -c <"./$1")))"
    else
        say nothing
    fi
}

# put TEMPORARY SIZE: the bytes follow on standard input, when it is said that they may.
put() {
    text=$(umask 077 && set -C && exec 2>&1 && : >"./$1") || refuse system "$text"
    part=./$1
    # Whoever lists the directory meanwhile sees that somebody is at work.
    exec 9>>"$part"
    if command -v flock >/dev/null 2>&1; then
        flock -n 9 2>/dev/null
    fi
    say ready
    if test "$2" -gt 0; then
        text=$(head -c "$2" 2>&1 >"$part") || refuse system "$text"
    fi
    # The connection was cut: nobody hears an answer.
    test "$(wc -c <"$part")" -eq "$2" || exit 1
    sync -- "$part" 2>/dev/null || sync
    say put "$(describe "$part")"
}

# place NAME: gives it to what was put, unless something has it. link(2) is one step, and fails where the name is taken.
place() {
    exec 9>&-
    text=$(chmod "=rx" "$part" 2>&1) || refuse system "$text"
    if is_there "./$1"; then
        placed=false
    elif ln -T -- "$part" "./$1" 2>/dev/null; then
        placed=true
    elif is_there "./$1"; then
        placed=false
    elif text=$(ln -- "$part" "./$1" 2>&1); then
        placed=true
    elif is_there "./$1"; then
        placed=false
    # A file system without links.
    elif text=$(mv -n -- "$part" "./$1" 2>&1); then
        placed=true
        test ! -e "$part" || placed=false
    elif is_there "./$1"; then
        placed=false
    else
        refuse system "$text"
    fi
    rm -f -- "$part"
    part=
    sync -- . 2>/dev/null || sync
    say placed $placed
}

# list: a line for each file, then one that ends it.
list() {
    for file in ./* ./.[!.]*; do
        if ! test -f "$file" || test -L "$file"; then
            continue
        fi
        changed=$(stat -c %Y -- "$file" 2>/dev/null || stat -f %m -- "$file" 2>/dev/null) || changed=0
        busy=false
        case $file in
        ./.packhorse-publish-*.part)
            if command -v flock >/dev/null 2>&1; then
                flock -n "$file" true 2>/dev/null || busy=true
            else
                test -z "$(find "$file" -mmin -10 2>/dev/null)" || busy=true
            fi
            ;;
        *) ;;
        esac
        size=0
        test ! -r "$file" || size=$(wc -c <"$file")
        say entry "$(hex "$file")" "$((size))" "$changed" $busy
    done
    say listed
}

# ending NAME BYTES: its last bytes.
ending() {
    say ending "$(tail -c "$2" -- "./$1" 2>/dev/null | od -An -v -tx1 | tr -d ' \n')"
}

# Whatever the login of this account prints comes before this line.
printf '\n'
say ready
while read -r length; do
    eval "$(head -c "$length")"
done
