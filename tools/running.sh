# What tools/up and tools/down share: where the installation lies, and how to ask it. Sourced, never run.

prefix=${GK_TEST_PREFIX:-} # Tests install below a directory of their own.
GK_PROGRAMS=$prefix/usr/local/lib/gamekeeper
GK_COMMAND=$prefix/usr/local/bin/gamekeeper
GK_LOG=$prefix/var/log/gamekeeper/serve.log
# Where the program itself looks when nothing else is said; then `gamekeeper` needs no options.
state_folder=${GK_STATE:-$prefix/var/lib/gamekeeper}
if [ "$state_folder" = /var/lib/gamekeeper ]; then
    unset GK_STATE
    GK_SOCKET=/run/gamekeeper/api.sock
else
    export GK_STATE=$state_folder
    GK_SOCKET=$GK_STATE/api.sock
fi

# Goes on as root with the same script; asks for the password once and says what for.
become_root() {
    local reason=$1
    shift
    [ "$(id -u)" != 0 ] || exec "$@"
    command -v sudo >/dev/null || {
        echo "root is needed to $reason, and there is no sudo here: run this as root" >&2
        exit 1
    }
    exec sudo --preserve-env=GK_STATE,GK_API_LISTEN,GK_EDGE_ENABLED -p "Gamekeeper needs root to $reason. Password for %u: " "$@"
}

gk() { "$GK_PROGRAMS/gamekeeper" --socket "$GK_SOCKET" "$@"; }

is_up() { [ -S "$GK_SOCKET" ] && gk -o json server list >/dev/null 2>&1; }

# The pid of the control plane. It writes it into the file that it keeps locked; after a crash the number may be anybody's.
control_plane_pid() {
    local pid
    pid=$(cat "$state_folder/gamekeeper.db.lock" 2>/dev/null) || return 1
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = gamekeeper ] && echo "$pid"
}

# The pid of the edge, which outlives the control plane; the same is true of its file.
edge_pid() {
    local pid
    pid=$(cat "$state_folder/edge/lock" 2>/dev/null) || return 1
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = gamekeeper ] && echo "$pid"
}

# field_of SERVER KEY...: one value of the server's JSON object.
field_of() {
    local server=$1
    shift
    gk -o json server show "$server" | python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = value[int(key) if isinstance(value, list) else key]
print(value)' "$@"
}

servers_not_stopped() {
    gk -o json server list | python3 -c '
import json, sys
found = json.load(sys.stdin)
for server in found["items"] if isinstance(found, dict) else found:
    if server["wanted"] != "stopped" or server["state"] != "stopped":
        print(server["id"])'
}
