"""Inference with trained models, estimation of class priors, and export."""

from .answer_table import check_answer_table, probability_path, write_answer_table
from .estimate_class_prior import ClassPriorEstimate, estimate_class_prior
from .fold_models import train_fold_models
from .image_paths import image_paths
from .image_pipeline import PreparedImage
from .image_prediction import ImagePrediction
from .inference_model import inference_model
from .multi_label_inferencer import MultiLabelInferencer
from .prediction_file import PredictionFile
from .probability_file import ImageProbabilities, ProbabilityFile
from .suspect_labels import SUSPECT_METHODS, suspect_labels
from .suspect_table import SuspectLabel, SuspectLabels
from .trained_model import TrainedModel, load_trained_model

__all__ = [
    "SUSPECT_METHODS",
    "ClassPriorEstimate",
    "ImagePrediction",
    "ImageProbabilities",
    "MultiLabelInferencer",
    "PredictionFile",
    "PreparedImage",
    "ProbabilityFile",
    "SuspectLabel",
    "SuspectLabels",
    "TrainedModel",
    "check_answer_table",
    "estimate_class_prior",
    "image_paths",
    "inference_model",
    "load_trained_model",
    "probability_path",
    "suspect_labels",
    "train_fold_models",
    "write_answer_table",
]
