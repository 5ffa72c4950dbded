# Sourced by the other scripts here: where Asterisk is and how it is run.
# shellcheck shell=sh
# Where install.sh unpacks Debian's asterisk package when there is no Asterisk 22 on PATH.
ASTERISK_ROOT=${CALLCENTER_ASTERISK_ROOT:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/callcenter/asterisk-22}

# asterisk_on_path: sets AST_EXE to the asterisk on PATH if it is a 22.x.
asterisk_on_path() {
    AST_EXE=$(PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v asterisk) || return 1
    case $("$AST_EXE" -V 2>/dev/null) in
    "Asterisk 22."*) ;;
    *) return 1 ;;
    esac
}

# asterisk_locate: sets AST_EXE, AST_LD, AST_LIBPATH, AST_MODULES, AST_DATA; false when no Asterisk 22 is there.
asterisk_locate() {
    AST_LD="" AST_LIBPATH="" AST_MODULES="" AST_DATA=""
    if asterisk_on_path; then
        _root=""
    elif [ -x "$ASTERISK_ROOT/usr/sbin/asterisk" ]; then
        # An unpacked copy runs with its own loader and libraries: no chroot, no mounts, no root.
        _root=$ASTERISK_ROOT
        AST_EXE=$_root/usr/sbin/asterisk
        _lib=$(find "$_root/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu*' | head -n 1)
        AST_LD=$(find "$_lib" -maxdepth 1 -name 'ld-linux*.so*' | head -n 1)
        AST_LIBPATH=$_lib:$_root/usr/lib
        [ -n "$AST_LD" ] || return 1
    else
        return 1
    fi
    AST_MODULES=$(find "$_root/usr/lib" "$_root/usr/local/lib" "$_root/usr/lib64" \
        -name app_dial.so -printf '%h\n' 2>/dev/null | head -n 1)
    for _data in "$_root/usr/share/asterisk" "$_root/var/lib/asterisk" "$_root/usr/local/share/asterisk"; do
        [ -z "$AST_DATA" ] && [ -d "$_data/documentation" ] && AST_DATA=$_data
    done
    [ -n "$AST_MODULES" ] && [ -n "$AST_DATA" ]
}

# asterisk_exec ARGS...: becomes asterisk. Call it in a subshell if you want to come back.
asterisk_exec() {
    if [ -n "$AST_LD" ]; then
        exec "$AST_LD" --argv0 asterisk --library-path "$AST_LIBPATH" "$AST_EXE" "$@"
    fi
    exec "$AST_EXE" "$@"
}

# asterisk_pid DIR: prints the pid of the instance that runs in DIR; false when none does.
# A pid that the system has given to somebody else since is not ours: the command line says.
asterisk_pid() {
    [ -s "$1/pid" ] || return 1
    _pid=$(cat "$1/pid")
    tr '\0' '\n' <"/proc/$_pid/cmdline" 2>/dev/null | grep -qxF "$1/etc/asterisk.conf" || return 1
    echo "$_pid"
}
