"""Runs in the network's own environment (another Python, with torch): one request on stdin, one answer as a file.

Needs nothing of this program. What the library misses is told, never fetched: Python's sockets refuse
other machines here. That is for the message; what keeps all that runs here, native code and other
programs too, off the network is the system, where it can (``process.isolation``).
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

WANTED = ("aorta", "iliac_artery_left", "iliac_artery_right")
"""What TotalSegmentator is asked for; vertebrae are added by the pattern of their names."""


class Missing(Exception):
    """Weights or a library that must be there are not."""


def _stay_offline() -> None:
    """Refuse what Python's sockets would send to other machines; local sockets between processes stay."""

    def refusing(call):
        def refuse(self, *arguments):
            if self.family in (socket.AF_INET, socket.AF_INET6):
                raise Missing("the network library wanted to connect to the Internet: something that it needs is not there")
            return call(self, *arguments)

        return refuse

    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        setattr(socket.socket, name, refusing(getattr(socket.socket, name)))
    socket.getaddrinfo = lambda *_, **__: refusing(None)(socket.socket())


def nnunet(image: str, labels: str, weights: str, folds: list, checkpoint: str) -> dict:
    """Label one image by an nnU-Net v2 model folder, into ``labels`` plus the model's file ending; returns {"version": text}."""
    import nnunetv2.inference.predict_from_raw_data as library
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    on_gpu = device.type == "cuda"
    predictor = library.nnUNetPredictor(
        use_mirroring=on_gpu, perform_everything_on_device=on_gpu, device=device, verbose=False, allow_tqdm=False
    )
    predictor.initialize_from_trained_model_folder(weights, use_folds=tuple(folds), checkpoint_name=checkpoint)
    predictor.predict_from_files_sequential([[image]], [labels], save_probabilities=False, overwrite=True)
    return {"version": _version("nnunetv2")}


def totalsegmentator(image: str, labels: str, fast: bool, modality: str) -> dict:
    """Label one image by TotalSegmentator; returns {"version": text, "names": {value: name}}."""
    import torch
    import totalsegmentator.libs
    import totalsegmentator.python_api as library
    from totalsegmentator.map_to_binary import class_map

    def refuse_download(task):
        known = totalsegmentator.libs.TASK_ID_WEIGHTS_CONFIGS.get(task, {})
        folder = Path(known.get("rel_path") or "") / (known.get("foldername") or f"Dataset{task}_*")
        if not list(Path(os.environ["TOTALSEG_WEIGHTS_PATH"]).glob(str(folder))):
            raise Missing(f"the weights {folder} are not in the folder")

    totalsegmentator.libs.download_pretrained_weights = library.download_pretrained_weights = refuse_download
    task = "total" if modality == "CT" else "total_mr"
    names = class_map[task]
    wanted = [name for name in names.values() if name in WANTED or name.startswith("vertebrae")]
    device = "gpu" if torch.cuda.is_available() else "cpu"
    library.totalsegmentator(image, labels, ml=True, task=task, roi_subset=wanted, fast=fast, device=device, quiet=True)
    return {"version": _version("TotalSegmentator"), "names": {str(value): name for value, name in names.items()}}


def versions() -> dict:
    """Versions of the libraries that labels depend on, without loading them."""
    return {name: _version(name) for name in ("nnunetv2", "TotalSegmentator", "torch")}


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return distribution


def main() -> None:
    """Carry out the request; write ``answer`` as JSON with "ok" or "missing"."""
    request = json.load(sys.stdin)
    _stay_offline()
    run = {"nnunet": nnunet, "totalsegmentator": totalsegmentator, "versions": versions}[request["method"]]
    try:
        answer = {"ok": run(**request["arguments"])}
    except ModuleNotFoundError as problem:
        answer = {"missing": f"Python package {problem.name}"}
    except Missing as problem:
        answer = {"missing": str(problem)}
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
