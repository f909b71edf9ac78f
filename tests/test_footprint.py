"""Outside its output folder the program leaves files in the cache alone, and none in the home folder."""

import os
import subprocess
import sys

import pytest

MESH = """
from aorta.meshing.gmsh_session import gmsh_session
import os
home = os.environ["HOME"]
with gmsh_session() as gmsh:
    gmsh.model.occ.addSphere(0, 0, 0, 1)
assert os.environ["HOME"] == home
"""
PICTURE = """
from aorta.report.figures.figure import plt
plt.figure().text(0, 0, "x")
plt.gcf().canvas.draw()
"""


@pytest.mark.parametrize("program, left", [(MESH, []), (PICTURE, [".cache"])], ids=["gmsh", "matplotlib"])
def test_home_stays_clean(tmp_path, program, left):
    own = {name: value for name, value in os.environ.items() if name not in ("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    subprocess.run([sys.executable, "-c", program], env=own | {"HOME": str(tmp_path)}, check=True)
    assert sorted(os.listdir(tmp_path)) == left
