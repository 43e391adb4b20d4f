"""Hints survive kills, full disks and company."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.raised import chain_of
from dagnosis.spool import RECORD_BYTES, Hint, Spool, _framed, _parsed, default_folder


def same(text: str) -> str:
    return text


def hint(number: int = 1, **more: object) -> Hint:
    fields: dict[str, object] = {"dag_id": "orders", "task_id": "load", "try_number": number}
    return Hint("task_failed", 1.5, "task", **{**fields, **more})  # type: ignore[arg-type]


def start(
    code: str, folder: Path, *words: str, output: int | None = None
) -> subprocess.Popen[bytes]:
    head = "import sys; from dagnosis.spool import *; spool = Spool(sys.argv[1])\n"
    source = head + textwrap.dedent(code)
    return subprocess.Popen([sys.executable, "-c", source, str(folder), *words], stdout=output)


def test_what_is_written_is_read_until_it_is_acknowledged(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "made" / "here")
    assert spool.write(hint(1))
    assert spool.write(hint(2, chain=tuple(chain_of(ValueError("ü\n\ud800")))))
    first = spool.read(same)
    assert [found.try_number for found in first.hints] == [1, 2]
    assert first.hints[1].chain[0]["exc_value"] == "ü\n\ud800"
    assert spool.read(same).hints == first.hints
    assert spool.write(hint(3))
    spool.acknowledge(first)
    assert [found.try_number for found in spool.read(same).hints] == [3]
    spool.acknowledge(spool.read(same))
    assert spool.read(same).hints == ()
    assert not any(Path(spool.folder).iterdir())


def test_every_text_goes_through_the_redaction(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(hint(text="password=hunter2", chain=tuple(chain_of(ValueError("pw hunter2")))))
    read = spool.read(lambda text: text.replace("hunter2", "***")).hints[0]
    assert "hunter2" not in str(read)
    assert read.chain[0]["exc_value"] == "pw ***"


def test_what_is_added_after_the_read_is_not_deleted(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(hint(1))
    batch = spool.read(same)
    # a writer that had opened the file before it was renamed
    with Path(spool.folder, batch.files[0][0]).open("ab") as late:
        late.write(_framed(hint(2)))
    spool.acknowledge(batch)
    assert [found.try_number for found in spool.read(same).hints] == [1, 2]


def test_a_torn_record_costs_itself_alone(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.write(hint(1))
    with next(tmp_path.iterdir()).open("ab") as torn:
        torn.write(_framed(hint(2))[:-20])
    spool.write(hint(3))
    batch = spool.read(same)
    assert [found.try_number for found in batch.hints] == [1, 3]
    assert batch.damaged == 1


@given(st.binary(max_size=300))
def test_no_line_raises(line: bytes) -> None:
    assert _parsed(line, same) is None


@settings(max_examples=50)
@given(st.text(max_size=40_000), st.integers(0, 60))
def test_records_are_bounded_and_come_back(text: str, links: int) -> None:
    error: BaseException = ValueError(text)
    for _ in range(links):
        outer = RuntimeError(text)
        outer.__cause__ = error
        error = outer
    record = _framed(hint(7, text=text, chain=tuple(chain_of(error))))
    assert len(record) <= RECORD_BYTES
    back = _parsed(record.strip(b"\n"), same)
    assert back is not None
    assert back.key == ("orders", "", "load", -1, 7)


def test_the_cap_holds_and_drops_are_counted(tmp_path: Path) -> None:
    spool = Spool(tmp_path, cap_bytes=20_000)
    written = [spool.write(hint(number, text="x" * 500)) for number in range(100)]
    assert 10 < sum(written) < 20
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 10_200
    batch = spool.read(same)
    assert len(batch.hints) == sum(written)
    assert batch.dropped == 100 - sum(written)
    spool.acknowledge(batch)
    assert spool.read(same).dropped == 0
    assert spool.write(hint(1))


def test_what_is_not_acknowledged_does_not_pile_up(tmp_path: Path) -> None:
    spool = Spool(tmp_path, cap_bytes=20_000)
    for number in range(200):
        spool.write(hint(number, text="x" * 500))
        spool.read(same)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 21_500


def test_no_folder_no_hints(tmp_path: Path) -> None:
    assert Spool(tmp_path / "nothing").read(same).hints == ()
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file")
    assert not spool.write(hint())
    assert spool.read(same).hints == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_an_unwritable_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert not Spool(tmp_path).write(hint())


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_no_link_and_no_pipe_is_followed(tmp_path: Path, kind: str) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "spool"
    victim.write_text("")
    folder.mkdir()
    place = folder / f"open-{os.geteuid()}"
    place.symlink_to(victim) if kind == "link" else os.mkfifo(place)
    assert not Spool(folder).write(hint())
    assert victim.read_text() == ""


def test_permissions_are_those_of_the_folder(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "own")
    spool.write(hint())
    assert Path(spool.folder).stat().st_mode & 0o777 == 0o700
    assert next(Path(spool.folder).iterdir()).stat().st_mode & 0o777 == 0o600
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    Spool(shared).write(hint())
    assert next(shared.iterdir()).stat().st_mode & 0o777 == 0o660


def test_a_full_disk_is_a_drop_and_the_next_record_is_whole(tmp_path: Path) -> None:
    code = """
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
    done = [spool.write(Hint("task_failed", dag_id="d", try_number=n, text="x" * 700)) for n in range(6)]
    sys.exit(0 if done == [True] * 3 + [False] * 3 else 1)
    """
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 3000
    assert start(code, tmp_path).wait(60) == 0
    spool = Spool(tmp_path)
    assert spool.write(hint(99))
    batch = spool.read(same)
    assert [found.try_number for found in batch.hints] == [0, 1, 2, 99]
    assert batch.damaged == 1
    assert batch.dropped == 3


def test_many_writers_and_readers_lose_nothing(tmp_path: Path) -> None:
    code = """
    for number in range(150):
        assert spool.write(Hint("task_failed", dag_id=sys.argv[2], try_number=number, text="y" * 900))
    """
    writers = [start(code, tmp_path, str(number)) for number in range(6)]
    spool, seen = Spool(tmp_path), set()
    while True:
        running = [writer for writer in writers if writer.poll() is None]
        batch = spool.read(same)
        seen |= {(found.dag_id, found.try_number) for found in batch.hints}
        spool.acknowledge(batch)
        if not running and not batch.hints:
            break
        time.sleep(0.01)
    assert [writer.returncode for writer in writers] == [0] * 6
    assert len(seen) == 6 * 150
    assert not any(tmp_path.iterdir())


def test_kill_9_in_the_middle_of_writes(tmp_path: Path) -> None:
    code = """
    number = int(sys.argv[2])
    while True:
        if spool.write(Hint("task_failed", dag_id="d", try_number=number, text="z" * 6000)):
            print(number, flush=True)
        number += 1
    """
    spool, told, seen = Spool(tmp_path), set(), set()
    for round_ in range(8):
        writer = start(code, tmp_path, str(round_ * 10**6), output=subprocess.PIPE)
        assert writer.stdout
        told.add(int(writer.stdout.readline()))
        time.sleep(0.01 * round_)
        writer.send_signal(signal.SIGKILL)
        told |= {int(line) for line in writer.stdout.read().split(b"\n")[:-1]}
        writer.wait(30)
        writer.stdout.close()
        batch = spool.read(same)
        seen |= {found.try_number for found in batch.hints}
        spool.acknowledge(batch)
    assert told <= seen


def test_the_folder_has_three_names() -> None:
    assert default_folder({"DAGNOSIS_SPOOL": "/a", "AIRFLOW_HOME": "/h"}) == Path("/a")
    assert default_folder({"AIRFLOW__DAGNOSIS__SPOOL": "/b"}) == Path("/b")
    assert default_folder({"AIRFLOW_HOME": "/h"}) == Path("/h/dagnosis/spool")


def test_only_the_standard_library_is_loaded() -> None:
    code = """
    import dagnosis.spool, dagnosis.raised
    outside = {m.partition(".")[0] for m in sys.modules} - set(sys.stdlib_module_names)
    outside -= {"dagnosis", "__mp_main__", "sitecustomize", "usercustomize"}
    ours = sorted(m for m in sys.modules if m.startswith("dagnosis"))
    print(outside, ours)
    assert ours == ["dagnosis", "dagnosis.raised", "dagnosis.spool"], ours
    assert not {o for o in outside if not o.startswith("_")}, outside
    """
    assert start(code, Path()).wait(60) == 0
