# Becomes the master of an HTCondor pool in a root of its own: $1 the root (not written to), $2 the pool's own directory,
# then pairs of a directory and where it is shown, read-only. Process 1 of a namespace of processes; standard input is held open by who
# wants the pool.
set -e
root=$1 own=$2
shift 2
read -r process rest </proc/self/stat
echo "$process" >"$own/master"
hostname pool.test
# Where jobs' larger files are at CHTC.
mkdir -p "$root/staging"
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
cd "$root"
mount -t proc proc proc
mount --bind /sys sys
mount -t tmpfs -o mode=755,nosuid tmpfs dev
for name in null zero full random urandom tty; do
    : >dev/$name
    mount --bind /dev/$name dev/$name
done
mknod -m 666 dev/fuse c 10 229
mkdir dev/pts dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/condor run/sshd run/lock/condor
chown 64:64 run/condor run/lock/condor
mount -t tmpfs -o mode=1777 tmpfs tmp
for directory in etc/condor/config.d home var/lib/condor var/log/condor var/spool/condor var/lib/osdf; do
    mount --bind "$own/$directory" "$directory"
done
mount --bind "$own/var/lib/osdf/objects/chtc/staging" staging
while read -r directory size; do
    mkdir -p ".$directory"
    [ "$size" = 0 ] || mount -t tmpfs -o "size=${size}m" tmpfs ".$directory"
    chown 64:64 ".$directory"
done <"$own/disks"
mount -t tmpfs -o mode=755 tmpfs opt
while [ $# -gt 0 ]; do
    mkdir -p "./$2"
    mount --bind "$1" "./$2"
    mount -o remount,bind,ro "./$2"
    shift 2
done
mkdir tmp/old
pivot_root . tmp/old
cd /
umount -l /tmp/old
rmdir /tmp/old
# When who wants the pool closes its end, or is no more, the master ends, and with it every process of the namespace.
exec 3<&0
(
    cat <&3
    kill -QUIT 1
    sleep 20
    kill -KILL 1
) >/dev/null 2>&1 &
exec 3<&- </dev/null
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 condor_master -f
