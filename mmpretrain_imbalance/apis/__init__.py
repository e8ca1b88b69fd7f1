"""Inference with trained models, estimation of class priors, and export."""

from .estimate_class_prior import ClassPriorEstimate, estimate_class_prior
from .image_paths import image_paths
from .image_prediction import ImagePrediction
from .multi_label_inferencer import MultiLabelInferencer
from .prediction_file import PredictionFile
from .trained_model import TrainedModel, load_trained_model

__all__ = [
    "ClassPriorEstimate",
    "ImagePrediction",
    "MultiLabelInferencer",
    "PredictionFile",
    "TrainedModel",
    "estimate_class_prior",
    "image_paths",
    "load_trained_model",
]
