# Read by tests/tests/drives/unplugged.rs, which pulls and plugs.
until [ -n "$(node STICK01)" ] && [ -n "$(node BAD01)" ]; do sleep 0.2; done
mkdir -p /root/journals

prepare() {
    argosy prepare --journal-dir /root/journals --source /source --to film/reels/ --wipe --check none --json --session "$@"
}
resume() {
    argosy resume --session vm-1 --journal-dir /root/journals --json --show-keys
}

# One sector of it cannot be written.
step bad prepare vm-bad --drive $(node BAD01) --erase BAD01

# Its plug is pulled once it is erased and being filled.
(
    until grep -qs ArgosyErased /root/journals/STICK01.jrn; do sleep 0.05; done
    echo "@! filling" >&3
) &
step pulled prepare vm-1 --drive $(node STICK01) --erase STICK01
while [ -n "$(node STICK01)" ]; do sleep 0.2; done
step missing resume
echo "@! gone" >&3
until [ -n "$(node STICK01)" ]; do sleep 0.2; done
target=$(node STICK01)
step resumed resume
read_all
sync
poweroff -f
