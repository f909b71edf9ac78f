"""Files appear whole or not at all, and a full disk is told as what it is."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from aorta.errors import SetupError

_WHY = {
    errno.ENOSPC: ("the disk is full", "free some space, or choose another folder with -o"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, or choose another folder with -o"),
    errno.EFBIG: ("the file would exceed the file-size limit", "raise the limit (ulimit -f), or choose another folder with -o"),
    errno.EACCES: ("the folder may not be written to", "choose another folder with -o, or change its permissions"),
    errno.EROFS: ("the file system is read-only", "choose another folder with -o"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "move it away, or choose another folder with -o"),
    errno.EEXIST: ("a file stands where a folder is needed", "move it away, or choose another folder with -o"),
}


def write_file(folder: Path, name: str, content: bytes | str) -> Path:
    """Write `folder`/`name` (folders made as needed): a temporary file beside it, synced, then renamed.

    Raises
    ------
    SetupError
        The folder or file cannot be written; `where` has only the part below `folder`.
    """
    path = folder / name
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        why, fix = _WHY.get(error.errno or 0, (os.strerror(error.errno or errno.EIO), "choose another folder with -o"))
        raise SetupError(
            f"the report could not be written: {why}", where=name, why=f"{why} ({len(data)} bytes)", fix=fix
        ) from error
    return path
