#!/bin/sh
# Runs one Asterisk CLI command on the instance that start.sh started in DIR.
#   cli.sh DIR core show channels
set -eu
. "$(cd "$(dirname "$0")" && pwd)/env.sh"
[ $# -gt 1 ] || { echo "usage: cli.sh DIR COMMAND..." >&2; exit 2; }
dir=$(cd "$1" && pwd -P)
shift
asterisk_locate || { echo "cli.sh: no Asterisk 22 found" >&2; exit 1; }
asterisk_exec -C "$dir/etc/asterisk.conf" -rx "$*"
