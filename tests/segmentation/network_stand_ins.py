"""Small stand-ins for networks: a model folder in nnU-Net's own format that thresholds, and libraries with the same calls.

``real_checkpoint`` makes a genuine network (needs torch and nnunetv2 in another Python); the stand-in library reads the same
folder and does by numpy what that network computes.
"""

import json
import subprocess
import sys
import textwrap

THRESHOLD_HU = 150.0

_LIBRARY = {
    "torch/__init__.py": """
        class cuda:
            is_available = staticmethod(lambda: False)

        class device:
            def __init__(self, type):
                self.type = type
    """,
    "nnunetv2/inference/predict_from_raw_data.py": """
        import json, pathlib
        import SimpleITK as sitk

        class nnUNetPredictor:
            def __init__(self, **options):
                assert options["perform_everything_on_device"] is False

            def initialize_from_trained_model_folder(self, folder, use_folds, checkpoint_name):
                self.folder = pathlib.Path(folder)
                self.model = json.loads((self.folder / f"fold_{use_folds[0]}" / checkpoint_name).read_text())

            def predict_from_files_sequential(self, images, outputs, save_probabilities, overwrite):
                ending = json.loads((self.folder / "dataset.json").read_text())["file_ending"]
                if self.model.get("fails"):
                    raise RuntimeError(self.model["fails"])
                if how := self.model.get("connects"):
                    import socket
                    there = ("203.0.113.1", 80)
                    if how == "datagram":
                        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", there)
                    elif how == "by number":
                        socket.socket().connect_ex(there)
                    else:
                        socket.create_connection(there, timeout=5)
                if port := self.model.get("starts"):
                    import subprocess, sys
                    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5)"
                    subprocess.run([sys.executable, "-c", code])
                image = sitk.ReadImage(images[0][0])
                sitk.WriteImage(sitk.Cast(image > self.model["threshold"], sitk.sitkUInt8), outputs[0] + ending)
    """,
    "totalsegmentator/libs.py": """
        TASK_ID_WEIGHTS_CONFIGS = {297: {"foldername": "Dataset297_total_3mm"}, 291: {"foldername": "Dataset291_organs"}}

        def download_pretrained_weights(task):
            raise AssertionError("a download was tried")
    """,
    "totalsegmentator/map_to_binary.py": """
        class_map = {"total": {1: "spleen", 26: "vertebrae_S1", 52: "aorta", 65: "iliac_artery_left"}}
    """,
    "totalsegmentator/python_api.py": """
        import SimpleITK as sitk
        from totalsegmentator.libs import download_pretrained_weights

        def totalsegmentator(image, output, ml, task, roi_subset, fast, device, quiet):
            assert (ml, task, device) == (True, "total", "cpu")
            assert roi_subset == ["vertebrae_S1", "aorta", "iliac_artery_left"]
            download_pretrained_weights(297 if fast else 291)
            image = sitk.ReadImage(image)
            sitk.WriteImage(sitk.Cast(image > 150, sitk.sitkUInt8) * 52, output)
    """,
}


def write_library(folder, names=("torch", "nnunetv2", "totalsegmentator")):
    """A Python whose environment has only these stand-ins (and SimpleITK): the path of its interpreter."""
    for name, text in _LIBRARY.items():
        if name.split("/")[0] in names:
            path = folder / "lib" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
            for package in path.relative_to(folder / "lib").parents:
                (folder / "lib" / package / "__init__.py").touch() if str(package) != "." else None
    script = folder / "python"
    start = "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[-1], run_name='__main__')"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{start}" "{folder / "lib"}" "$@"\n')
    script.chmod(0o755)
    return script


def write_model(folder, channels=("CT",), labels=None, checkpoint=None):
    """A model folder; ``checkpoint`` is what the stand-in library reads from it."""
    (folder / "fold_0").mkdir(parents=True)
    facts = {
        "channel_names": {str(q): name for q, name in enumerate(channels)},
        "labels": {"background": 0, "lumen": 1} if labels is None else labels,
        "file_ending": ".nii.gz",
        "numTraining": 1,
    }
    (folder / "dataset.json").write_text(json.dumps(facts))
    (folder / "plans.json").write_text(json.dumps(_plans()))
    (folder / "fold_0" / "checkpoint_final.pth").write_text(json.dumps(checkpoint or {"threshold": THRESHOLD_HU}))
    return folder


def _plans():
    """Of a network of two stages without normalisation, on voxels of 1.5 mm, intensities as they are over 100."""
    architecture = {
        "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
        "arch_kwargs": {
            "n_stages": 2, "features_per_stage": [1, 1], "conv_op": "torch.nn.modules.conv.Conv3d",
            "kernel_sizes": [[1, 1, 1], [1, 1, 1]], "strides": [[1, 1, 1], [2, 2, 2]], "n_conv_per_stage": [1, 1],
            "n_conv_per_stage_decoder": [1], "conv_bias": True, "norm_op": None, "norm_op_kwargs": {}, "dropout_op": None,
            "dropout_op_kwargs": None, "nonlin": "torch.nn.LeakyReLU", "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "nonlin"],
    }  # fmt: skip
    resampling = {"is_seg": False, "order": 1, "order_z": 0, "force_separate_z": None}
    configuration = {
        "data_identifier": "stand_in", "preprocessor_name": "DefaultPreprocessor", "batch_size": 1,
        "patch_size": [32, 32, 32], "median_image_size_in_voxels": [60, 30, 30], "spacing": [1.5, 1.5, 1.5],
        "normalization_schemes": ["CTNormalization"], "use_mask_for_norm": [False],
        "resampling_fn_data": "resample_data_or_seg_to_shape", "resampling_fn_data_kwargs": resampling,
        "resampling_fn_seg": "resample_data_or_seg_to_shape", "resampling_fn_seg_kwargs": {**resampling, "is_seg": True},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape", "resampling_fn_probabilities_kwargs": resampling,
        "architecture": architecture, "batch_dice": False,
    }  # fmt: skip
    intensity = {"mean": 0.0, "std": 100.0, "percentile_00_5": -1000.0, "percentile_99_5": 1000.0, "min": -1000.0, "max": 1000.0,
                 "median": 0.0}  # fmt: skip
    return {
        "dataset_name": "Dataset999_StandIn", "plans_name": "nnUNetPlans", "original_median_spacing_after_transp": [1.5, 1.5, 1.5],
        "original_median_shape_after_transp": [60, 30, 30], "image_reader_writer": "SimpleITKIO", "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2], "configurations": {"3d_fullres": configuration},
        "experiment_planner_used": "ExperimentPlanner", "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": intensity},
    }  # fmt: skip


_TRAIN = """
import json, sys, torch, pydoc
folder, threshold = sys.argv[1], float(sys.argv[2])
plans = json.load(open(folder + "/plans.json"))
a = plans["configurations"]["3d_fullres"]["architecture"]
kwargs = {k: pydoc.locate(v) if k in a["_kw_requires_import"] else v for k, v in a["arch_kwargs"].items()}
net = pydoc.locate(a["network_class_name"])(input_channels=1, num_classes=2, deep_supervision=False, **kwargs)
for name, p in net.named_parameters():
    torch.nn.init.zeros_(p)
weights = dict(net.named_parameters())
with torch.no_grad():
    for name, p in weights.items():
        if name.startswith("encoder.stages.0") and name.endswith("weight"):
            p.fill_(1.0)
        if name.startswith("encoder.stages.0") and name.endswith("bias"):
            p.fill_(-threshold / 100)
        if name.startswith("decoder.stages.0") and name.endswith("weight"):
            p[0, 1] = 1.0  # the skip connection comes second
        if name == "decoder.seg_layers.0.weight":
            p[1] = 1.0
torch.save({"network_weights": net.state_dict(), "trainer_name": "nnUNetTrainer", "init_args": {"configuration": "3d_fullres"},
            "inference_allowed_mirroring_axes": None}, folder + "/fold_0/checkpoint_final.pth")
"""


def real_checkpoint(folder, python):
    """Replace the checkpoint by that of a genuine network whose lumen is what lies above the threshold."""
    subprocess.run([python, "-c", _TRAIN, str(folder), str(THRESHOLD_HU)], check=True)
