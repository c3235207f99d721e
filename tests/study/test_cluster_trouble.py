"""Clusters that freeze, answer nonsense or are not to be trusted: a study ends, and says why."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.errors import UsageError
from planner.studies import Here, Run, run_studies, run_study
from planner.studies.cases import Planned, with_tables
from planner.studies.engine import Tracker, return_class, unpack
from planner.studies.places import cluster as dask
from planner.studies.places import workers
from planner.studies.places.cluster import INSECURE_WARNING, Cluster
from planner.studies.source import SweepPoint, read_point
from tests.cli.desk import ROOT
from tests.study.test_cluster import dask_of
from tests.study.variants import Deadly, Falling, capped, figures, joined, slow, study
from tests.waiting import HANG

pytestmark = pytest.mark.slow

# ---- a place that is lost ------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [1, 2])
def test_what_is_finished_is_kept_where_a_later_study_finds_no_place(runs):
    studies = [study([capped(0.8)], [capped(0.7)]), study([capped(0.6)]), study([capped(0.5)])]
    found = run_studies(studies, Falling(runs))
    every = [outcome for outcomes in found for outcome in outcomes]
    handed_out = [every[at] for at in (0, 2, 3, 1)]  # the first of each study, then the others
    lost = handed_out[runs:]
    assert all(each.is_planned for each in handed_out[:runs])
    assert all("the cluster was lost" in each.error and not each.ran for each in lost)
    assert all(outcomes.stopped is None for outcomes in found)


def test_a_place_that_was_never_there_is_a_usage_error():
    with pytest.raises(UsageError, match="no scheduler answers"):
        run_studies([study([capped(0.8)])], Falling(0))


# ---- frozen --------------------------------------------------------------------------------------


def test_a_frozen_worker_gives_its_runs_to_others(tmp_path, monkeypatch):
    """As soon as Dask's time to live of workers is over; what it planned is planned again."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "6s")
    freezes = Run("freezes", Deadly(tmp_path / "frozen", signal=signal.SIGSTOP))
    what = study([capped(0.55), freezes, capped(0.33)], [capped(0.8)])
    with dask_of(tmp_path, 2) as cluster:
        with dask.connected(cluster.address) as client:
            client.wait_for_workers(2, timeout=HANG)
        found = run_study(what, Cluster(cluster.address))
    assert (tmp_path / "frozen").exists()
    assert found == run_study(what, Here())


def test_a_frozen_scheduler_is_given_up(tmp_path, monkeypatch):
    with dask_of(tmp_path, 1) as cluster:
        with dask.connected(cluster.address) as client:
            client.wait_for_workers(1, timeout=HANG)
        heard = []

        def on_stage(progress):
            heard.append(progress.notice)
            if progress.done == 1:
                monkeypatch.setattr(workers, "ANSWER_SECONDS", 0.5)
                monkeypatch.setattr(workers, "WAIT_SECONDS", 2.0)
                os.kill(cluster.processes[0].pid, signal.SIGSTOP)

        what = study([capped(0.8)], [slow(0.7, HANG)])
        found = run_study(what, Cluster(cluster.address), on_stage)
    assert not found[1].ran
    assert "does not answer (TimeoutError" in found[1].error
    assert f"the scheduler at {cluster.address} does not answer" in heard


# ---- nonsense ------------------------------------------------------------------------------------


@contextmanager
def answering(words):
    """The address of a server that answers everyone with the same words."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for _ in itertools.count():
                try:
                    with server.accept()[0] as connection:
                        connection.sendall(words)
                        connection.settimeout(0.5)
                        connection.recv(100)
                except TimeoutError:
                    continue
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    "words", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20, b"\x00" * 4096, b"\xff" * 4096]
)
def test_what_answers_is_no_scheduler(words, monkeypatch):
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 0.5)
    with answering(words) as address, pytest.raises(UsageError, match="no Dask scheduler answers"):
        run_study(study([capped(0.5)]), Cluster(address))


class Nonsense:
    """A client whose scheduler and workers answer what none does."""

    status = "running"
    scheduler = type("Scheduler", (), {"identity": None})

    def __init__(self, identity, said=None):
        self.identity, self.said = identity, said

    def sync(self, *_, **__):
        if isinstance(self.identity, Exception):
            raise self.identity
        return self.identity

    def run(self, *_, **__):
        return self.said


ONE = {"workers": {"tcp://w:1": {"nthreads": 1, "last_seen": 1.0}}}


@pytest.mark.parametrize(
    ("identity", "said", "why"),
    [
        ("hello", None, "does not answer"),
        ({"workers": {"tcp://w:1": {"nthreads": "many", "last_seen": 0}}}, None, "not answer"),
        (ValueError("bad message"), None, "does not answer"),
        ({"workers": {}}, None, "no worker has joined"),
        (ONE, ["hello"], "do not report their software versions"),
        (ONE, {"tcp://w:1": 7}, "cannot plan. .*it answers 7"),
        (ONE, {"tcp://w:1": {"planner": "0"}}, "has other versions"),
        (ONE, {"tcp://w:1": ImportError("planner")}, "cannot plan. .*ImportError: planner"),
    ],
)
def test_answers_that_are_none_are_a_usage_error(identity, said, why, monkeypatch):
    monkeypatch.setattr(workers, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(workers, "POLL_SECONDS", 0.05)
    with pytest.raises(UsageError, match=why):
        workers.Workers(Nonsense(identity, said), "tcp://host:1", lambda _: None).wait_until_ready()


def astray(name, case, start, runs):
    """Stands for a worker that sends back what is no outcome."""
    import pickle

    good = pickle.dumps("hello")
    return [{}, "hello", {start: good}, {start: b"hello"}, {start: 7}, {"x": good}][start[0]]


def test_a_worker_that_sends_back_nonsense_fails_alone(tmp_path, monkeypatch):
    what = study(*[[capped(0.9 - 0.1 * i)] for i in range(6)])
    with dask_of(tmp_path, 1) as cluster:
        monkeypatch.setattr(workers, "plan_task", astray)
        found = run_study(what, Cluster(cluster.address))
    none, sent = "its worker did not send its result", "other than its result: 'hello'"
    lost = "the result read from the plan did not arrive"
    expected = [none, none, sent, lost, lost, none]
    assert len(found) == 6
    assert all(why in each.error for why, each in zip(expected, found, strict=True))


def test_an_outcome_is_whole():
    import pickle
    from dataclasses import replace

    good = run_study(study([capped(0.5)]), Here())[0]
    changed = [
        replace(good, objective="1"), replace(good, proof=None), replace(good, error=None),
        replace(good, result=None), replace(good, name="another"), replace(good, ran=None),
    ]  # fmt: skip
    assert unpack(pickle.dumps(good), good.name, tuple) == good
    for wrong in changed:
        assert "other than its result" in unpack(pickle.dumps(wrong), good.name, tuple).error


def test_what_is_promised_of_a_plan():

    assert return_class(with_tables) is Planned
    assert return_class(read_point) is SweepPoint
    assert return_class(figures) is object
    assert return_class(len) is object


def test_events_of_runs_that_there_are_not():
    heard = []
    known = Tracker(joined([capped(0.5)]), heard.append)
    known.mark_finished(7, 7)
    known.mark_finished("a", 0)
    assert not heard
    known.mark_finished(0, 0)
    assert [each.done for each in heard] == [1]


# ---- whom one trusts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "is_trusted"),
    [
        ("tcp://127.0.0.1:8786", True),
        ("localhost:8786", True),
        ("tcp://[::1]:8786", True),
        ("tls://10.0.0.7:8786", True),
        ("tcp://10.0.0.7:8786", False),
        ("desk-2.local:8786", False),
    ],
)
def test_a_cluster_elsewhere_without_certificates_is_warned_of_once(
    address, is_trusted, monkeypatch
):
    def nobody(_):
        msg = "nobody"
        raise UsageError(msg)

    monkeypatch.setattr(dask, "connected", nobody)
    heard = []
    where = Cluster(address)
    for _ in range(2):
        with pytest.raises(UsageError, match="nobody"):
            run_study(study([capped(0.5)]), where, lambda p: heard.append(p.notice))
    told = [notice for notice in heard if notice]
    assert told == ([] if is_trusted else [f"the connection to {address} {INSECURE_WARNING}"])


def certificate(folder, name):
    """A certificate that is its own authority, and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
        f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def settings(who, cert, key):
    """Dask's settings for certificates, as environment variables."""
    before = "DASK_DISTRIBUTED__COMM__TLS__"
    parts = {"CA_FILE": cert, f"{who}__CERT": cert, f"{who}__KEY": key}
    return {f"{before}{name}": str(path) for name, path in parts.items()}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_certificates(tmp_path):
    """In a process of its own: what others have left of Dask's settings and loops is not there."""
    script = f"from tests.study.test_cluster_trouble import trusted; trusted({str(tmp_path)!r})"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def trusted(folder):
    """A cluster of whom everyone shows a certificate; one without, and one of another authority."""
    import dask as library
    import distributed  # noqa: F401 - its own settings are there before some are set for a while

    cert, key = certificate(Path(folder), "ours")
    for who in ("SCHEDULER", "WORKER"):
        os.environ.update(settings(who, cert, key))
    with dask_of(Path(folder), 0, "tls") as cluster:
        cluster.worker()
        where = Cluster(cluster.address)
        assert where.address.startswith("tls://")
        plain = {f"distributed.comm.tls.{name}": None for name in dask.TLS}
        with library.config.set(plain), pytest.raises(UsageError, match=r"tls\.ca-file, .*key"):
            run_study(study([capped(0.5)]), where)
        other = certificate(Path(folder), "theirs")
        dask.CONNECT_SECONDS = 2.0
        with library.config.set(client(*other)), pytest.raises(UsageError, match="no Dask sched"):
            run_study(study([capped(0.5)]), where)
        dask.CONNECT_SECONDS = HANG
        with library.config.set(client(cert, key)):
            found = run_study(study([capped(0.5)]), where)
    assert found == run_study(study([capped(0.5)]), Here())


def client(cert, key):
    names = (cert, cert, key)
    paths = zip(dask.TLS, map(str, names), strict=True)
    return {f"distributed.comm.tls.{name}": path for name, path in paths}
