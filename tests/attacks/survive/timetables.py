"""Ask the machine's timetables to start something later."""

import shutil, subprocess
for command in (["crontab", "-"], ["at", "now"], ["batch"], ["systemd-run", "--user", "true"]):
    if shutil.which(command[0]):
        done = subprocess.run(command, input=b"* * * * * true # @TOKEN@\n", capture_output=True, timeout=10)
        if done.returncode == 0:
            print("EFFECT", command)
