#!/bin/sh
# The real programs that tests need: finds them, and installs them where that is allowed.
#   parts.sh install [PART...]   installs what is missing when root on Debian and INSTALL is not 0,
#                                then names what is here; fails when something is missing and CI=true
#   parts.sh missing             prints the names of what is missing, one per line; installs nothing
# A new part: a line in `has`, its name in `parts`, its marker in tests/parts.py.
set -u
cd "$(dirname "$0")/.." || exit 1
parts="asterisk chromium pages"

# has PART: whether it is here. Asterisk comes with its far ends: SIPp plays callers and phones.
has() {
    case $1 in
    asterisk) sh scripts/asterisk/install.sh --check --far-ends >/dev/null 2>&1 ;;
    chromium) command -v chromium >/dev/null ;;
    pages) [ -f callcenter/api/static/index.html ] ;;
    esac
}

install_part() {
    case $1 in
    asterisk) sh scripts/asterisk/install.sh --far-ends ;;
    chromium) install_chromium ;;
    pages)
        echo "parts: the pages are built when the service is installed, unless CALLCENTER_SKIP_WEB=1" >&2
        return 1
        ;;
    esac
}

# Debian's own Chromium, and the smaller one of Debian's usual fonts that have Chinese.
install_chromium() {
    export DEBIAN_FRONTEND=noninteractive
    for try in 1 2; do
        apt-get install -y -qq --no-install-recommends chromium fonts-wqy-zenhei >/dev/null && return 0
        [ $try = 1 ] && apt-get update -qq -o Acquire::Check-Valid-Until=false
    done
    return 1
}

may_install() {
    [ "${INSTALL:-1}" != 0 ] && [ "$(id -u)" = 0 ] && [ -r /etc/debian_version ]
}

list_missing() {
    for part in $parts; do
        has "$part" || echo "$part"
    done
}

case ${1:-} in
missing) list_missing ;;
install)
    shift
    parts=${*:-$parts}
    for part in $parts; do
        if ! has "$part" && may_install; then
            echo "parts: $part is missing, installing it (INSTALL=0 refuses)"
            install_part "$part" || echo "parts: $part could not be installed" >&2
        fi
        has "$part" && echo "parts: $part is here"
    done
    missing=$(list_missing | tr '\n' ' ')
    [ -n "$missing" ] || exit 0
    echo "parts: missing: ${missing}- the tests that need it are skipped" >&2
    may_install || echo "parts: run as root on Debian, without INSTALL=0, to have it installed" >&2
    if [ "${CI:-}" = true ]; then
        echo "parts: CI=true, so a missing part is a failure" >&2
        exit 1
    fi
    ;;
*)
    sed -n '2,6p' "$0" >&2
    exit 2
    ;;
esac
