#!/bin/sh
# Runs in the job's scratch directory, in batch and in interactive sessions, and needs a POSIX shell and coreutils.
set -eu

archive=@ARCHIVE@
# What is executed of it, and (@FOOTER@) its last 4096 bytes@ROOT@. Both are compared before anything of it runs.
program_bytes=@PROGRAM_BYTES@
program_sha256=@PROGRAM_SHA256@
footer_sha256=@FOOTER_SHA256@
# KiB of disk that a sandbox with the unpacked environment takes.
unpacked_kib=@UNPACKED_KIB@

# HTCondor gives a job neither PATH nor HOME.
PATH=${PATH:-/usr/local/bin:/usr/bin:/bin}
export PATH

fail() {
    printf '@NAME@.sh: not started: %s\n' "$2" >&2
    exit "$1"
}
digest() {
    sum=$(sha256sum) || fail 116 'sha256sum does not work on this node'
    printf %s "${sum%% *}"
}

[ -r "$archive" ] || fail 113 "$archive is not in ${PWD}: is it in transfer_input_files of @NAME@.sub?"
[ "$(head -c "$program_bytes" "$archive" | digest)" = "$program_sha256" ] ||
    fail 114 "$archive is another file than @NAME@.sh was written for: a stale copy, or a new one (packhorse condor init)"
[ -z "$footer_sha256" ] || [ "$(tail -c 4096 "$archive" | digest)" = "$footer_sha256" ] ||
    fail 114 "$archive has another content than @NAME@.sh was written for: a stale or mixed copy (packhorse condor init)"

# Through caches comes what has the right ends and something else between them. All of it is compared, then, before anything starts.
verify=@VERIFY@
code=0
[ "$verify" != first ] || sh "./$archive" verify -q >/dev/null || code=$?
case $code in
0) ;;
[1-8]) fail $((110 + code)) "$archive was compared with its digests (packhorse: says above what was found)" ;;
*) exit "$code" ;;
esac

# Unpacking is for slots that have the disk for it; elsewhere a node that cannot mount ends with 116, before anything is unpacked.
disk=$(sed -n 's/^Disk = \([0-9]*\)$/\1/p' "${_CONDOR_MACHINE_AD:-/dev/null}" 2>/dev/null || true)
start=@START@
if [ "$start" = mount ] && [ "${disk:-$unpacked_kib}" -ge "$unpacked_kib" ]; then
    start=auto
elif [ "$start" = mount ]; then
    printf '@NAME@.sh: the slot has %s KiB of disk, unpacking takes %s: mounted or not started (116; then see request_disk in @NAME@.sub)\n' \
        "$disk" "$unpacked_kib" >&2
fi

if grep -q '^InteractiveJob = true' "${_CONDOR_JOB_AD:-/dev/null}" 2>/dev/null; then
    exec sh "./$archive" shell --start "$start"
fi
exec sh "./$archive" run --start "$start" -- @COMMAND@ "$@"
