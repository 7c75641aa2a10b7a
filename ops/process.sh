# shellcheck shell=bash
# The processes and ports of ops/stack, by name. A process is started in a session of its own, known
# by a record rather than by a bare pid, signalled, and ended.
# Usage: source "$OPS/process.sh" (after lib.sh). Each process begins as `ops/stack _launch`.

PID= # of the process that alive() last found

# ---- processes ------------------------------------------------------------------------------
# DIR/run/NAME.pid says which process is ours: its pid, when it began and in which boot of the
# machine, and how long its log was then.

log_of() {
	printf '%s/%s.log\n' "$DIR" "$1"
}

port_of() {
	cat "$DIR/run/$1.port" 2>/dev/null
}

# began PID: prints when it began, in ticks since boot; fails if it has ended.
began() {
	local stat fields
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	read -ra fields <<<"${stat##*) }"
	[[ ${fields[0]} != [ZX] ]] || return 1
	printf '%s\n' "${fields[19]}"
}

# Is NAME's process still the one that we started? A pid alone may have been given to another.
alive() {
	local start boot
	[[ -s $DIR/run/$1.pid ]] || return 1
	read -r PID start boot _ <"$DIR/run/$1.pid"
	[[ $boot == "$(</proc/sys/kernel/random/boot_id)" && $(began "$PID") == "$start" ]]
}

gone() {
	! alive "$1"
}

frozen() {
	local PID
	alive "$1" && grep -q '^State:[[:space:]]*T' "/proc/$PID/status"
}

thawed() {
	! frozen "$1"
}

# Runs in the new process, as `ops/stack _launch RECORD LOG COMMAND...`: records who it is, closes
# every file of the caller, and becomes COMMAND.
launch() {
	local record=$1 log=$2 fd
	shift 2
	exec </dev/null >>"$log" 2>&1
	printf '%s %s %s %s\n' "$$" "$(began $$)" "$(</proc/sys/kernel/random/boot_id)" \
		"$(stat -c %s "$log")" >"$record.new"
	mv "$record.new" "$record"
	for fd in "/proc/$$/fd"/*; do
		fd=${fd##*/}
		((fd <= 2)) || eval "exec $fd>&-"
	done
	exec "$@"
}

# spawn NAME COMMAND...: starts it in a session of its own, so that it outlives this shell.
spawn() {
	local name=$1 pid
	shift
	rm -f "$DIR/run/$name.pid"
	setsid "$OPS/stack" _launch "$DIR/run/$name.pid" "$(log_of "$name")" "$@" \
		</dev/null >/dev/null 2>&1 &
	pid=$!
	disown # the shell need not report how it ends
	within 10 test -s "$DIR/run/$name.pid" || die "$name could not be started (process $pid)"
}

# Prints what NAME's last process has logged.
logged() {
	local begin
	read -r _ _ _ begin <"$DIR/run/$1.pid"
	tail -c "+$((begin + 1))" "$(log_of "$1")"
}

show_log() {
	say "--- the end of $(log_of "$1"):"
	tail -n 30 < <(logged "$1") >&2
	say "---"
}

# await_end NAME SECONDS: waits for a process that was told to end; kills it when the time is up.
await_end() {
	within "$2" gone "$1" || {
		warn "$1 (process $PID) did not stop within $2 s: killing it"
		! alive "$1" || kill -KILL "$PID"
		within 10 gone "$1" || die "$1 (process $PID) cannot be killed"
	}
	say "$1 stopped"
}

# stop NAME SECONDS COMMAND...: tells it to end with COMMAND, and waits until it has.
stop() {
	local name=$1 seconds=$2
	shift 2
	if alive "$name"; then
		thawed "$name" || thaw "$name"
		"$@" || true
		await_end "$name" "$seconds"
	fi
	rm -f "$DIR/run/$name.pid"
}

terminate() {
	kill -TERM "$PID"
}

# send_signal NAME SIGNAL CHECK WORD: returns when CHECK says that the signal has taken effect.
send_signal() {
	alive "$1" || die "$1 is not running in $DIR; start it with ops/stack up"
	kill "-$2" "$PID"
	within 10 "$3" "$1" || die "$1 (process $PID) could not be $4"
	say "$1 $4"
}

# SIGKILL: the process saves and says nothing.
kill_at_once() {
	send_signal "$1" KILL gone killed
}

freeze() {
	send_signal "$1" STOP frozen frozen
}

thaw() {
	send_signal "$1" CONT thawed thawed
}

# ---- ports ----------------------------------------------------------------------------------

answers() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# given NAME PORT: has this stack given PORT to another part, which may not listen yet?
given() {
	local name=$1 port=$2 file
	for file in "$DIR/run"/*.port; do
		[[ $file == "$DIR/run/$name.port" || ! -e $file || $(<"$file") != "$port" ]] || return 0
	done
	return 1
}

# take_port NAME: prints the port that NAME had before, if it is free, so that an earlier `env`
# stays true; else any free port below those that the kernel gives to clients.
take_port() {
	local port
	port=$(port_of "$1") || true
	while [[ -z $port ]] || answers "$port" || given "$1" "$port"; do
		port=$((20000 + SRANDOM % 12000))
	done
	printf '%s\n' "$port" | tee "$DIR/run/$1.port"
}

endpoint() {
	alive "$1" || die "$1 is not running in $DIR; start it with ops/stack up"
	printf '127.0.0.1:%s\n' "$(port_of "$1")"
}
