"""Mutation testing, with mutants that can be found again after a refactoring. README.md has the commands."""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections import Counter, defaultdict
from pathlib import Path

from fork_server import fork_tests, start_server
from measured_lines import Covered, measure
from mutants import PACKAGE, find_again, mutants_of, mutated, read_mutants

STRATA = {"functional": 113, "losses": 113, "metrics": 72, "hooks": 52, "label store": 62}
LABEL_STORE = (
    r"label_store\w*|label_counts|build_label_store|gathered_labels|store_parts|resolve_labels|filter_rows"
)


def stratum(module):
    """Return the stratum of a file, or None."""
    folder, name = Path(module).parts[-2], Path(module).stem
    if folder == "datasets":
        return "label store" if re.fullmatch(LABEL_STORE, name) else None
    return folder if folder in STRATA else None


def sample(args):
    """Sample mutants, stratified by folder, among the lines that a test runs."""
    covered, generator = Covered(args), random.Random(args.seed)
    sites, uncovered, missing = defaultdict(lambda: defaultdict(list)), Counter(), defaultdict(list)
    for path in sorted((args.root / PACKAGE).rglob("*.py")):
        module = path.relative_to(args.root).as_posix()
        part = stratum(module)
        if part is None or path.name == "__init__.py":
            continue
        for mutant in mutants_of(path, args.root):
            family = mutant["operator"].split("_")[0]
            sites[part][(module, *mutant["place"], family)].append(mutant)
        _, lines, _, missed, _ = covered.coverage.analysis2(str(path))
        uncovered[part, "lines"] += len(lines)
        missing[part] += [f"{module}:{line}" for line in missed]
    drawn = []
    for part, number in STRATA.items():
        places = sorted(sites[part])
        generator.shuffle(places)
        chosen = 0
        for place in places:
            mutant = generator.choice(sites[part][place])
            result = mutated((args.root / mutant["module"]).read_text(encoding="utf-8"), mutant)
            if chosen == number:
                break
            if result is None:
                continue
            if not covered.of(mutant):
                uncovered[part, "mutants"] += 1
                continue
            chosen += 1
            drawn.append({"id": len(drawn), "stratum": part, **mutant, "mutated": result[1]})
    args.mutants.write_text(json.dumps(drawn, indent=1))
    facts = {
        part: {
            "sites": len(sites[part]),
            "sampled": sum(m["stratum"] == part for m in drawn),
            "lines": uncovered[part, "lines"],
            "uncovered lines": missing[part],
            "drawn but uncovered": uncovered[part, "mutants"],
        }
        for part in STRATA
    }
    (args.work / "sample.json").write_text(json.dumps(facts, indent=1))
    print(
        json.dumps(
            {p: {**f, "uncovered lines": len(f["uncovered lines"])} for p, f in facts.items()}, indent=1
        )
    )


def test_mutant(args, covered, mutant, code):
    """Run the covering tests in the file with the module's name first, then all other covering tests."""
    began, ran = time.monotonic(), 0
    end = began + args.limit
    seconds = {name: test["seconds"] for name, test in covered.tests.items()}
    groups = [*covered.ordered(mutant), covered.also(mutant, args.also)]
    outcome, failed = "passed", []
    for tests in filter(None, groups):
        if outcome == "passed":
            outcome, failed, new = fork_tests(args, mutant, code, tests, seconds, end)
            ran += new
    names = {"passed": "survived", "late": "survived (time)", "failed": "killed", "crash": "killed"}
    tail = (args.work / "output.txt").read_text(errors="replace")[-2000:]
    return {
        "id": mutant["id"],
        "status": names.get(outcome, outcome),
        "by": failed[0] if failed else ("import" if outcome == "failed" else outcome),
        "seconds": round(time.monotonic() - began, 1),
        "tests": sum(map(len, groups)),
        "ran": ran,
        **({"output": tail} if outcome in ("crash",) or outcome.startswith("error") else {}),
    }


def test_on_disk(args, covered, mutant, code):
    """Run the tests with the mutant on disk, so that processes that tests start import it too."""
    path = args.root / mutant["module"]
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(code, encoding="utf-8")
        return test_mutant(args, covered, mutant, None)
    finally:
        path.write_text(text, encoding="utf-8")


def run(args):
    """Test every mutant that has no result yet."""
    covered, mutants = Covered(args), read_mutants(args.mutants)
    done = {json.loads(line)["id"] for line in args.results.open()} if args.results.exists() else set()
    start_server(args)
    for mutant in mutants:
        if mutant["id"] in done or (args.only and mutant["id"] not in args.only):
            continue
        code, line = mutated((args.root / mutant["module"]).read_text(encoding="utf-8"), mutant)
        assert line == mutant["mutated"], (line, mutant)
        if args.on_disk:
            result = test_on_disk(args, covered, mutant, code)
        else:
            result = test_mutant(args, covered, mutant, code)
        with args.results.open("a") as file:
            file.write(json.dumps(result) + "\n")
        print(result["id"], result["status"], result["seconds"], result["by"], flush=True)


def check(args):
    """Run the killing tests without mutants, and drop the results of tests that fail without one."""
    (args.work / "failing.json").unlink(missing_ok=True)
    covered, results = Covered(args), [json.loads(line) for line in args.results.open()]
    files = defaultdict(set)
    for name in {result["by"] for result in results} & covered.tests.keys():
        files[name.split("::")[0]].add(name)
    seconds = {name: test["seconds"] for name, test in covered.tests.items()}
    start_server(args)
    failing = []
    for file, tests in sorted(files.items()):
        outcome, failed, ran = fork_tests(
            args, None, None, sorted(tests), seconds, time.monotonic() + 900, False
        )
        if outcome != "passed" or ran != len(tests):
            print(file, outcome, failed, f"{ran} of {len(tests)}", flush=True)
        failing += failed if outcome in ("passed", "failed") else sorted(tests)
    (args.work / "failing.json").write_text(json.dumps(failing, indent=1))
    kept = [result for result in results if result["by"] not in failing]
    args.results.write_text("".join(json.dumps(result) + "\n" for result in kept))
    print(
        sum(map(len, files.values())),
        "tests,",
        len(failing),
        "left out;",
        len(results) - len(kept),
        "to run again",
    )


def report(args):
    """Print the counts per stratum, and the survivors with their notes."""
    mutants = {mutant["id"]: mutant for mutant in read_mutants(args.mutants)}
    results = [json.loads(line) for line in args.results.open()]
    notes = json.loads(args.notes.read_text()) if args.notes and args.notes.exists() else {}
    kinds = ["killed", "timeout", "survived", "survived (time)"]
    counts = Counter((mutants[r["id"]]["stratum"], r["status"]) for r in results)
    print("| stratum | mutants |", " | ".join(kinds), "| other |\n|" + "---|" * 7)
    for part in STRATA:
        total = sum(number for (name, _), number in counts.items() if name == part)
        row = [counts[part, kind] for kind in kinds]
        print("|", " | ".join(map(str, [part, total, *row, total - sum(row)])), "|")
    for r in sorted(results, key=lambda r: r["id"]):
        if r["status"] in ("killed", "timeout"):
            continue
        m = mutants[r["id"]]
        print(
            f"\n{r['id']}. {m['module']}, {m['function']} ({r['status']}, {r['ran']} of {r['tests']} tests)\n"
        )
        print(f"    - {m['line']}\n    + {m['mutated']}\n\n{notes.get(str(r['id']), '')}")


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = {"coverage": measure, "sample": sample, "run": run, "check": check, "map": find_again}
    parser.add_argument("command", choices=[*commands, "report"])
    for name in ("root", "work", "mutants", "results", "renames", "out", "notes"):
        parser.add_argument(f"--{name}", type=lambda value: Path(value).resolve())
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for a mutant")
    parser.add_argument("--only", type=int, nargs="*", help="ids of mutants")
    parser.add_argument("--on-disk", action="store_true", help="for tests that start processes")
    parser.add_argument("--also", nargs="*", default=[], help="folders or files of tests to run as well")
    args = parser.parse_args()
    {**commands, "report": report}[args.command](args)


if __name__ == "__main__":
    main()
