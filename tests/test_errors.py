"""What the guards let through and what they turn into a refusal."""

import errno
import os

import pytest

from aorta.errors import GeometryError, InputError, SetupError, ignoring_damage, on_damage, on_os_error

REFUSAL = InputError("the file is damaged", where="image", fix="copy it again")


@pytest.mark.parametrize("raised", [ValueError, KeyError, AttributeError, OSError, RecursionError, AssertionError, Exception])
def test_what_a_reader_raises_becomes_the_refusal(raised):
    with pytest.raises(InputError) as seen, on_damage(REFUSAL):
        raise raised("DOE^JANE")
    assert seen.value is REFUSAL
    assert seen.value.__suppress_context__, "the reader's text must not be shown"
    with ignoring_damage():
        raise raised("DOE^JANE")


@pytest.mark.parametrize("passing", [GeometryError("ours"), MemoryError(), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("guard", [lambda: on_damage(REFUSAL), ignoring_damage])
def test_what_is_no_damage_passes(guard, passing):
    with pytest.raises(type(passing)) as seen, guard():
        raise passing
    assert seen.value is passing


@pytest.mark.parametrize("text", ["itk::ERROR: Failed to allocate memory for image.", "std::bad_alloc"])
@pytest.mark.parametrize("guard", [lambda: on_damage(REFUSAL), ignoring_damage])
def test_a_native_librarys_lack_of_memory_is_no_damage(guard, text):
    with pytest.raises(MemoryError), guard():
        raise RuntimeError(text)


def test_a_block_that_ends_well_is_let_alone():
    def read():
        with on_damage(REFUSAL), ignoring_damage():
            return "read"

    assert read() == "read"


def test_the_systems_reason_is_told_without_the_path():
    with pytest.raises(SetupError) as seen, on_os_error(SetupError("it cannot be written", where="labels")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/home/doe/labels.nii.gz")
    assert seen.value.why == "no space left on device"
    assert (seen.value.what, seen.value.where) == ("it cannot be written", "labels")


def test_other_errors_are_not_the_systems():
    with pytest.raises(ValueError, match="a bug"), on_os_error(SetupError("it cannot be written")):
        raise ValueError("a bug")
