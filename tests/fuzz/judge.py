"""Lets the program read damaged inputs in processes of their own, and judges what comes of it."""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from damage import Damaged, make
from intact import intact

SECONDS = 60.0
SCRIPT = Path(__file__).with_name("reader_process.py")
GOOD = ("read", "refused")
MOST_MB = 1200.0
"""The program with all its libraries takes some 500 MB; no input is larger than a few."""


@dataclass(frozen=True)
class Verdict:
    """``outcome``: "read" or "refused" are good; "traceback", "too much memory", "bad error", "hang", "crash" or
    "stray file" are not."""

    number: int
    input: Damaged
    outcome: str
    text: str
    seconds: float
    peak_MB: float

    @property
    def good(self) -> bool:
        """Whether the program behaved."""
        return self.outcome in GOOD


class Reader:
    """A reading process, started again where it died or was killed."""

    def __init__(self, sandbox: Path):
        self.sandbox = sandbox
        sandbox.mkdir()
        self.start()

    def start(self) -> None:
        """A fresh process in an empty sandbox."""
        shutil.rmtree(self.sandbox)
        (self.sandbox / "tmp").mkdir(parents=True)
        environment = {**os.environ, "TMPDIR": str(self.sandbox / "tmp"), "HOME": str(self.sandbox), "PYTHONDONTWRITEBYTECODE": "1"}
        self.noise = (self.sandbox.parent / f"{self.sandbox.name}.stderr").open("wb")
        command = [sys.executable, str(SCRIPT), str(self.sandbox)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.noise, cwd=self.sandbox, env=environment
        )
        self.process.stdout.readline()
        self.before = self.places()

    def places(self) -> set[Path]:
        """All that lies in the sandbox."""
        return set(self.sandbox.rglob("*"))

    def judge(self, number: int, item: Damaged) -> Verdict:
        """One input read and judged."""
        task = json.dumps({"reader": item.reader, "path": str(item.path)})
        self.process.stdin.write(f"{task}\n".encode())
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], SECONDS)[0]:
            self.stop()
            self.start()
            return Verdict(number, item, "hang", f"no answer in {SECONDS:.0f} s", SECONDS, 0.0)
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            self.start()
            return Verdict(number, item, "crash", f"the process ended with {code}", 0.0, 0.0)
        answer = json.loads(line)
        left = sorted(str(p) for p in self.places() - self.before)
        if answer["stray"] or left:
            self.before = self.places()
            return Verdict(number, item, "stray file", f"{answer['stray']} {left}", answer["seconds"], answer["peak_MB"])
        outcome, text = answer["outcome"], answer["text"]
        if answer["peak_MB"] > MOST_MB:
            outcome, text = "too much memory", f"{answer['peak_MB']:.0f} MB; {outcome}: {text}"
            self.stop()
            self.start()  # a process keeps its peak
        return Verdict(number, item, outcome, text, answer["seconds"], answer["peak_MB"])

    def stop(self) -> None:
        """End this process."""
        self.process.kill()
        self.process.wait()
        self.noise.close()


def run(numbers: Iterable[int], seed: int, workers: int = 1) -> Iterator[Verdict]:
    """A verdict for every number, in no order."""
    with tempfile.TemporaryDirectory(prefix="aorta-fuzz-") as private:
        folder = Path(private).resolve()
        sources = intact(folder / "intact")
        readers: SimpleQueue = SimpleQueue()
        all_readers = [Reader(folder / f"sandbox{n}") for n in range(workers)]
        for reader in all_readers:
            readers.put(reader)

        def one(number: int) -> Verdict:
            place = folder / "inputs" / str(number)
            item = make(number, seed, sources, place)
            reader = readers.get()
            try:
                return reader.judge(number, item)
            finally:
                readers.put(reader)
                shutil.rmtree(place)

        try:
            with ThreadPoolExecutor(workers) as pool:
                yield from pool.map(one, numbers)
        finally:
            for reader in all_readers:
                reader.stop()
        escaped = [p for p in (folder / "escaped", folder / "inputs" / "escaped", Path("/tmp/aorta-escaped")) if p.exists()]
        assert not escaped, f"written outside: {escaped}"
