# Runs inside the virtual computer, from its system disk. What it says on the second serial line is read by
# tests/tests/real_drives.rs.
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

# USB drives come late.
until [ -n "$(node USB4096)" ] && [ "$(node TWIN01 | wc -l)" = 2 ]; do sleep 0.2; done

target=$(node TARGET01)
mount -t ext4 -o ro,noload $(node NVME01) /mnt
swapon $(node SWAP01)

# Words that name the drive are given each time: only the lowest layer stands between.
prepare() {
    argosy prepare --session vm-1 --journal-dir /root/journals --source /source --to film/reels/ \
        --wipe --json --show-keys --drive "$@"
}
mkdir -p /root/journals

step drives argosy drives --json
step system prepare $(node SYSTEM01) --erase SYSTEM01
step partition prepare $(node SYSTEM01)1=PART0001 --erase PART0001
step mounted prepare $(node NVME01) --erase NVME01
step swapped prepare $(node SWAP01) --erase SWAP01
step twin prepare $(node TWIN01 | head -n 1) --erase TWIN01
# With the word that was missing, only the confirmation is missing.
step labelled prepare $(node TWIN01 | head -n 1)=LABEL001
step sectors prepare $(node USB4096) --erase USB4096
step accepted prepare $(node USB4096) --accept-4096
step wrong-label prepare $target=OTHER001 --erase OTHER001
step wrong-word prepare $target --erase NVME01
step prepared prepare $target --erase TARGET01

# From here on argosy has no part in it: the kernel opens the drive.
password=$(sed -n 's/.*"recovery_password":"\([0-9-]*\)".*/\1/p' /run/output)
export DM_DISABLE_UDEV=1
unlock() {
    blockdev --rereadpt $target &&
        printf %s "$password" | cryptsetup open --type bitlk --readonly --key-file - ${target}1 plain
}
step unlocked unlock
mkdir /run/drive
step opened mount -t ntfs3 -o ro /dev/mapper/plain /run/drive
cd /run/drive
step sums find vm-1 -type f -exec sha256sum {} +
sync
poweroff -f
