"""Inference with trained models, estimation of class priors, and export."""

from .answer_table import check_answer_table, probability_path, write_answer_table
from .estimate_class_prior import ClassPriorEstimate, estimate_class_prior
from .image_paths import IMAGE_ENDINGS, image_paths
from .image_prediction import ImagePrediction
from .multi_label_inferencer import MultiLabelInferencer
from .prediction_file import PredictionFile
from .probability_file import ImageProbabilities, ProbabilityFile
from .trained_model import TrainedModel, load_trained_model

__all__ = [
    "IMAGE_ENDINGS",
    "ClassPriorEstimate",
    "ImagePrediction",
    "ImageProbabilities",
    "MultiLabelInferencer",
    "PredictionFile",
    "ProbabilityFile",
    "TrainedModel",
    "check_answer_table",
    "estimate_class_prior",
    "image_paths",
    "load_trained_model",
    "probability_path",
    "write_answer_table",
]
