#!/bin/sh
# Starts an Asterisk of its own in DIR and returns when it is fully booted.
#   start.sh DIR      DIR/etc holds the rendered configuration: callcenter asterisk config --standalone --out DIR
# Everything it writes stays in DIR. Any number of instances may run at once, each in a DIR of its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/env.sh"
boot_limit_s=30   # a cold disk and two cores need about 3 s

fail() { printf 'start.sh: %s\n' "$*" >&2; exit 1; }
[ $# = 1 ] || fail "usage: start.sh DIR"
[ -r "$1/etc/asterisk.conf" ] || fail "$1/etc/asterisk.conf is missing: render the configuration first"
dir=$(cd "$1" && pwd -P)
asterisk_locate || fail "no Asterisk 22 found: run $here/install.sh"
cd "$dir"
exec 9>"$dir/start.lock"
flock 9
if pid=$(asterisk_pid "$dir"); then echo "already running, pid $pid"; exit 0; fi

rm -rf run data modules
mkdir -p run spool/monitor spool/tmp log db/keys agi-bin sounds/moh data/sounds
ln -s "$AST_MODULES" modules
# Our own data folder over Asterisk's: a distribution's links are absolute and point nowhere in an unpacked copy.
# Its own words are "beep", "digits/1"; ours are "cc/...".
for entry in "$AST_DATA"/*; do
    [ "${entry##*/}" = sounds ] || ln -s "$entry" data/
done
words=$(find "$AST_DATA/sounds/" -maxdepth 2 -name 'beep.*' -printf '%h\n' 2>/dev/null | head -n 1)
[ -z "$words" ] || ln -s "$words" data/sounds/en
ln -s "$dir/sounds" data/sounds/cc

# A session of its own: Ctrl-C in the caller's terminal must not reach it. It must not hold the lock either.
(
    exec 9>&- </dev/null >log/stdout 2>&1
    if [ -n "$AST_LD" ]; then
        exec setsid "$AST_LD" --argv0 asterisk --library-path "$AST_LIBPATH" "$AST_EXE" -f -C "$dir/etc/asterisk.conf"
    fi
    exec setsid "$AST_EXE" -f -C "$dir/etc/asterisk.conf"
) &
pid=$!
echo "$pid" >pid
deadline=$(($(date +%s) + boot_limit_s))
until (asterisk_exec -C "$dir/etc/asterisk.conf" -rx 'core waitfullybooted') >/dev/null 2>&1 9>&-; do
    if ! kill -0 "$pid" 2>/dev/null; then
        rm -f pid
        fail "Asterisk stopped while starting:
$(tail -n 20 log/stdout log/messages 2>/dev/null)"
    fi
    if [ "$(date +%s)" -ge "$deadline" ]; then
        kill -KILL "$pid"
        rm -f pid
        fail "Asterisk was not up after $boot_limit_s s:
$(tail -n 20 log/stdout log/messages 2>/dev/null)"
    fi
    sleep 0.05
done
echo "Asterisk is up, pid $pid"
