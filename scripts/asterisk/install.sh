#!/bin/sh
# Makes an Asterisk 22 available, and with --far-ends also the phones and voices of the tests (SIPp, espeak-ng).
#   install.sh [--far-ends]      installs only what is missing; prints the version
#   install.sh --check [...]     installs nothing; fails and says so when something is missing
# Environment: INSTALL=0 is the same as --check. CALLCENTER_ASTERISK_ROOT: the folder to unpack into.
# CALLCENTER_ASTERISK_SUITES: Debian suites to try. An asterisk 22 on PATH is used as it is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/env.sh"
# Suites in the order tried. Debian 12 has no asterisk at all, and no suite keeps 22 for ever.
suites=${CALLCENTER_ASTERISK_SUITES:-forky sid trixie trixie-backports bookworm-backports}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

far_ends=0 may_install=1
[ "${INSTALL:-1}" != 0 ] || may_install=0
for arg; do
    case $arg in
    --far-ends) far_ends=1 ;;
    --check) may_install=0 ;;
    *) sed -n '2,6p' "$0" >&2; exit 2 ;;
    esac
done

fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

# may WHAT: leaves with a message unless WHAT may be installed now.
may() {
    [ "$may_install" = 1 ] || fail "$1 is missing, and installing is switched off (INSTALL=0 or --check)"
    [ "$(id -u)" = 0 ] || fail "$1 is missing and only root can install it: run this script as root, or install $1 yourself"
    command -v apt-get >/dev/null || fail "$1 is missing and this system has no apt-get: install $1 yourself"
}

apt_updated=0
apt_get_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null 2>&1 && return 0
    [ "$apt_updated" = 1 ] || apt-get update -qq -o Acquire::Check-Valid-Until=false || fail "apt-get update failed"
    apt_updated=1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >/dev/null
}

# need COMMAND PACKAGE
need() {
    command -v "$1" >/dev/null && return 0
    may "$2"
    echo "installing $2"
    apt_get_install "$2" || fail "apt-get could not install $2"
}

# debian_mirror FILE...: the first Debian mirror that apt's sources name, in deb822 or one-line style. It is
# the one that has `main` of this release: other vendors' sources have not both.
debian_mirror() {
    cat "$@" 2>/dev/null | awk -v release="$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")" '
        function is_release(word) { return word == release || word ~ /^(stable|testing|unstable|sid)$/ }
        function flush() { if (uri && suite && component) print uri; uri = ""; suite = component = 0 }
        /^[[:space:]]*$/ { flush() }
        /^Types:/ { flush() }
        /^URIs:/ { uri = $2 }
        /^Suites:/ { for (i = 2; i <= NF; i++) if (is_release($i)) suite = 1 }
        /^Components:/ { for (i = 2; i <= NF; i++) if ($i == "main") component = 1 }
        /^deb[[:space:]]/ {
            sub(/\[[^]]*\]/, "")
            if (is_release($3) && $0 ~ /[[:space:]]main([[:space:]]|$)/) print $2
        }
        END { flush() }' | grep -m 1 -E '^https?://'
}

# unpack SUITE MIRROR: Asterisk and every library it needs, as files only: nothing is configured, started or mounted.
unpack() {
    rm -rf "$ASTERISK_ROOT.new"
    proxy=""
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || export http_proxy="$proxy"
    mmdebstrap --variant=extract --format=directory \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
        --keyring="$keyring" --include=asterisk,asterisk-core-sounds-en-gsm \
        "$1" "$ASTERISK_ROOT.new" "deb [signed-by=$keyring] $2 $1 main" 2>"$ASTERISK_ROOT.log"
}

install_asterisk() {
    may "Asterisk 22"
    need mmdebstrap mmdebstrap
    [ -r "$keyring" ] || apt_get_install debian-archive-keyring || fail "no Debian keys to check packages with: $keyring is missing"
    mirror=$(debian_mirror /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources) ||
        fail "no Debian mirror in this machine's apt sources: install Asterisk 22 yourself and put it on PATH"
    mkdir -p "$(dirname "$ASTERISK_ROOT")"
    exec 8>"$ASTERISK_ROOT.lock"   # two runs at once: the second waits, and finds it done
    flock 8
    ! asterisk_locate || return 0
    wanted=$ASTERISK_ROOT
    for suite in $suites; do
        echo "unpacking asterisk from Debian $suite"
        if ! unpack "$suite" "$mirror"; then
            echo "  not from $suite: $(grep -m 1 '^E:' "$wanted.log" || tail -n 1 "$wanted.log")"
            continue
        fi
        ASTERISK_ROOT=$wanted.new
        if version=$(asterisk_locate && asterisk_exec -V) && [ "${version#Asterisk 22.}" != "$version" ]; then
            ASTERISK_ROOT=$wanted
            rm -rf "$wanted" && mv "$wanted.new" "$wanted"
            return 0
        fi
        ASTERISK_ROOT=$wanted
        echo "  not from $suite: it has ${version:-an Asterisk that does not run}, wanted is 22.x"
    done
    rm -rf "$wanted.new"
    fail "no Asterisk 22 in any of: $suites (the log is $wanted.log). Name others in CALLCENTER_ASTERISK_SUITES"
}

if [ "$far_ends" = 1 ]; then
    need sipp sip-tester
    need espeak-ng espeak-ng
fi
asterisk_locate || install_asterisk
asterisk_locate || fail "Asterisk in $ASTERISK_ROOT is not complete: remove that folder and run this again"
echo "$( (asterisk_exec -V) ) ($AST_EXE)"
