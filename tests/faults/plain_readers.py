"""Short readers of the text formats, written from docs/datasets.md, docs/data.md and docs/tables.md.

They use only csv, json and xml.dom, and do not look for errors: a file that the package accepts must have the
labels that they return.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from posixpath import normpath
from typing import Any
from xml.dom import minidom

#: Names of the classes, and name and labels 1, 0 or -1 of each image.
Labels = tuple[list[str], list[tuple[str, list[int]]]]

_CELLS = {"1": 1, "1.0": 1, "0": 0, "0.0": 0, "-1": -1, "-1.0": -1, "": -1}
VOC_CLASSES = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person "
    "pottedplant sheep sofa train tvmonitor"
).split()


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def lines_of(path: Path) -> list[str]:
    return [line.strip() for line in re.split("\r\n|\n|\r", text_of(path))]


def rows_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    lines = io.StringIO(text_of(path), newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in reader if row]


def json_of(path: Path) -> Any:
    content = path.read_bytes()
    return json.loads(content.decode(json.detect_encoding(content)))


def of_dicts(classes: list[str], images: dict[str, dict[str, int]], default: int) -> Labels:
    return classes, [(name, [row.get(name, default) for name in classes]) for name, row in images.items()]


def named_once(labels: Labels) -> Labels:
    names = [normpath(name) for name, _ in labels[1]]
    if len(set(names)) < len(names):
        raise ValueError("an image is named twice")
    return labels


def annotation_csv(path: Path) -> Labels:
    header, *rows = rows_of(path)
    if [name.lower() for name in header] != ["image", "class", "value"]:
        return named_once((header[1:], [(name, [_CELLS[cell] for cell in cells]) for name, *cells in rows]))
    images: dict[str, dict[str, int]] = {}
    for image, name, value in rows:
        known = images.setdefault(image, {})
        if _CELLS[value] != -1 or name not in known:
            known[name] = _CELLS[value]
    return of_dicts(sorted({name for _, name, _ in rows}), images, -1)


def annotation_json(path: Path) -> Labels:
    content = json_of(path)
    metainfo = content["metainfo"]
    classes = metainfo.get("classes")
    if classes is None:
        ordered = sorted(metainfo["categories"], key=lambda category: category["id"])
        classes = [category["category_name"] for category in ordered]
    images = []
    for sample in content["data_list"]:
        row = list(sample.get("gt_score", [-1] * len(classes)))
        for field, value in (("gt_label", 1), ("gt_label_neg", 0)):
            named = sample.get(field, [])
            for item in named if isinstance(named, list) else [named]:
                row[classes.index(item) if isinstance(item, str) else item] = value
        images.append((sample["img_path"], row))
    return named_once((classes, images))


def corrections(path: Path) -> Labels:
    header = text_of(path).partition("\n")[0]
    names, *rows = rows_of(path, max(",;\t", key=header.count))
    columns = [[name.lower() for name in names].index(name) for name in ("image", "class", "correct")]
    cells = [[row[column] for column in columns] for row in rows if any(row)]
    return [], [(image, [name, _CELLS[correct]]) for image, name, correct in cells if correct]  # type: ignore[list-item]


def coco(path: Path) -> Labels:
    content = json_of(path)
    categories = sorted(content["categories"], key=lambda category: category["id"])
    name_of = {category["id"]: category["name"] for category in categories}
    images: dict[Any, dict[str, int]] = {image["id"]: {} for image in content["images"]}
    for item in content["annotations"]:
        images[item["image_id"]][name_of[item["category_id"]]] = 1
    names = {image["id"]: image["file_name"] for image in content["images"]}
    return of_dicts(list(name_of.values()), {names[image]: row for image, row in images.items()}, 0)


def lvis(path: Path) -> Labels:
    content = json_of(path)
    categories = sorted(content["categories"], key=lambda category: category["id"])
    name_of = {category["id"]: category["name"] for category in categories}
    rows: dict[Any, dict[str, int]] = {}
    names = {}
    for image in content["images"]:
        rows[image["id"]] = {name_of[number]: 0 for number in image.get("neg_category_ids", [])}
        names[image["id"]] = image.get("file_name") or "/".join(image["coco_url"].split("/")[-2:])
    for item in content["annotations"]:
        rows[item["image_id"]][name_of[item["category_id"]]] = 1
    return of_dicts(list(name_of.values()), {names[image]: row for image, row in rows.items()}, -1)


def _child_text(element: Any, tag: str, default: str = "") -> str:
    for child in element.childNodes:
        if child.nodeName == tag:
            texts = []
            for node in child.childNodes:
                if node.nodeType == node.ELEMENT_NODE:
                    break
                if node.nodeType in (node.TEXT_NODE, node.CDATA_SECTION_NODE):
                    texts.append(node.data)
            return "".join(texts).strip()
    return default


def voc(root: Path) -> Labels:
    images: dict[str, dict[str, int]] = {}
    for image in filter(None, lines_of(root / "ImageSets" / "Main" / "trainval.txt")):
        row = images.setdefault(f"{image}.jpg", {})
        tree = minidom.parseString((root / "Annotations" / f"{image}.xml").read_bytes())
        for item in tree.documentElement.childNodes:
            if item.nodeName == "object":
                name = _child_text(item, "name")
                label = {"0": 1, "1": -1}[_child_text(item, "difficult", "0")]
                row[name] = max(label, row.get(name, -1))
    return of_dicts(VOC_CLASSES, images, 0)


def nus_wide(root: Path) -> Labels:
    def lines(path: Path) -> list[str]:
        found = lines_of(path)
        while found and not found[-1]:
            found.pop()
        return found

    concepts = lines(root / "ConceptsList" / "Concepts81.txt")
    folder = root / "Groundtruth" / "TrainTestLabels"
    columns = [lines(folder / f"Labels_{concept}_Train.txt") for concept in concepts]
    names = [line.replace("\\", "/") for line in lines(root / "ImageList" / "TrainImagelist.txt")]
    return concepts, [(name, [int(column[row]) for column in columns]) for row, name in enumerate(names)]


def cub(root: Path) -> Labels:
    def pairs(path: Path) -> dict[str, str]:
        return {cells[0]: cells[1] for line in lines_of(path) if (cells := line.split())}

    names = pairs(root / "images.txt")
    attributes = pairs(root.parent / "attributes.txt")
    classes = [attributes[str(number)] for number in range(1, len(attributes) + 1)]
    in_train = pairs(root / "train_test_split.txt")
    rows = {image: [-1] * len(classes) for image in names}
    for line in lines_of(root / "attributes" / "image_attribute_labels.txt"):
        if line:
            image, attribute, present, certainty, _ = line.split()
            rows[image][int(attribute) - 1] = -1 if certainty == "1" else int(present)
    return classes, [(names[image], row) for image, row in rows.items() if in_train[image] == "1"]


def chexpert(path: Path) -> Labels:
    header, *rows = rows_of(path)
    others = {"Path", "Sex", "Age", "Frontal/Lateral", "AP/PA"}
    columns = [column for column, name in enumerate(header) if name not in others]
    image = header.index("Path")
    return [header[column] for column in columns], [
        (row[image], [_CELLS[row[column]] for column in columns]) for row in rows
    ]


def visual_genome(root: Path, num_classes: int = 3) -> Labels:
    content = json_of(root / "vg_category_200_labels_index.json")
    classes = [str(number) for number in range(num_classes)]
    images = [name for name in lines_of(root / "train_list_500.txt") if name]
    return classes, [
        (name, [int(number in content[name]) for number in range(num_classes)]) for name in images
    ]


def _hierarchy(node: Any, above: frozenset[str], uppers: dict[str, set[str]]) -> None:
    uppers.setdefault(node["LabelName"], set()).update(above - {node["LabelName"]})
    for child in node.get("Subcategory", []):
        _hierarchy(child, above | {node["LabelName"]}, uppers)


def open_images(root: Path) -> Labels:
    def table(name: str) -> list[tuple[str, str, str]]:
        header, *lines = re.split("\r\n|\n|\r", text_of(root / name))
        columns = [header.strip().split(",").index(n) for n in ("ImageID", "LabelName", "Confidence")]
        rows = [line.split(",") for line in lines if line.strip(",")]
        return [(row[columns[0]], row[columns[1]], row[columns[2]]) for row in rows]

    described = {row[0]: row[1] for row in rows_of(root / "classes.csv") if row[0] != "LabelName"}
    chosen = [line for line in lines_of(root / "trainable.txt") if line]
    shown = [described[label] for label in chosen]
    names = [f"{n} ({label})" if shown.count(n) > 1 else n for n, label in zip(shown, chosen)]
    header, *listed = csv.reader(io.StringIO(text_of(root / "ids.csv"), newline=""), skipinitialspace=True)
    ids = sorted({row[header.index("ImageID")] for row in listed if any(row)})
    human: dict[tuple[str, str], int] = {
        (image, label): int(float(value)) for image, label, value in table("human.csv") if label in chosen
    }
    uppers: dict[str, set[str]] = {}
    _hierarchy(json_of(root / "hierarchy.json"), frozenset(), uppers)
    implied: dict[tuple[str, str], set[int]] = {}
    for (image, label), value in human.items():
        lowers = {lower for lower, above in uppers.items() if label in above}
        for other in (uppers.get(label, set()) if value else lowers) & set(chosen):
            implied.setdefault((image, other), set()).add(value)
    machine = {(image, label) for image, label, value in table("machine.csv") if float(value) >= 0.8}

    def label_of(image: str, label: str) -> int:
        if (image, label) in human:
            return human[image, label]
        if values := implied.get((image, label)):
            return min(values) if len(values) == 1 else -1
        return 1 if (image, label) in machine else -1

    return names, [(f"{image}.jpg", [label_of(image, label) for label in chosen]) for image in ids]


def image_list(path: Path) -> Labels:
    """Images of a list of names or numbers, of the three images that `text_formats` lists from."""
    known = {"train2017/000000391895.jpg": 391895, "2008_000008.jpg": None, "a b.jpg": None}
    found = []
    for item in filter(None, lines_of(path)):
        for row, (name, number) in enumerate(known.items()):
            is_number = item.isdecimal() and int(item) == number
            if is_number or item in (name, name.rsplit("/")[-1].removesuffix(".jpg")):
                found.append((name, [1, 0] if row % 2 else [0, 1]))
    return ["cat", "dog"], found


def class_values(path: Path) -> Labels:
    """Value of each class of a JSON or CSV file, in the order cat, dog, elk."""
    if path.suffix == ".json":
        content = json_of(path)
        values = dict(zip(content["classes"], content["class_prior"]))
        values.setdefault("default", content.get("default"))
    else:
        header, *rows = csv.reader(io.StringIO(text_of(path), newline=""))
        columns = header.index("class"), header.index("class_prior")
        values = {row[columns[0]]: row[columns[1]] for row in rows if row}
    found = [float(values.get(name, values.get("default"))) for name in ("cat", "dog", "elk")]
    return ["cat", "dog", "elk"], [("class_prior", found)]  # type: ignore[list-item]


#: Words of docs/tables.md, for tables of English words and numbers.
_WORDS = {
    **dict.fromkeys(
        "1 1.0 1,0 yes y true t x positive pos present + wahr vrai verdadero verdadeiro vero waar".split(), 1
    ),
    **dict.fromkeys("0 0.0 0,0 no n false f negative neg absent falsch faux falso onwaar".split(), 0),
    **dict.fromkeys(
        "-1 -1.0 ? ?? nan na n/a n.a. #n/a <na> nat null none unknown unsure uncertain unclear".split(), -1
    ),
    "": -1,
}


def word_label(cell: str) -> int:
    word = cell.strip().casefold()
    if word in _WORDS:
        return _WORDS[word]
    return {1.0: 1, 0.0: 0, -1.0: -1}[float(word.replace(",", ".", 1))]  # 01 and 1.00 are numbers, too


def user_table(path: Path, delimiter: str) -> Labels:
    """Table whose image column is `image` and whose classes are `cat` and `dog`."""
    lines = io.StringIO(text_of(path), newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t")
    header, *rows = [row for row in reader if any(map(str.strip, row))]
    written = [" ".join(name.split()) for name in header]
    names = written
    if not {"image", "cat", "dog"} <= set(names):  # upper case matters only if names differ in it alone
        names = [name.casefold() for name in names]
    columns = [names.index(name) for name in ("cat", "dog")]
    image = names.index("image")
    return [written[column] for column in columns], [
        (row[image].strip().replace("\\", "/"), [word_label(row[column]) for column in columns])
        for row in rows
    ]


def label_studio(path: Path) -> Labels:
    tasks = json_of(path)
    chosen: dict[str, list[set[str]]] = {}
    for task in tasks:
        name = task["data"]["image"].strip().replace("\\", "/")
        if name.startswith("/data/upload/"):  # a number, and 8 characters before the name
            name = re.sub(r"^/data/upload/+(\d+/+)?", "", name)
            name = re.sub(r"(^|/)[0-9a-f]{8}-([^/]+)$", r"\1\2", name)
        sets = chosen.setdefault(name, [])
        for annotation in task.get("annotations") or []:
            if not annotation.get("was_cancelled"):
                results = annotation.get("result") or []
                values = [result["value"] for result in results if result.get("type") != "relation"]
                lists = [
                    names
                    for value in values
                    for key, names in value.items()
                    if key in ("choices", "taxonomy") or key.endswith("labels")
                ]
                names = [name for names in lists for name in ([names] if isinstance(names, str) else names)]
                names = [name[-1] if isinstance(name, list) else name for name in names]
                sets.append({name.strip() for name in names})
    return of_votes([], chosen)


def of_votes(classes: list[str], chosen: dict[str, list[set[str]]]) -> Labels:
    """Labels of images whose annotators named classes; without an annotator, or if they disagree, unknown."""
    classes = [
        *classes,
        *sorted({name for sets in chosen.values() for names in sets for name in names} - {*classes}),
    ]

    def label(sets: list[set[str]], name: str) -> int:
        votes = {name in names for names in sets}
        return int(votes.pop()) if len(votes) == 1 else -1

    return classes, [(image, [label(sets, name) for name in classes]) for image, sets in chosen.items()]


def cvat(path: Path) -> Labels:
    root = minidom.parseString(path.read_bytes()).documentElement
    classes: list[str] = []
    images: dict[str, list[set[str]]] = {}
    for element in root.childNodes:
        if element.nodeName == "meta":
            labels = [item for item in element.getElementsByTagName("label")]
            parts = {item for item in labels if any(n.nodeName == "parent" for n in item.childNodes)}
            classes = [_child_text(item, "name") for item in labels if item not in parts]
        elif element.nodeName == "image":
            children = [node for node in element.childNodes if node.nodeType == node.ELEMENT_NODE]
            named = {node.getAttribute("label").strip() for node in children} - {""}
            name = element.getAttribute("name").strip().replace("\\", "/")
            images.setdefault(name, []).extend([named] if named else [])  # without a tag, nobody looked
    return of_votes(list(dict.fromkeys(name for name in classes if name)), images)
