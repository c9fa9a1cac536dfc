# Read by tests/tests/drives/real_drives.rs.
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

read_all
sync
poweroff -f
