"""tf.compat.v1.train.Coordinator: threads that stop together."""

import contextlib
import sys
import threading
import time

from .. import errors, graph
from ..export import export
from .context import GraphKeys


@export("train.Coordinator")
class Coordinator:
    """Any of several threads asks all of them to stop; join() waits for them and raises what one of them reported."""

    def __init__(self, clean_stop_exception_types=None):
        self._clean = tuple(clean_stop_exception_types or (errors.OutOfRangeError,))
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._raised = None
        self._threads = set()
        self._joined = False

    @property
    def joined(self):
        """Whether join() has ended."""
        return self._joined

    def should_stop(self):
        return self._stop.is_set()

    def request_stop(self, ex=None):
        """Asks all threads to stop; `ex`, an exception or sys.exc_info(), is what join() raises."""
        with self._lock:
            error = ex[1] if isinstance(ex, tuple) else ex
            if self._joined:
                if error is not None and not isinstance(error, self._clean):
                    raise error
                return
            if error is not None and self._raised is None and not isinstance(error, self._clean):
                self._raised = error
            self._stop.set()

    def clear_stop(self):
        with self._lock:
            self._joined, self._raised = False, None
            self._stop.clear()

    def wait_for_stop(self, timeout=None):
        return self._stop.wait(timeout)

    @contextlib.contextmanager
    def stop_on_exception(self):
        """An exception in the block asks all threads to stop."""
        try:
            yield
        except Exception:
            self.request_stop(sys.exc_info())

    def register_thread(self, thread):
        with self._lock:
            self._threads.add(thread)

    def raise_requested_exception(self):
        with self._lock:
            if self._raised is not None:
                raise self._raised

    def join(self, threads=None, stop_grace_period_secs=120, ignore_live_threads=False):
        """Waits until the threads have ended, and for at most that time once a stop was asked for."""
        with self._lock:
            waiting = list(self._threads.union(threads or ()))
        while any(t.is_alive() for t in waiting) and not self._stop.wait(0.01):
            pass
        end = time.monotonic() + stop_grace_period_secs
        while any(t.is_alive() for t in waiting) and time.monotonic() < end:
            time.sleep(0.005)
        alive = [t.name for t in waiting if t.is_alive()]
        with self._lock:
            self._joined, self._threads = True, set()
            if self._raised is not None:
                raise self._raised
        if alive and not ignore_live_threads:
            raise RuntimeError(f"Coordinator stopped with threads still running: {' '.join(alive)}")


@export("compat.v1.train.start_queue_runners")
def start_queue_runners(sess=None, coord=None, daemon=True, start=True, collection=GraphKeys.QUEUE_RUNNERS):
    """The threads of the graph's queue runners; Floe's graphs have none, since tf.data replaced them."""
    found = graph.get_default_graph().get_collection(collection)
    if found:
        raise NotImplementedError(f"Floe has no queue runners ({len(found)} in '{collection}'): use tf.data.")
    return []
