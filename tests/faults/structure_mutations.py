"""Random damage of the structure of tables, JSON and XML, as programs and people write wrong files."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np

Generator = np.random.Generator


class Raw(str):
    """Text of a JSON file that stands for itself, such as a number of thousands of digits."""


class Pairs(list):
    """Keys and values of a JSON object, as lists of two; a key can occur twice."""


_HALF = chr(0xD800)  # half of a character, which UTF-8 cannot represent
_JSON_VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    -2,
    1.0,
    0.5,
    1e300,
    10**30,
    2**63,
    "",
    "cat",
    "1",
    " a.jpg",
    "../a.jpg",
    "a\0b",
    "\x1b[2J",
    _HALF,
    "\u2028",
    "\u0661",
    "x" * 5000,
    [],
    [[1]],
    ["cat"],
    [None],
    [0, 0],
    Pairs(),
    Pairs([["id", 1], ["id", 2]]),
    *map(Raw, ("NaN", "Infinity", "-Infinity", "1e999", "-0", "9" * 5000, "01", "1.", "0x1", "'cat'")),
    *map(Raw, ("[" * 3000 + "]" * 3000, '{"a":' * 500 + "1" + "}" * 500, '"\\u12"', '"\\ud800\\ud800"', "")),
)
_KEYS = ("", "id", "name", "classes", "gt_label", "gt_labels", "a\0", _HALF, "\x1b[2J", "img_path", "default")
#: Cells that a lenient reader takes for labels or names.
_LIKELY_CELLS = ("", "0", "1", "-1", "2", "1.5", "x", "nan", "yes", "-", "a.jpg", "./a.jpg", "\x1b[2J", "cat")
_CELLS = (
    *("", " ", "0", "1", "-1", "1.0", "0.0", "-1.0", "2", "01", "+1", "1e0", "1,0", "nan", "NaN", "None"),
    *("true", "yes", "x", "1 ", " 1", '"1"', '"1', "1\0", "\x1b[2J", "\u0661", "\uff11", "\u2028", "9" * 400),
    *("image", "class", "value", "cat", "dog", "a.jpg", "./a.jpg", "../../etc/passwd", "x" * 200_000, "=1+1"),
    *('"a\nb"', "a\rb", "'1'", "#", "\\", "\ufeff1", "\u200b1", "c\u0327at", _HALF, "-0", "0x1", "1_0"),
)


def _choice(items: Any, generator: Generator) -> Any:
    return items[int(generator.integers(len(items)))]


def mutate_json(content: bytes, generator: Generator) -> bytes:
    tree = [json.loads(content, object_pairs_hook=lambda pairs: Pairs(map(list, pairs)))]
    for _ in range(int(generator.integers(1, 4))):
        places: list[tuple[list, int]] = []
        waiting: list[list] = [tree]
        while waiting:
            node = waiting.pop()
            items = [value for _, value in node] if isinstance(node, Pairs) else node
            places += [(node, number) for number in range(len(items))]
            waiting += [item for item in items if isinstance(item, list)]
        if places:
            _change_json(*_choice(places, generator), generator)
    return _json_text(tree[0] if tree else Raw("")).encode("utf-8", "surrogatepass")


def _change_json(node: list, number: int, generator: Generator) -> None:
    action, in_object = int(generator.integers(9)), isinstance(node, Pairs)
    if action in (0, 1, 2):
        value = _json_value(generator)
        node[number] = [node[number][0], value] if in_object else value
    elif action == 3:
        del node[number]
    elif action == 4:  # for an object, a repeated key
        node.insert(int(generator.integers(len(node) + 1)), node[number])
    elif action == 5 and in_object:
        node[number] = [_choice(_KEYS, generator), node[number][1]]
    elif action == 6:
        other = int(generator.integers(len(node)))
        node[number], node[other] = node[other], node[number]
    elif action == 7:
        node[number] = [node[number][0], [node[number][1]]] if in_object else [node[number]]
    else:
        value = _json_value(generator)
        key = _choice([node[number][0], *_KEYS] if in_object else _KEYS, generator)
        node.append([key, value] if in_object else value)


def _json_value(generator: Generator) -> Any:
    return copy.deepcopy(_choice(_JSON_VALUES, generator))  # later changes may reach into it


def _json_text(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        return "{" + ", ".join(f"{json.dumps(key)}: {_json_text(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json_text, value)) + "]"
    return json.dumps(value)


def mutate_table(content: bytes, generator: Generator) -> bytes:
    text = content.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    delimiter = next((character for character in ",;\t" if character in lines[0]), " ")
    rows = [line.split(delimiter) for line in lines]
    for _ in range(int(generator.integers(1, 4))):
        _change_table(rows, int(generator.integers(len(rows))), delimiter, generator)
    return "\n".join(delimiter.join(row) for row in rows).encode("utf-8", "surrogatepass")


def _change_table(rows: list[list[str]], row: int, delimiter: str, generator: Generator) -> None:
    cells, other = rows[row], int(generator.integers(len(rows)))
    column = int(generator.integers(len(cells))) if cells else 0
    action = int(generator.integers(14))
    if action in (0, 1, 2, 12, 13) and cells:
        cells[column] = _choice(_LIKELY_CELLS if generator.random() < 0.5 else _CELLS, generator)
    elif action == 3:
        rows.insert(other, list(cells))
    elif action == 4 and len(rows) > 1:
        del rows[row]
    elif action == 5:
        rows[row], rows[other] = rows[other], rows[row]
    elif action == 6:
        cells.insert(column, cells[column] if cells else "")
    elif action == 7 and cells:
        del cells[column]
    elif action == 8 and cells:
        cells[column] = delimiter * int(generator.integers(1, 4)) + cells[column]
    elif action == 9 and cells:
        cells[column] = _choice(['"{}', '{}"', '"{}"', "'{}'", ' "{}"', '"{}"x', '""{}'], generator).format(
            cells[column]
        )
    elif action == 10 and cells and rows[other]:
        place = int(generator.integers(len(rows[other])))
        cells[column], rows[other][place] = rows[other][place], cells[column]
    elif action == 11:
        rows.insert(other, _choice([[""], [" "], [","], [_choice(_CELLS, generator)], ["#"]], generator))


_XML_TEXTS = (
    "",
    " ",
    "0",
    "1",
    "2",
    "-1",
    "1.0",
    "\n1\n",
    "car",
    "Car",
    " car ",
    "\u0661",
    "x" * 5000,
    "true",
)
_XML_INSERTED = (
    *(
        "&x;",
        "<x>",
        "</x>",
        "<!-- x -->",
        "<!-- x",
        "<![CDATA[1]]>",
        "<?x y?>",
        "&#27;",
        "&#0;",
        "&amp;",
        "&",
    ),
    *(
        "<object/>",
        "<name>cat</name>",
        "<difficult>1</difficult>",
        "]]>",
        "<object>" * 2000,
        "\x1b",
        "<a b='",
    ),
)
_ENTITIES = '<!DOCTYPE annotation [<!ENTITY a "{}">{}]>'.format(
    "x" * 50,
    "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij")),
)
_FILE_ENTITY = '<!DOCTYPE annotation [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def mutate_xml(content: bytes, generator: Generator) -> bytes:
    root = ElementTree.fromstring(content)
    for _ in range(int(generator.integers(1, 3))):
        parents = [element for element in root.iter() if len(element)]
        if parents:
            _change_xml(_choice(parents, generator), generator)
    text = ElementTree.tostring(root, encoding="unicode")
    if generator.random() < 0.3:
        places = [number for number, character in enumerate(text) if character in "<>"]
        place = _choice(places, generator) + int(generator.integers(2))
        text = text[:place] + _choice(_XML_INSERTED, generator) + text[place:]
    if generator.random() < 0.1:
        entity, used = _choice([(_ENTITIES, "&j;"), (_ENTITIES, "&c;"), (_FILE_ENTITY, "&a;")], generator)
        text = entity + text.replace("</", f"{used}</", 1)
    return text.encode("utf-8", "surrogatepass")


def _change_xml(parent: ElementTree.Element, generator: Generator) -> None:
    place = int(generator.integers(len(parent)))
    element = parent[place]
    action = int(generator.integers(8))
    if action in (0, 1):
        element.text = _choice(_XML_TEXTS, generator)
    elif action == 2:
        parent.remove(element)
    elif action == 3:
        parent.insert(int(generator.integers(len(parent) + 1)), copy.deepcopy(element))
    elif action == 4:
        element.tag = _choice(["object", "name", "difficult", "x", "Name", "image", "tag", "meta"], generator)
    elif action == 5:
        parent.remove(element)
        _choice(list(parent.iter()), generator).append(element)
    elif action == 6 and element.attrib:
        name = _choice(list(element.attrib), generator)
        element.set(name, _choice([*_XML_TEXTS, "../a.jpg", "a.jpg", "\x85"], generator))
        if generator.random() < 0.3:
            del element.attrib[name]
    else:
        element.set(_choice(["id", "name", "label", "x"], generator), _choice(_XML_TEXTS, generator))


STRUCTURE_MUTATIONS: dict[str, Callable[[bytes, Generator], bytes]] = {
    ".json": mutate_json,
    ".csv": mutate_table,
    ".tsv": mutate_table,
    ".txt": mutate_table,
    ".xml": mutate_xml,
}
