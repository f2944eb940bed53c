"""The supervisor with real processes."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from hub.supervise import AlreadyRunning, Child, StartFailed, Supervisor, hold, notify
from hub.supervise.supervisor import last_lines, trim

CLONE = Path(__file__).resolve().parents[2]
Ready = Callable[[], Awaitable[bool]]


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    one = Supervisor(tmp_path / "logs", print)
    yield one
    await one.stop()


def child(name: str, code: str, ready: Ready, *, after: tuple[str, ...] = ()) -> Child:
    argv = (sys.executable, "-u", "-c", textwrap.dedent(code))
    return Child(name, argv, {"PATH": "/usr/bin:/bin"}, ready, after, grace_s=2, ready_timeout_s=20)


def exists(path: Path) -> Ready:
    async def ready() -> bool:
        return path.exists()

    return ready


async def at_once() -> bool:
    return True


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def eventually(condition: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


SLEEPER = "import time; time.sleep(600)"


async def test_a_child_starts_when_what_it_needs_is_ready(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    slow, quick = tmp_path / "slow", tmp_path / "quick"
    server = f"""
        import pathlib, time
        time.sleep(0.4); pathlib.Path({str(slow)!r}).touch(); time.sleep(600)
    """
    client = f"""
        import pathlib, time
        assert pathlib.Path({str(slow)!r}).exists()
        pathlib.Path({str(quick)!r}).touch(); time.sleep(600)
    """
    await supervisor.start(
        [child("client", client, exists(quick), after=("server",)),
         child("server", server, exists(slow))]
    )  # fmt: skip
    assert set(supervisor.pids()) == {"client", "server"}


SPEAKER = """
    import pathlib, sys, time
    from hub.supervise import notify
    time.sleep(0.3)
    pathlib.Path(sys.argv[1]).touch()
    notify.say_ready()
    time.sleep(600)
"""


async def test_a_child_without_a_probe_is_ready_when_it_says_so(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    works = tmp_path / "works"
    argv = (sys.executable, "-c", textwrap.dedent(SPEAKER), str(works))
    await supervisor.start([Child("speaker", argv, {"PYTHONPATH": str(CLONE)})])
    assert works.exists()


async def test_a_child_that_never_says_it_is_ready_is_told(supervisor: Supervisor) -> None:
    argv = (sys.executable, "-c", SLEEPER)
    with pytest.raises(StartFailed) as failed:
        await supervisor.start([Child("mute", argv, {}, grace_s=2, ready_timeout_s=0.5)])
    assert "not ready" in str(failed.value.details["reason"])


def test_saying_ready_is_harmless_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(notify.VARIABLE, raising=False)
    notify.say_ready()
    monkeypatch.setenv(notify.VARIABLE, "@bigear-nobody-listens-here")
    notify.say_ready()


async def test_a_killed_child_comes_back(supervisor: Supervisor) -> None:
    await supervisor.start([child("one", SLEEPER, at_once)])
    first = supervisor.pids()["one"]
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: supervisor.pids().get("one", first) != first)
    assert not is_alive(first)


async def test_a_child_that_cannot_start_is_told_with_its_last_words(
    supervisor: Supervisor,
) -> None:
    with pytest.raises(StartFailed) as failed:
        await supervisor.start(
            [child("bad", "raise SystemExit('no such luck')", exists(Path("-")))]
        )
    assert failed.value.details["name"] == "bad"
    assert "no such luck" in str(failed.value.details["log"])


async def test_a_missing_program_is_told(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed) as failed:
        await supervisor.start([Child("gone", ("/no/such/program",), {}, at_once)])
    assert "/no/such/program" in str(failed.value.details["reason"])


async def test_a_child_that_keeps_ending_is_told_with_its_last_words(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lives = tmp_path / "lives"
    code = f"""
        import pathlib, sys, time
        with open({str(lives)!r}, "a") as file: file.write("x")
        pathlib.Path({str(tmp_path / "up")!r}).touch()
        time.sleep(0.3)
        sys.exit("no room for more")
    """
    await supervisor.start([child("role", code, exists(tmp_path / "up"))])
    await eventually(lambda: lives.read_text() == "xxx")
    told = capsys.readouterr().out
    assert "role ended (exit code 1); again in 0.2 s" in told
    assert "role ended (exit code 1); again in 0.4 s" in told
    assert "no room for more" in told.split("0.4 s")[1]


async def test_a_program_that_goes_missing_is_started_when_it_is_back(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    """As one is when memory or space was short for a moment: no failed start is the last."""
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    argv = (str(program), "-c", SLEEPER)
    await supervisor.start([Child("one", argv, {}, at_once, grace_s=2)])
    program.unlink()
    os.kill(supervisor.pids()["one"], signal.SIGKILL)
    await eventually(lambda: supervisor.pids() == {})
    await asyncio.sleep(0.3)
    program.symlink_to(sys.executable)
    await eventually(lambda: "one" in supervisor.pids())


async def test_stop_asks_dependants_first_and_then_kills(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = tmp_path / "order"
    up = tmp_path / "up"
    up.mkdir()

    def code(name: str, answer: str) -> str:
        return f"""
            import pathlib, signal, sys, time
            def end(*_):
                with open({str(order)!r}, "a") as file: file.write({name!r})
                {answer}
            signal.signal(signal.SIGTERM, end)
            pathlib.Path({str(up / name)!r}).touch()
            while True: time.sleep(600)
        """

    one = Supervisor(tmp_path / "logs", print)
    await one.start(
        [
            child("a", code("a", "sys.exit()"), exists(up / "a")),
            child("b", code("b", "sys.exit()"), exists(up / "b"), after=("a",)),
            child("c", code("c", "pass"), exists(up / "c"), after=("b",)),
        ]
    )
    pids = one.pids()
    began = time.monotonic()
    await one.stop()
    assert order.read_text() == "cba"
    assert 2 <= time.monotonic() - began < 6
    assert "c did not end" in capsys.readouterr().out
    assert not any(is_alive(pid) for pid in pids.values())


async def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = f"""
        import asyncio, pathlib, sys
        from hub.supervise import Child, Supervisor
        async def ready(): return True
        async def main():
            supervisor = Supervisor(pathlib.Path({str(tmp_path)!r}), print)
            stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
            await supervisor.start(
                [Child(str(n), (sys.executable, "-c", stubborn), {{}}, ready) for n in range(5)])
            print(*supervisor.pids().values(), flush=True)
            await asyncio.sleep(600)
        asyncio.run(main())
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=CLONE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 5
        assert all(map(is_alive, pids))
        process.kill()
    await eventually(lambda: not any(map(is_alive, pids)), within_s=5)


def test_a_home_is_held_by_one(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with hold(lock):
        with pytest.raises(AlreadyRunning) as refused, hold(lock):
            pass
        assert refused.value.details["pid"] == str(os.getpid())
    with hold(lock):
        pass


def test_a_long_log_that_cannot_be_put_aside_is_emptied_all_the_same(tmp_path: Path) -> None:
    log = tmp_path / "role.log"
    log.write_text("old\n" * 100)
    (tmp_path / "role.log.1").mkdir()  # as a full disk would, it lets no copy be made
    trim(log, max_bytes=100)
    assert log.read_text() == ""


def test_a_long_log_is_put_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "role.log"
    with log.open("a") as writer:
        writer.write("old\n" * 100)
        writer.flush()
        trim(log, max_bytes=1000)  # not long enough
        assert last_lines(log, 2) == ["old", "old"]
        trim(log, max_bytes=100)
        assert last_lines(log, 2) == []
        writer.write("new\n" * 100)
        writer.flush()
        trim(log, max_bytes=100)
        writer.write("newer\n")
    assert log.read_text() == "newer\n"
    assert (tmp_path / "role.log.1").read_text() == "new\n" * 100
