"""Two hundred random cases through the mechanics: how many converge, how many end with which error, how many are wrong.

    python docs/studies/random_cases.py [--first 0] [--count 200]

Draws each case from its seed (aorta/verify/random_cases.py), solves and checks it, keeps what became of it in
random_cases.json beside this file (a seed that is there is not solved again) and prints the counts. All of it takes some
twenty minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from aorta.mechanics import compiling
from aorta.verify.random_cases import BOUNDS, Outcome, attempt, draw

KEPT = Path(__file__).with_suffix(".json")
compiling.COMPILER_FLAGS[:] = ["-O1", "-g0"]  # most of the time is the compiler's; the answers do not depend on it


def record(outcome: Outcome) -> dict[str, object]:
    """What is kept of a case; numbers with the digits that matter."""
    case = {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in asdict(outcome.case).items()}
    errors = {name: float(f"{error:.2g}") for name, error in outcome.errors.items()}
    told = {"kind": outcome.kind, "told": outcome.told, "errors": errors, "wrong": outcome.wrong, "cautions": outcome.cautions}
    return {**case, **told}


def report(kept: dict[str, dict]) -> str:
    """Counts, and the largest error of each check."""
    kinds = Counter(one["kind"] for one in kept.values())
    converged = [one for one in kept.values() if one["kind"] == "converged"]
    lines = [f"{len(kept)} cases: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())]
    told = Counter(one["told"] for one in kept.values() if one["kind"] != "converged")
    lines += [f"  {count:4d}  {text}" for text, count in told.most_common()]
    lines.append(f"{sum(bool(one['cautions']) for one in converged)} of the converged say themselves not to trust a finding")
    wrong = {seed: one for seed, one in kept.items() if one["wrong"]}
    silent = [seed for seed, one in wrong.items() if not one["cautions"]]
    lines.append(f"silently wrong: {len(silent)}; wrong and cautioned against: {len(wrong) - len(silent)}")
    lines += [f"  seed {seed}: {', '.join(one['wrong'])}; cautions {', '.join(one['cautions'])}" for seed, one in wrong.items()]
    lines += [f"  {name}: at most {max(one['errors'][name] for one in converged):.1e}, bound {BOUNDS[name]:g}" for name in BOUNDS]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    chosen = parser.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for seed in range(chosen.first, chosen.first + chosen.count):
        if str(seed) not in kept:
            outcome = attempt(draw(seed))
            kept[str(seed)] = record(outcome)
            KEPT.write_text("{\n" + ",\n".join(f'"{q}": {json.dumps(one)}' for q, one in kept.items()) + "\n}\n")
            print(seed, outcome.kind, outcome.told, *outcome.wrong, f"{time.process_time():.0f} s", flush=True)
    print(report(kept))


if __name__ == "__main__":
    main()
