"""Read the catalogue: one YAML file per device, every mistake told with its file and key."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from aorta.errors import StentError
from aorta.stent.catalogue_schema import Device, Evidence, IliacRule, MainBody, NeckRule, RingFacts

SHIPPED = Path(__file__).parent / "catalogue"
_KEYS = {key for part in (Device, Evidence, IliacRule, MainBody, NeckRule, RingFacts) for key in part.model_fields}


def load_catalogue(folder: str | None, makers: tuple[str, ...] = ()) -> tuple[Device, ...]:
    """All devices of a folder (None: the one that comes with the program), of some makers only if given.

    Raises
    ------
    StentError
        No such folder, no file in it, a file that is not a valid catalogue, a device twice, a maker unknown.
    """
    path = Path(folder) if folder else SHIPPED
    files = sorted(path.glob("*.yaml")) if path.is_dir() else []
    if not files:
        raise StentError(
            "The stent catalogue is empty.", where="stent.catalogue", why="no *.yaml file there", fix="give a folder of data files"
        )
    devices = tuple(read_device(file) for file in files)
    names = [(d.maker, d.device) for d in devices]
    for name in set(names):
        if names.count(name) > 1:
            raise StentError(
                f"{' '.join(name)} is in the catalogue twice.", where="stent.catalogue", fix="keep one file per device"
            )
    known = {d.maker.lower(): d.maker for d in devices}
    unknown = [maker for maker in makers if maker.lower() not in known]
    if unknown:
        raise StentError(
            f"Unknown maker {', '.join(unknown)}.",
            where="stent.makers",
            fix=f"the catalogue has {', '.join(sorted(known.values()))}",
        )
    return tuple(d for d in devices if not makers or d.maker.lower() in {maker.lower() for maker in makers})


def read_device(file: Path) -> Device:
    """One data file.

    Raises
    ------
    StentError
        With a line per mistake.
    """
    try:
        data = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
        return Device.model_validate(data)
    except ValidationError as error:
        raise StentError(
            "A stent catalogue file is not valid.",
            where=file.name,
            fix="correct the lines above",
            details=tuple(map(_line, error.errors())),
        ) from None
    except (YAMLError, UnicodeDecodeError, OSError) as error:
        problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
        where = f"{file.name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else file.name
        why = str(problem or type(error).__name__)
        raise StentError("A stent catalogue file cannot be read.", where=where, why=why, fix="check its YAML") from None


def _line(mistake: dict) -> str:
    place = ".".join(str(part) for part in mistake["loc"]) or "file"
    if mistake["type"] == "extra_forbidden":
        near = get_close_matches(str(mistake["loc"][-1]), _KEYS, n=1)
        return f"{place}: unknown key" + (f"; did you mean '{near[0]}'?" if near else "")
    return f"{place}: {mistake['msg']}"
