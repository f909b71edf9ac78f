"""Damage 2,000 inputs and see what the readers make of them.

    python tests/fuzz/run.py [--inputs 2000] [--seed 1] [--workers 2]

Prints a table of outcomes; ends with status 1 if any input led to a traceback, a crash, a hang, too much
memory, a stray file or an error without what, where and fix.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "imaging")]

from judge import run  # noqa: E402 - the path above


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    outcomes, readers, errors = Counter(), Counter(), Counter()
    slowest = largest = 0.0
    bad = 0
    for verdict in run(range(options.first, options.first + options.inputs), options.seed, options.workers):
        outcomes[verdict.outcome] += 1
        readers[verdict.input.reader, verdict.outcome] += 1
        if verdict.outcome == "refused":
            errors[verdict.text] += 1
        slowest, largest = max(slowest, verdict.seconds), max(largest, verdict.peak_MB)
        if not verdict.good:
            bad += 1
            print(
                f"--- input {verdict.number}: {verdict.input.name}, {verdict.input.how}: {verdict.outcome}\n{verdict.text}",
                flush=True,
            )
    print(f"{sum(outcomes.values())} inputs, seed {options.seed}: {dict(outcomes)}")
    print(f"by reader: {dict(sorted(readers.items()))}")
    print(f"slowest {slowest:.1f} s, largest process {largest:.0f} MB; {len(errors)} different messages:")
    for text, count in errors.most_common():
        print(f"  {count:5d}  {text}")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
