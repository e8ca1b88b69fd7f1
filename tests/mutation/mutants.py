"""Mutants of a file, described by function, operator and statement, and found again after a refactoring."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

PACKAGE = "mmpretrain_imbalance"
# One or two plausible replacements per operator. Almost any test kills the others.
NEAR = {
    "ReplaceBinaryOperator": "Add_Sub Sub_Add Mul_Div Mul_Add Div_Mul Div_FloorDiv FloorDiv_Div FloorDiv_Mul "
    "Mod_FloorDiv Pow_Mul BitOr_BitAnd BitOr_BitXor BitAnd_BitOr BitAnd_BitXor BitXor_BitOr LShift_RShift "
    "RShift_LShift",
    "ReplaceComparisonOperator": "Eq_NotEq NotEq_Eq NotEq_Lt NotEq_Gt Lt_LtE Lt_GtE LtE_Lt "
    "LtE_Gt LtE_Eq Gt_GtE Gt_LtE GtE_Gt GtE_Lt GtE_Eq Is_IsNot IsNot_Is",
    "ReplaceUnaryOperator": "Delete_USub Delete_Invert Delete_Not",
}
PLAIN = [
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer"),
    "ZeroIterationForLoop",
]
TALK = {
    "raise_damaged",
    "warn",
    "warning",
    "info",
    "error",
    "print_log",
    "print",
}  # calls whose arguments are messages


class Source:
    """Statements of a file with their functions, and the positions that are not mutated."""

    def __init__(self, text):
        self.lines = text.splitlines()
        self.statements = []  # (qualified function name, node, first line, last line)
        self.noise = []  # spans of annotations, decorators, messages
        self._walk(ast.parse(text), ())

    def _walk(self, node, names):
        for child in ast.iter_child_nodes(node):
            inner = names
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                inner = (*names, child.name)
            if isinstance(child, (ast.stmt, ast.ExceptHandler)):
                body = getattr(child, "body", None)
                end = max(child.lineno, body[0].lineno - 1) if body else child.end_lineno
                self.statements.append((".".join(inner) or "<module>", child, child.lineno, end))
            self.noise += map(self._span, noise_nodes(child))
            self._walk(child, inner)

    def _span(self, node):
        def position(line, column):  # ast counts bytes
            return line, len(self.lines[line - 1].encode()[:column].decode())

        return position(node.lineno, node.col_offset), position(node.end_lineno, node.end_col_offset)

    def at(self, position):
        """Return the index of the innermost statement at a position, or None if it is not mutated."""
        if any(start <= position < end for start, end in self.noise):
            return None
        inside = [i for i, (_, _, first, last) in enumerate(self.statements) if first <= position[0] <= last]
        return inside[-1] if inside else None

    def text(self, index):
        """Return a statement without its line breaks; for a statement with a body, its first line."""
        node = self.statements[index][1]
        if hasattr(node, "decorator_list"):
            node.decorator_list = []
        text = ast.unparse(node)
        return text.split("\n")[0] if getattr(node, "body", None) else text


def noise_nodes(node):
    """Return the parts of a node that are not mutated: annotations, decorators, messages, imports."""
    if isinstance(node, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)):
        yield node
    if isinstance(node, ast.Assign) and "__all__" in [getattr(target, "id", None) for target in node.targets]:
        yield node
    if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) in TALK:
        yield node
    yield from getattr(node, "decorator_list", ())
    yield from (part for part in (getattr(node, "annotation", None), getattr(node, "returns", None)) if part)


def operators():
    """Return the mutation operators by name."""
    names = PLAIN + [f"{family}_{pair}" for family, pairs in NEAR.items() for pair in pairs.split()]
    return {name: OperatorProvider()[name]() for name in names}


def mutants_of(path, root):
    """Yield every mutant of a file, described by function, operator, ordinal and statement."""
    text = path.read_text(encoding="utf-8")
    source, nodes = Source(text), list(ast_nodes(get_ast(text)))
    for name, operator in operators().items():
        ordinals = Counter()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(places):
            index = source.at(start)
            if index is None:
                continue
            function, _, first, last = source.statements[index]
            ordinal, ordinals[function] = ordinals[function], ordinals[function] + 1
            yield {
                "module": path.relative_to(root).as_posix(),
                "function": function,
                "operator": name,
                "ordinal": ordinal,
                "line": source.text(index),
                "physical": source.lines[start[0] - 1].strip(),
                "place": [start[0], start[1]],
                "lines": [first, last],
                "index": index,
                "occurrence": occurrence,
            }


def mutated(text, mutant):
    """Return the mutated source and its changed statement; None if it does not compile or is unchanged."""
    code = mutate_code(text, operators()[mutant["operator"]], mutant["occurrence"])
    try:
        line = Source(code).text(mutant["index"])
        compile(code, "mutant", "exec")
    except (SyntaxError, IndexError, ValueError):
        return None
    return None if line == mutant["line"] else (code, line)


def change(line, mutant):
    """Return the tokens that a mutation removes from and adds to a statement."""
    old, new = (re.findall(r"\w+(?:\.\d+)?|\S", text) for text in (line, mutant))
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(old[i:j], new[k:m]) for kind, i, j, k, m in steps if kind != "equal"]


def read_mutants(path):
    """Read a JSON list of mutants, or JSON lines."""
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)


def find_again(args):
    """Find each mutant in another checkout: the same function and change, and the most similar statement."""
    renames = json.loads(args.renames.read_text()) if args.renames else {}
    words = re.compile(r"\b(" + "|".join(map(re.escape, renames)) + r")\b") if renames else None
    by_function = defaultdict(list)
    for path in sorted((args.root / PACKAGE).rglob("*.py")):
        for candidate in mutants_of(path, args.root):
            by_function[candidate["function"].split(".")[-1], candidate["operator"]].append(candidate)

    def renamed(text):
        return words.sub(lambda match: renames[match[0]], text) if words else text

    after, lost = [], []
    for mutant in read_mutants(args.mutants):
        want = {key: renamed(mutant[key]) for key in ("module", "function", "line", "mutated")}
        stem, best = Path(want["module"]).stem, (0, None, None)
        for candidate in by_function[want["function"].split(".")[-1], mutant["operator"]]:
            alike = difflib.SequenceMatcher(None, want["line"], candidate["line"]).ratio()
            text = (args.root / candidate["module"]).read_text(encoding="utf-8")
            result = mutated(text, candidate) if alike > 0.8 else None
            if result is None or change(want["line"], want["mutated"]) != change(
                candidate["line"], result[1]
            ):
                continue
            alike += difflib.SequenceMatcher(None, want["mutated"], result[1]).ratio()
            alike += 2 * (alike == 2) + (candidate["function"] == want["function"])
            alike += 0.5 * (Path(candidate["module"]).stem == stem) + 0.25 * (
                candidate["ordinal"] == mutant["ordinal"]
            )
            best = max(best, (alike, candidate, result[1]), key=lambda found: found[0])
        if best[1] is None:
            lost.append(mutant)
        else:
            head = {"id": mutant["id"], "stratum": mutant["stratum"], "exact": best[2] == want["mutated"]}
            after.append({**head, **best[1], "mutated": best[2]})
    args.out.write_text(json.dumps(after, indent=1))
    args.out.with_name(args.out.stem + "_not_mapped.json").write_text(json.dumps(lost, indent=1))
    print(
        len(after),
        "found,",
        sum(not m["exact"] for m in after),
        "of them only nearly;",
        len(lost),
        "not mapped",
    )
