"""The structure that design and README promise, read from the sources."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "aorta"
MODULES = sorted(PACKAGE.rglob("*.py"))
VOCABULARY = {"records", "settings", "units", "frames", "errors"}
STAGES = {
    *("imaging", "registration", "segmentation", "anatomy", "meshing", "mechanics", "haemodynamics"),
    *("risk", "stent", "report", "phantom"),
}
ALLOWED = {
    "errors": set(),
    "units": set(),
    "frames": set(),
    "records": set(),
    "settings": {"units"},
    **{stage: VOCABULARY for stage in STAGES},
    "config": VOCABULARY | {"mechanics"},  # names of materials only
    "verify": VOCABULARY | {"mechanics", "meshing", "risk", "phantom", "anatomy", "haemodynamics"},
    "pipeline": VOCABULARY | STAGES | {"config"},
    "cohort": VOCABULARY | {"config", "pipeline"},
    "cli": VOCABULARY | STAGES | {"config", "pipeline", "cohort", "verify"},
}
ONLY_IN = {"gmsh": "meshing", "meshio": "meshing", "dolfinx": "mechanics", "ufl": "mechanics", "petsc4py": "mechanics"}


def imports(path):
    """(module, line) of every import, also those inside functions; not those for type checking."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "aorta":
                yield from ((f"aorta.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_point_downwards(path):
    own = part_of(path)
    for module, line in imports(path):
        parts = module.split(".")
        if parts[0] == "aorta" and len(parts) > 1 and parts[1] not in ("__version__", "RESEARCH_USE") and own in ALLOWED:
            assert parts[1] == own or parts[1] in ALLOWED[own], f"{path.name}:{line}: {own} must not import {module}"
        if parts[0] in ONLY_IN:
            home = ONLY_IN[parts[0]]
            assert own == home, f"{path.name}:{line}: only {home} imports {parts[0]}"


def test_records_come_from_one_place():
    deeper = [
        f"{path.relative_to(PACKAGE)}:{line} {module}"
        for path in MODULES
        if part_of(path) != "records"
        for module, line in imports(path)
        if module.startswith("aorta.records.")
    ]
    assert deeper == [], "import from aorta.records"


def test_forbidden_import_is_seen(tmp_path):
    offender = tmp_path / "offender.py"
    offender.write_text("def f():\n    import gmsh\n    from aorta.risk import assess\n")
    assert [name for name, _ in imports(offender)] == ["gmsh", "aorta.risk"]


@pytest.mark.parametrize("path", [p for p in MODULES if part_of(p) not in ("cli", "__main__")], ids=lambda p: p.stem)
def test_domain_code_neither_prints_nor_exits(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "sys.exit", "exit", "quit", "os._exit"), f"{path.name}:{node.lineno}: {called}"
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{path.name}:{node.lineno}: bare except"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_is_one_idea(path):
    assert len(path.read_text().splitlines()) <= 320


def test_only_guards_catch_everything():
    """A reader's failure is made a refusal by ``errors.on_damage``; a bug of ours is told by the command line."""
    anything = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and ast.unparse(node.type) == "Exception"
    }
    assert anything == {"errors.py", "cli/main.py", "cli/probes.py", "meshing/fill.py"}


def test_public_functions_are_documented():
    bare = []
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_") and not ast.get_docstring(node):
                bare.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}")
    assert bare == []


def test_no_pickle_eval_or_network():
    modules = {"pickle", "marshal", "shelve", "requests", "urllib.request", "http.client", "socket", "ftplib"}
    found = [f"{p.name}:{line} {name}" for p in MODULES for name, line in imports(p) if name in modules]
    found.remove(next(f for f in found if f.startswith("worker.py") and f.endswith("socket")))  # refuses the network to others
    for path in MODULES:
        calls = (ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        found += [f"{path.name} {call}" for call in calls if call in ("eval", "exec")]
        found += [f"{path.name} allow_pickle"] if "allow_pickle=True" in path.read_text() else []
    assert found == []
