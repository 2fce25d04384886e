# Runs a program on a terminal of its own and types into it.
#   python3 terminal.py COLUMNS KEYS PROGRAM [ARGUMENT...]
# KEYS is JSON: [[text to wait for, text to type, seconds to let pass in between], ...]. Prints JSON: what the program wrote, its exit status (negative:
# the signal that ended it).
import fcntl, json, os, pty, select, struct, sys, termios, time

LIMIT_S = 60

def main():
    columns, keys, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
        os.execvp(command[0], command)
    output, seen, end = b'', 0, time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            try:
                block = os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
            if not block:
                break
            output += block
        if keys and keys[0][0].encode() in output[seen:]:
            seen = len(output)
            _, typed, *pause = keys.pop(0)
            time.sleep(pause[0] if pause else 0)
            os.write(terminal, typed.encode())
    else:
        os.kill(pid, 9)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps({'output': output.decode('utf-8', 'replace'), 'status': code}))

main()
