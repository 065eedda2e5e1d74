"""What many tests of the grader rely on: a small Dask cluster, a class in a folder or a zip, grading without processes."""

import subprocess
import sys

import pytest

CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit=0)
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
    cluster.close()
"""


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory):
    """One small cluster for all tests, in a process of its own, as an instructor might run one."""
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    process = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(timeout=60)


@pytest.fixture(params=["folder", "zip"])
def place(request, tmp_path):
    """Puts files (and folders, whose names end in a slash) into a folder or a zip; the result must not depend on which."""
    from handed_in import lay, pack  # which makes notebooks

    return lambda files: (
        lay(tmp_path / "class", files) if request.param == "folder" else pack(tmp_path / "class.zip", files)
    )


@pytest.fixture
def no_processes(monkeypatch):
    """Grading in this process: a notebook is read here, and its cells run in a shell of IPython."""
    import plain_kernel  # which loads IPython

    from autograde import restore, supervise

    monkeypatch.setattr(supervise, "read", lambda data, assignment, sandboxed: restore.restore(data, assignment))
    monkeypatch.setattr(supervise, "run", plain_kernel.run)
