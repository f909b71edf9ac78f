"""Keep readers from telling what they read: their warnings quote tag values and file names."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import SimpleITK as sitk

_LOGGERS = ("pydicom", "highdicom", "nibabel", "nibabel.global")


@contextmanager
def quiet() -> Iterator[None]:
    """No warning, log record or ITK message of a reading library gets out; what matters is raised as an ``AortaError``."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    disabled = [logger.disabled for logger in loggers]
    itk = sitk.ProcessObject.GetGlobalWarningDisplay()
    try:
        for logger in loggers:
            logger.disabled = True
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(itk)
        for logger, before in zip(loggers, disabled):
            logger.disabled = before
