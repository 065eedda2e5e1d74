"""What every test relies on: a private Jupyter, no settings of the machine's owner, a copy of the project."""

import os
import sysconfig

import pytest
from projects import copy_project


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory):
    """Notebooks and servers started by tests see the quick profile and nobody's personal configuration."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("VAELAB_", "NBGRADER_"))]:
            patch.delenv(name)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(home / name.lower()))
        # nbgrader starts programs of its own environment by name.
        patch.setenv("PATH", sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"])
        yield


@pytest.fixture
def project_copy(tmp_path):
    return copy_project(tmp_path / "project")
