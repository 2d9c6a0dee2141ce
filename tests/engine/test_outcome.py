"""What a job says about its end."""

import errno
import gc
import weakref

import pytest

from diffviz.engine.outcome import JobOutcome, JobStatus


def test_success_and_cancellation_are_said_in_one_sentence():
    assert JobOutcome(JobStatus.SUCCEEDED, "Sampling").message() == "Sampling finished."
    assert JobOutcome(JobStatus.CANCELLED, "Sampling").message() == "Sampling was stopped."


def test_a_failure_says_why_in_one_line():
    outcome = JobOutcome.failed("Sampling", RuntimeError("shapes differ.\nException raised from a C++ file"))
    assert outcome.message() == "Sampling failed: shapes differ."


def test_an_error_without_words_is_called_by_its_name():
    assert JobOutcome.failed("Export", KeyError()).message() == "Export failed: KeyError."


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
    ],
)
def test_running_out_of_memory_comes_with_a_hint(error):
    outcome = JobOutcome.failed("Sampling", error)
    assert outcome.out_of_memory
    assert outcome.message().startswith("Sampling failed: the memory ran out. Fewer samples")


def test_torch_out_of_memory_is_recognised_by_its_own_class():
    torch = pytest.importorskip("torch")
    assert JobOutcome.failed("Sampling", torch.OutOfMemoryError("allocation refused")).out_of_memory


def test_a_full_disk_comes_with_a_hint():
    outcome = JobOutcome.failed("Export", OSError(errno.ENOSPC, "No space left on device"))
    assert "free some space" in outcome.message()


def test_a_failure_lets_go_of_what_the_failed_step_held():
    class Tensor:
        pass

    def step():
        tensor = Tensor()
        watched.append(weakref.ref(tensor))
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error

    watched = []
    outcome = None
    try:
        step()
    except ValueError as error:
        outcome = JobOutcome.failed("Sampling", error)
    gc.collect()
    assert watched[0]() is None
    assert "inner" in outcome.details
    assert "outer" in outcome.details
