"""Calling the command line as its user does, and marker values for identifying tags."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

AORTA = [sys.executable, "-m", "aorta"]
MARKER = "ZZMARKER"
IDENTIFYING = {
    "PatientName": f"{MARKER}^Jane",
    "PatientID": f"{MARKER}-4711",
    "PatientBirthDate": "19370713",
    "StudyDate": "19991231",
    "AccessionNumber": f"{MARKER}5",
    "InstitutionName": f"{MARKER} Hospital",
    "ReferringPhysicianName": f"{MARKER}^Doctor",
    "OperatorsName": f"{MARKER}^Operator",
    "StationName": f"{MARKER}STATION",
    "SeriesDescription": f"abdomen of {MARKER}",
    "ImageComments": f"{MARKER} was here",
    "DeviceSerialNumber": f"{MARKER}-123",
}
IDENTIFYING_UID = "1.2.826.0.1.3680043.8.498.777777731"


@dataclass
class Run:
    """A finished command: exit status, what it printed, and the JSON answer if it gave one."""

    status: int
    out: str
    err: str

    @property
    def answer(self):
        return json.loads(self.out)

    @property
    def stages(self):
        return {stage["name"]: stage["status"] for stage in self.answer["result"]["stages"]}


def aorta(*arguments, timeout=600):
    done = subprocess.run([*AORTA, *map(str, arguments)], capture_output=True, text=True, timeout=timeout)
    return Run(done.returncode, done.stdout, done.stderr)


def killed_in(stage, *arguments, after=1.5):
    """Start a command and ``kill -9`` it while the stage is at work; what it had said so far."""
    process = subprocess.Popen([*AORTA, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith(f"{stage}: started"):
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
            break
    process.stderr.close()
    assert process.wait() == -signal.SIGKILL, "".join(said)
    return "".join(said)
