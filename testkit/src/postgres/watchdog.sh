# Owns one private PostgreSQL server for a test process. Runs as an unprivileged user, in its own process group.
#
# Commands come on standard input, one a line; each is answered with one line on standard output. When standard input
# ends, because the test process closed it or died in any way at all (kill -9 included), the server is stopped at once and
# its folder is removed.
#
#   $1 the folder of the server   $2 the folder of `initdb` and `postgres`
folder=$1
binaries=$2
server=
guard=
# Should this shell itself be killed, the kernel stops the server. The shell has one thread, so "parent" is the shell.
if command -v setpriv >/dev/null 2>&1 && setpriv --pdeathsig QUIT true >/dev/null 2>&1; then
    guard="setpriv --pdeathsig QUIT"
fi
trap '' INT HUP TERM PIPE

stop() {
    if [ -n "$server" ]; then
        kill -s "$1" "$server" 2>/dev/null
        wait "$server" 2>/dev/null
        server=
    fi
}

cd "$folder" || exit 1
while read -r command argument; do
    case $command in
    init)
        "$binaries/initdb" -D "$folder/data" -U vigil -E UTF8 --locale=C --no-sync \
            --auth-local=trust --auth-host=password --pwfile="$folder/password" </dev/null >>"$folder/log" 2>&1
        echo "init $?"
        ;;
    start)
        # shellcheck disable=SC2086
        $guard "$binaries/postgres" -D "$folder/data" -k "$folder" -h 127.0.0.1 -p "$argument" \
            </dev/null >>"$folder/log" 2>&1 &
        server=$!
        echo "start $server"
        ;;
    stop)
        stop "$argument"
        echo "stop"
        ;;
    esac
done
stop QUIT
cd /
# A server that is still writing its last bytes may put a file into a folder that is being removed.
rm -rf "$folder" 2>/dev/null || { sleep 1; rm -rf "$folder"; }
