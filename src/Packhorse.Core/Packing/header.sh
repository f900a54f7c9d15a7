#!/bin/sh
{ _ph_file='@FIELDS@'
# A Packhorse environment: this script, a program for Linux, a tar, in one file. No argument: unpack to ./env; -h: help.
# The tar alone: tail -c +@PAYLOAD_POSITION@ FILE
# The braces: a shell that gets only a part of what is between them stops with a syntax error.
_ph_base=0
case "${1-} ${3-}" in 'run '* | 'shell '* | --*' run' | --*' shell') _ph_base=110 ;; esac
# Exit class, message, hint.
_ph_fail() {
    printf 'error: %s\n' "$2" >&2
    [ -z "${3-}" ] || printf '\nhint: %s\n' "$3" >&2
    [ "$_ph_base" = 0 ] || printf 'packhorse: not started: %s\n' "${2%%
*}" >&2
    exit $((_ph_base + $1))
}
_ph_again='copy or download it again; a cache on its way may have cut it, or mixed it with an older file'
# Is $0 this file, or is this read from a pipe?
_ph_line=
# shellcheck disable=SC2162
[ -f "$0" ] && [ -r "$0" ] && { read -r _ph_line && IFS= read -r _ph_line; } <"$0"
[ "$_ph_line" = "{ _ph_file='$_ph_file'" ] || _ph_fail 2 \
    "this cannot run from a pipe, or by a name that does not lead to the file ($0)" \
    'save it to a file and start that: sh ./environment.sh'
# The tools of the system where PATH is empty, and busybox where it has no links. Only for this script.
_ph_tools=${PATH-}${PATH:+:}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
_ph_busybox=
[ -n "$(PATH=$_ph_tools; command -v dd)" ] || _ph_busybox=busybox
_ph_facts=$(
    PATH=$_ph_tools
    export LC_ALL=C
    ${_ph_busybox:+busybox} uname -sm 2>&1
    ${_ph_busybox:+busybox} dd if="$0" bs=1 skip=@END_OFFSET@ count=@END_BYTES@ 2>&1
)
case $_ph_facts in
    *'@END_MARK@'*'@END_BYTES@+0'*) ;;
    *'records in'*)
        _ph_fail 4 "$0 is cut off: it should have @TOTAL@ bytes" "$_ph_again"
        ;;
    *) _ph_fail 6 "dd does not read $0: $_ph_facts" 'this file needs dd, mkdir, chmod and rm, of coreutils or busybox' ;;
esac
}
{
case $_ph_facts in
    @MACHINES@) ;;
    Linux\ * | Darwin\ * | *BSD\ * | SunOS\ *)
        _ph_fail 7 "this environment is for @PLATFORM@, this machine is ${_ph_facts%%
*}"
        ;;
esac
#if runtime
# A runtime of the site.
for _ph_runtime in "${PACKHORSE_RUNTIME-}" /usr/libexec/packhorse/runtime; do
    if [ -n "$_ph_runtime" ] && [ -x "$_ph_runtime" ] && _ph_said=$("$_ph_runtime" --probe @FORMAT@ 2>&1); then
        exec "$_ph_runtime" --self-extracting '' "$0" "$@"
    fi
    [ "$_ph_runtime" != "${PACKHORSE_RUNTIME-}" ] || [ -z "$_ph_runtime" ] ||
        printf 'warning: PACKHORSE_RUNTIME is not used: %s does not run here, or not version @FORMAT@ of this format\n' "$_ph_runtime" >&2
done
#endif
#if unpacker
case ${1-} in
    run | shell | verify | inspect | mount)
        _ph_fail 2 "this file was made with another unpacker than packhorse's, which only unpacks" "packhorse $1 $0"
        ;;
esac
# Not by exec: this unpacker does not remove its copy. It gets the tar on standard input.
_ph_unpack() {
    (
        PATH=$_ph_tools
        exec ${_ph_busybox:+busybox} dd if="$0" bs=@HEADER@ skip=@PAYLOAD_BLOCKS@ 2>/dev/null
    ) | "$_ph_place/runtime" "$@" -
}
#endif
# A copy of our own, in a private directory, where files may be executed. It removes itself when it runs; a copy that a killed run
# left is removed by the next one, which knows it by its name: boot, process, a random number.
_ph_boot=0
_ph_id=0
# shellcheck disable=SC2162
[ -r /proc/sys/kernel/random/boot_id ] && read -r _ph_boot </proc/sys/kernel/random/boot_id
# shellcheck disable=SC2162
[ -r /proc/sys/kernel/random/uuid ] && read -r _ph_id </proc/sys/kernel/random/uuid
_ph_copy() {
    PATH=$_ph_tools
    umask 077
    ${_ph_busybox:+busybox} mkdir "$1" &&
        ${_ph_busybox:+busybox} dd if="$0" of="$1/runtime" bs=@HEADER@ skip=1 count=@RUNTIME_BLOCKS@ &&
#if runtime
        ${_ph_busybox:+busybox} chmod 700 "$1/runtime" &&
        "$1/runtime" --probe @FORMAT@ "$0"
#endif
#if unpacker
        ${_ph_busybox:+busybox} chmod 700 "$1/runtime"
#endif
}
_ph_remove() {
    (
        PATH=$_ph_tools
        ${_ph_busybox:+busybox} rm -rf "$_ph_place"
    )
}
_ph_place=
trap '_ph_remove; exit 129' HUP
trap '_ph_remove; exit 130' INT
trap '_ph_remove; exit 143' TERM
_ph_why=
for _ph_parent in "${_CONDOR_SCRATCH_DIR-}" "${TMPDIR-}" /tmp /var/tmp /dev/shm "${XDG_RUNTIME_DIR-}" "${PWD-}"; do
    case $_ph_parent in /*) ;; *) continue ;; esac
    if [ -d "$_ph_parent" ] && [ -w "$_ph_parent" ]; then
        _ph_place=$_ph_parent/.packhorse-${_ph_boot%%-*}-$$-$_ph_id
        if _ph_said=$(_ph_copy "$_ph_place" 2>&1); then
#if runtime
            exec "$_ph_place/runtime" --self-extracting "$_ph_place" "$0" "$@"
        else
            _ph_status=$?
        fi
        _ph_remove
        [ "$_ph_status" != 4 ] || _ph_fail 4 "$0 is damaged: its runtime is not what was written" "$_ph_again"
#endif
#if unpacker
            _ph_unpack "$@" && _ph_status=0 || _ph_status=$?
            _ph_said='it cannot be executed'
        else
            _ph_status=126
        fi
        _ph_remove
        # 126 and 127 are the shell's own: it was not started.
        case $_ph_status in 126 | 127) ;; *) exit "$_ph_status" ;; esac
#endif
        _ph_why="$_ph_why
  $_ph_parent: $_ph_said"
    else
        _ph_why="$_ph_why
  $_ph_parent: not there, or not writable"
    fi
done
_ph_fail 6 "the runtime of this file could be started from none of these directories:$_ph_why" \
    'set TMPDIR to a directory that can be written to and allows execution'
}
