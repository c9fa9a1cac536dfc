# Runs inside the virtual computer, from its system disk, before each script. What it says on the second serial line is
# read outside (tests/src/vm/answers.rs).
for name in $(/bin/busybox --list); do [ -e /bin/$name ] || /bin/busybox ln -s busybox /bin/$name; done
export PATH=/bin
mount -t tmpfs none /run
stty -F /dev/ttyS1 raw
exec 3>/dev/ttyS1

# step NAME COMMAND...: what it prints and how it ends; complaints go to the console.
step() {
    echo "@@ $1" >&3
    shift
    "$@" >/run/output 2>/run/complaints
    code=$?
    cat /run/complaints
    cat /run/output >&3
    echo >&3
    echo "@= $code" >&3
}

# node SERIAL: the node of the drive with this serial, found without argosy.
node() {
    for block in /sys/block/*; do
        place=$(readlink -f $block)
        while [ $place != /sys ]; do
            if cat $place/device/vpd_pg80 $place/serial $place/device/serial 2>/dev/null | grep -qa $1; then
                echo /dev/${block##*/}
                break
            fi
            place=$(dirname $place)
        done
    done
}

# read_all: argosy has no part in it. The kernel opens $target with the password that was printed last, and reads every file.
unlock() {
    blockdev --rereadpt $target &&
        printf %s "$password" | cryptsetup open --type bitlk --readonly --key-file - ${target}1 plain
}
read_all() {
    password=$(sed -n 's/.*"recovery_password":"\([0-9-]*\)".*/\1/p' /run/output)
    export DM_DISABLE_UDEV=1
    step unlocked unlock
    mkdir /run/drive
    step opened mount -t ntfs3 -o ro /dev/mapper/plain /run/drive
    cd /run/drive
    step sums find vm-1 -type f -exec sha256sum {} +
}
