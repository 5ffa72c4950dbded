#!/bin/sh
# Stops the Asterisk that start.sh started in DIR, by its own pid. Does nothing when it is not running.
#   stop.sh DIR
set -eu
. "$(cd "$(dirname "$0")" && pwd)/env.sh"
stop_limit_s=5   # then it is killed: it hangs up its calls within a second

[ $# = 1 ] && [ -d "$1" ] || { echo "usage: stop.sh DIR" >&2; exit 2; }
dir=$(cd "$1" && pwd -P)
if ! pid=$(asterisk_pid "$dir"); then echo "not running"; rm -f "$dir/pid"; exit 0; fi
kill -TERM "$pid"
tries=$((stop_limit_s * 20))
while asterisk_pid "$dir" >/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { kill -KILL "$pid" 2>/dev/null || true; break; }
    sleep 0.05
done
rm -f "$dir/pid"
echo "stopped, pid $pid"
