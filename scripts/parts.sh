#!/bin/sh
# The real programs that tests need: finds them, and installs them where that is allowed.
#   parts.sh install [PART...]   installs what is missing when root on Debian and INSTALL is not 0,
#                                then names what is here; fails when something is missing and CI=true
#   parts.sh missing             prints the names of what is missing, one per line; installs nothing
# A new part: a line in `has`, its name in `parts`, its marker in tests/parts.py.
set -u
cd "$(dirname "$0")/.." || exit 1
parts="asterisk chromium pages postgresql"

# has PART: whether it is here. Asterisk comes with its far ends: SIPp plays callers and phones.
has() {
    case $1 in
    asterisk) sh scripts/asterisk/install.sh --check --far-ends >/dev/null 2>&1 ;;
    chromium) command -v chromium >/dev/null && has_library libatomic ;;
    pages) [ -f callcenter/api/static/index.html ] ;;
    postgresql) command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
    esac
}

# has_library NAME: whether the linker finds it; where nobody can tell it is taken to be there.
has_library() {
    libraries=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) || return 0
    case $libraries in *"$1"*) return 0 ;; esac
    return 1
}

install_part() {
    case $1 in
    asterisk) sh scripts/asterisk/install.sh --far-ends ;;
    chromium) install_packages chromium fonts-wqy-zenhei libatomic1 ;;
    postgresql) install_postgresql ;;
    pages)
        echo "parts: the pages are built when the service is installed, unless CALLCENTER_SKIP_WEB=1" >&2
        return 1
        ;;
    esac
}

# With Chromium come the smaller one of Debian's usual fonts that have Chinese, and what the Node
# needs that drives it (playwright brings its own, a minimal Debian has no libatomic).
install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    for try in 1 2; do
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null && return 0
        [ $try = 1 ] && apt-get update -qq -o Acquire::Check-Valid-Until=false
    done
    return 1
}

# Debian's package would make and start a cluster of its own; the tests make theirs.
install_postgresql() {
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/callcenter.conf
    install_packages postgresql
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
