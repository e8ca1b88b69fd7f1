"""Most wrong labels: the CSV has the rows of the page, and names of files may contain any characters."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from mmpretrain_imbalance.visualization import ReportRun, run_report_page
from mmpretrain_imbalance.visualization.run_report.most_wrong import most_wrong_csv
from tests.visualization.report_pages import parse, section, text_of
from tests.visualization.report_runs import picture, run


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def cards_of(html: str, name: str) -> list[dict[str, str]]:
    """Return the rows of the CSV file as the cards of the page show them."""
    cards = []
    for item in section(parse(html), f"Most wrong: {name}").iter("li"):
        lines = [text_of(span) for span in item.iter("span")]
        class_name = text_of(item.find("div/span/b"))
        label, score = lines[0].removeprefix(f"{class_name} is ").split(", score ")
        files = [span for span in item.iter("span") if span.get("class") == "file"]
        cards.append(
            {
                "run": name,
                "file": files[0].get("title"),
                "class": class_name,
                "label": str(int(label == "positive")),
                "score": score,
                "known positives": lines[1].removeprefix("known positives: ").replace(", ", ";"),
                "unknown classes": lines[2].removeprefix("? unknown: ") if len(lines) == 4 else "",
                "name": text_of(files[0]),
            }
        )
    return cards


def file_of(of: ReportRun, index: int) -> str:
    return f"/data/<i>/{of.name} & \"co\"/photo '{index}',_a.jpg"


def test_csv_has_the_rows_of_the_page() -> None:
    runs = [run("plain <run>"), run("other", 1)]
    html = run_report_page(runs, image_of=file_of, num_resamples=0, num_examples=5)
    rows = csv_rows(most_wrong_csv(runs, file_of, 5))
    assert len(rows) == 20
    shown = [card for one in runs for card in cards_of(html, one.name)]
    for row, card in zip(rows, shown, strict=True):
        assert card.pop("name") == os.path.basename(row["file"])
        row["known positives"] = row["known positives"] or "none"
        assert row.pop("image") in row["file"]
        assert row == card


def test_labels_and_scores_are_those_of_the_predictions() -> None:
    plain = run("plain")
    known = plain.predictions
    elements = zip(known.images, known.classes, known.labels, known.scores)
    table = {
        (str(image), known.class_names[c]): (str(label), f"{score:.3f}")
        for image, c, label, score in elements
    }
    for row in csv_rows(most_wrong_csv([plain], None, 6)):
        assert table[row["image"], row["class"]] == (row["label"], row["score"])


def test_each_image_can_be_enlarged_and_is_in_the_page_once(tmp_path: Path) -> None:
    Image.new("RGB", (900, 300), "red").save(tmp_path / "a.png")
    html = run_report_page([run("plain")], image_of=lambda *_: str(tmp_path / "a.png"), num_examples=2)
    for item in section(parse(html), "Most wrong: plain").iter("li"):
        zoom, close = item.findall("a")
        assert zoom.get("href") == f"#{item.get('id')}"
        assert close.get("href") == "#closed"
        assert [image.get("alt") for image in item.iter("img")] == ["a.png"]


def test_large_images_are_reduced_and_small_ones_unchanged() -> None:
    import base64

    from mmpretrain_imbalance.visualization.run_report.examples import embedded_image

    def size_of(shape: tuple[int, ...]) -> tuple[int, int]:
        address = embedded_image(np.zeros(shape, np.uint8))
        return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).size

    assert size_of((300, 900, 3)) == (480, 160)
    assert size_of((28, 20, 1)) == (20, 28)


def test_file_names_remain_without_images() -> None:
    html = run_report_page([run("plain")], image_of=file_of, num_examples=2, has_pictures=False)
    assert "<img" not in html
    assert [card["name"][:5] for card in cards_of(html, "plain")] == ["photo"] * 4
    in_memory = run_report_page([run("plain")], image_of=picture, num_examples=1)
    assert cards_of(in_memory, "plain")[0]["name"].endswith(" of the test data")


def test_a_name_that_is_not_utf_8_is_written_as_escapes() -> None:
    name = os.fsdecode(b"/data/\xff.jpg")
    (row, *_) = csv_rows(most_wrong_csv([run("plain")], lambda *_: name, 1))
    assert row["file"] == "/data/\\xff.jpg"
    html = run_report_page([run("plain")], image_of=lambda *_: name, num_examples=1)
    assert cards_of(html, "plain")[0]["name"] == "\\xff.jpg"
    html.encode("utf-8")
