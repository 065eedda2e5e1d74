"""Leave a core dump where the machine collects them."""

import os, subprocess, sys
subprocess.run([sys.executable, "-c", "import resource, sys; sys.exit(resource.getrlimit(resource.RLIMIT_CORE) != (0, 0))"]).returncode and print("EFFECT")
