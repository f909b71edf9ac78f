"""Reads inputs one by one for ``judge``: a line of JSON in, a line of JSON out.

Run as ``python reader_process.py SANDBOX``. It limits its own memory and tells every file that Python opens for
writing outside the sandbox; what native code writes there, the judge sees.
"""

import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path

MEMORY = 8 * 2**30


def main(sandbox: Path) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from aorta.imaging.labelmap import read_labels
    from aorta.imaging.read import read_image
    from aorta.meshing.surfaces_in import read_surface
    from aorta.settings import ImageInput, LabelInput

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stray: list[str] = []

    def watch(event: str, arguments: tuple) -> None:
        if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
            path, mode, flags = arguments
            writes = (
                set(mode or "") & set("wax+") if isinstance(mode, str) else (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            )
            changed = [path] if writes else []
        else:
            changed = arguments[:2] if event in ("os.rename", "os.symlink", "os.link") else ()
            changed = arguments[:1] if event in ("os.mkdir", "os.remove", "os.rmdir", "os.chmod") else changed
        for path in changed:
            place = Path(os.fsdecode(path))
            if place.is_absolute() and not place.is_relative_to(sandbox) and str(place) != os.devnull:
                stray.append(f"{event} {place}")

    sys.addaudithook(watch)

    def read(reader: str, path: Path) -> str:
        if reader == "surface":
            return _check_surface(read_surface(path, "mm", "LPS", "the surface"))
        if reader == "labels":
            convention = "slicer" if path.name.endswith(".seg.nrrd") else "aorta"
            return _check_labels(read_labels(path, LabelInput("x", convention=convention)))
        single = path.name.endswith((".nii", ".nii.gz", ".nrrd", ".mha"))
        return _check_volume(read_image(path, ImageInput("x", modality="CT" if single else None)))

    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        stray.clear()
        begin = time.monotonic()
        answer = _judged(read, task["reader"], Path(task["path"]))
        answer |= {
            "seconds": time.monotonic() - begin,
            "peak_MB": _peak_MB(),
            "stray": list(stray),
        }
        print(json.dumps(answer), file=answers, flush=True)


def _peak_MB() -> float:
    """The largest this process has been; getrusage counts in that of the process it was forked from."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _judged(read, reader: str, path: Path) -> dict:
    from aorta.errors import AortaError

    try:
        return {"outcome": "read", "text": read(reader, path)}
    except AortaError as error:
        if _lacked_memory(error):
            return {"outcome": "too much memory", "text": traceback.format_exc()}
        told = {"what": error.what, "where": error.where, "fix": error.fix}
        missing = [key for key, value in told.items() if not value]
        if missing or str(path.parent) in str(error):
            return {"outcome": "bad error", "text": f"{error} (missing: {missing})"}
        return {"outcome": "refused", "text": error.what}
    except MemoryError:
        return {"outcome": "too much memory", "text": traceback.format_exc()}
    except BaseException:
        return {"outcome": "traceback", "text": traceback.format_exc()}


def _lacked_memory(error: BaseException | None) -> bool:
    """Whether a refusal stands for a lack of memory, by what was raised before it; "from None" hides that only from readers."""
    while error is not None:
        if isinstance(error, MemoryError) or any(words in str(error) for words in ("allocate memory", "bad_alloc")):
            return True
        error = error.__cause__ or error.__context__
    return False


def _check_volume(volume) -> str:
    import numpy as np

    assert volume.voxels.shape == volume.grid.shape_kji and volume.modality in ("CT", "MR")
    assert volume.voxels.dtype in (np.int16, np.float32) and np.isfinite(volume.voxels).all()
    assert np.isfinite(volume.grid.affine_lps).all()
    return f"{volume.voxels.shape}"


def _check_labels(labels) -> str:
    import numpy as np

    assert labels.voxels.shape == labels.grid.shape_kji and labels.voxels.dtype == np.uint8 and labels.voxels.max() <= 6
    assert np.isfinite(labels.grid.affine_lps).all()
    return f"{labels.voxels.shape}"


def _check_surface(surface) -> str:
    import numpy as np

    assert np.isfinite(surface.points).all() and surface.triangles.min() >= 0 and surface.triangles.max() < len(surface.points)
    assert surface.volume_mm3 > 0
    return f"{len(surface.triangles)} triangles"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
