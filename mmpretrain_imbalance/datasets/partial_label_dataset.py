"""Images with partial labels from an annotation file."""

from __future__ import annotations

import logging
import os
from typing import Any

from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..functional.labels import LABEL_WORDS
from ..utils.argument_checks import check_choice
from .annotations.csv_table import read_annotation_csv
from .annotations.json_file import read_annotation_json
from .annotations.repeated_images import REPEATED_IMAGES
from .base import LabelStoreDataset
from .image_problems import find_image_problem, names_backend
from .label_store.store import LabelStore


@DATASETS.register_module()
class PartialLabelDataset(LabelStoreDataset):
    r"""Multi-label images with partially known labels, read from an annotation file.

    The ending of ``ann_file`` determines its format (docs/data.md has an example of each):

    - ``.json``: OpenMMLab 2.0 style. A sample has ``gt_label`` (the classes in the image) and
      ``gt_label_neg`` (the classes that are known to be absent), or ``gt_score`` (1, 0 or -1 for every
      class).
    - ``.csv``: the first column is the image. Every other column is a class with 1, 0, -1 or a blank cell
      (both unknown). With exactly the columns ``image``, ``class`` and ``value`` it has one line per label.
    - a folder: a saved :class:`LabelStore`, for data sets of any size.

    ``classes`` (or ``metainfo['classes']``) selects and orders the classes of the file by name; it does not
    rename them. If a JSON file does not name its classes, class indices refer to this list. A CSV file with
    one line per label need not contain all of these classes.

    Args:
        ann_file: Annotation file.
        default_label: Label of the classes that a sample of a JSON file lists neither as positive nor as
            negative: ``'unknown'``, or ``'negative'`` if the images were searched for every class.
        label_format: ``'dense'`` or ``'sparse'``, see :class:`LabelStoreDataset`.
        repeated_images: Treatment of images that a CSV or JSON file names more than once: ``'raise'`` an
            error; ``'join'`` their labels, which must not contradict each other, into one sample; or
            ``'keep'`` all of them as samples. A CSV file with one line per label always joins them, a label
            store keeps them.
        skip_malformed: Whether to leave out malformed lines of a CSV file and malformed samples of a JSON
            file, with a warning that counts them, instead of raising.
        check_images: Whether to read and decode every image at the start, instead of raising at the first
            broken image during training.
        check_labels: Whether to verify the checksums of a label store at the start. Other files are always
            checked.
        **kwargs: Further arguments of :class:`LabelStoreDataset` and of MMPretrain's ``BaseDataset``:
            ``outside_images``, ``metainfo``, ``classes``, ``data_root``, ``data_prefix``, ``filter_cfg``,
            ``indices``, ``pipeline``, ``test_mode``, ``lazy_init``, ``max_refetch``.

    Raises:
        FileNotFoundError: If the annotation file, or an image, is missing.
        ValueError: If an argument is invalid, or the file is malformed. The message names the file, the
            sample or line, the field, the expected and the found value, and the number of further errors.

    Example:
        >>> import pathlib, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> table = pathlib.Path(folder.name) / 'train.csv'
        >>> _ = table.write_text('image,cat,dog\na.jpg,1,0\nb.jpg,,1\n')
        >>> dataset = PartialLabelDataset(str(table), data_prefix='images')
        >>> dataset.get_data_info(1)
        {'img_path': 'images/b.jpg', 'sample_idx': 1, 'gt_score': array([-1.,  1.], dtype=float32)}
        >>> folder.cleanup()
    """

    def __init__(
        self,
        ann_file: str,
        *,
        default_label: str = "unknown",
        label_format: str = "dense",
        repeated_images: str = "raise",
        skip_malformed: bool = False,
        check_images: bool = False,
        check_labels: bool = False,
        **kwargs: Any,
    ) -> None:
        check_choice("PartialLabelDataset", ("unknown", "negative"), default_label=default_label)
        check_choice("PartialLabelDataset", REPEATED_IMAGES, repeated_images=repeated_images)
        self.default_label = default_label
        self.repeated_images = repeated_images
        self.skip_malformed = skip_malformed
        self.check_images = check_images
        self.check_labels = check_labels
        super().__init__(ann_file, label_format=label_format, **kwargs)

    def load_label_store(self) -> LabelStore:
        """Read the annotation file.

        Returns:
            The labels of all its samples.
        """
        ending = os.path.splitext(self.ann_file)[1].lower()
        classes = self._metainfo.get("classes")
        notes: dict[str, int] = {}
        options: dict[str, Any] = dict(
            repeated_images=self.repeated_images, skip_malformed=self.skip_malformed, notes=notes
        )
        if ending == ".json":
            store = read_annotation_json(self.ann_file, LABEL_WORDS[self.default_label], classes, **options)
        elif self.default_label == "negative":
            raise ValueError(
                "The 'default_label' argument of PartialLabelDataset must be 'unknown' unless 'ann_file' is "
                "a JSON file: blank cells of a CSV file are unknown, and a label store has its own default "
                f"label. Got 'negative' with {self.ann_file} instead. In a CSV file, write 0 into the cells "
                "that are negative."
            )
        elif ending == ".csv":
            store = read_annotation_csv(self.ann_file, classes, **options)
        elif os.path.isdir(self.ann_file):
            store = LabelStore.open(self.ann_file, verify=self.check_labels)
        else:
            raise ValueError(
                "The 'ann_file' argument of PartialLabelDataset must be a .json or .csv file, or the "
                f"folder of a label store. Got {self.ann_file!r} instead."
            )
        for note, count in notes.items():
            print_log(f"{count} {note}", logger="current", level=logging.WARNING)
        return store

    def full_init(self) -> None:
        """Load the labels, warn if there are no negatives, and check the images with ``check_images``."""
        if self._fully_initialized:
            return
        super().full_init()
        if not self.has_negatives:
            print_log(
                f"{self.ann_file} has no known negatives: with a loss that ignores unknown labels, the model "
                "then only learns to predict positive everywhere. Add 'gt_label_neg', set "
                "default_label='negative' if every image was searched for every class, or train with a loss "
                "that treats unknown labels as negatives.",
                logger="current",
                level=logging.WARNING,
            )
        if self.check_images:
            self._check_images()

    def _check_images(self) -> None:
        first: tuple[int, str, str] | None = None
        uses_backend = names_backend(self)
        count = 0
        for row in self._rows:
            path = self.image_info(int(row))["img_path"]
            problem = find_image_problem(path, None, uses_backend)
            count += problem is not None
            if first is None and problem is not None:
                first = int(row), path, problem
        if first is None:
            return
        row, path, problem = first
        kind = FileNotFoundError if problem == "no such file" else ValueError
        raise kind(
            f"The image of sample {row} of {self.ann_file} must be readable. Got {problem} at {path} "
            f"instead. {count - 1} more images are missing or broken. (Is 'data_root' or 'data_prefix' "
            "right?)"
        )
