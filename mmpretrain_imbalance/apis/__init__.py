"""Inference with trained models, comparison of methods, estimation of class priors, features and export."""

from .answer_table import check_answer_table, probability_path, write_answer_table
from .comparison.compare_methods import compare_methods
from .comparison.results.compared_run import ComparedRun
from .comparison.results.comparison_results import ComparisonResults
from .comparison.results.run_scores import ClassResults, RunScores
from .estimate_class_prior import ClassPriorEstimate, estimate_class_prior
from .extract_features import ExtractedFeatures, extract_features
from .fold_models import train_fold_models
from .image_paths import image_paths
from .image_pipeline import PreparedImage
from .image_prediction import ImagePrediction
from .inference_model import inference_model
from .multi_label_inferencer import MultiLabelInferencer
from .prediction_file import PredictionFile
from .probability_file import ImageProbabilities, ProbabilityFile
from .project.backbone_choice import BackboneChoice, choose_backbone
from .project.convert_backbone_weights import ConvertedWeights, convert_backbone_weights
from .project.new_project import NewProject, new_project
from .project.update_project import ProjectUpdate, update_project
from .project.usable_images import UsableImages
from .recommend_method import MethodRecommendation, recommend_method
from .refit_head import RefittedHead, refit_head
from .suspect_labels import SUSPECT_METHODS, suspect_labels
from .suspect_table import SuspectLabel, SuspectLabels
from .trained_model import TrainedModel, load_trained_model

__all__ = [
    "SUSPECT_METHODS",
    "BackboneChoice",
    "ClassPriorEstimate",
    "ClassResults",
    "ComparedRun",
    "ComparisonResults",
    "ConvertedWeights",
    "ExtractedFeatures",
    "ImagePrediction",
    "ImageProbabilities",
    "MethodRecommendation",
    "MultiLabelInferencer",
    "NewProject",
    "PredictionFile",
    "PreparedImage",
    "ProbabilityFile",
    "ProjectUpdate",
    "RefittedHead",
    "RunScores",
    "SuspectLabel",
    "SuspectLabels",
    "TrainedModel",
    "UsableImages",
    "check_answer_table",
    "choose_backbone",
    "compare_methods",
    "convert_backbone_weights",
    "estimate_class_prior",
    "extract_features",
    "image_paths",
    "inference_model",
    "load_trained_model",
    "new_project",
    "probability_path",
    "recommend_method",
    "refit_head",
    "suspect_labels",
    "train_fold_models",
    "update_project",
    "write_answer_table",
]
