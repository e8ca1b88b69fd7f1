"""Inference with trained models, estimation of class priors, and export."""

from .estimate_class_prior import ClassPriorEstimate, estimate_class_prior
from .image_paths import image_paths
from .image_pipeline import PreparedImage
from .image_prediction import ImagePrediction
from .inference_model import inference_model
from .multi_label_inferencer import MultiLabelInferencer
from .prediction_file import PredictionFile
from .trained_model import TrainedModel, load_trained_model

__all__ = [
    "ClassPriorEstimate",
    "ImagePrediction",
    "MultiLabelInferencer",
    "PredictionFile",
    "PreparedImage",
    "TrainedModel",
    "estimate_class_prior",
    "image_paths",
    "inference_model",
    "load_trained_model",
]
