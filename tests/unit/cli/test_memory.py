from pathlib import Path

import pytest

from hub.cli._memory import memory_left

MB = 1024 * 1024


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("own", "top", "left"),
    [
        ("max", None, 3000),
        ("9000", None, 3000),
        ("2000", None, 2000 - 1200 + 300),
        ("max", "1500", 1500 - 1200 + 300),  # a container's, around the service's own
        ("100", None, 0),
    ],
)
def test_the_least_of_machine_and_groups_is_left(
    tmp_path: Path, own: str, top: str | None, left: int
) -> None:
    write(tmp_path / "proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:   3072000 kB\n")
    write(tmp_path / "proc/self/cgroup", "4:memory:/old\n0::/system.slice/hub.service\n")
    groups = tmp_path / "sys/fs/cgroup"
    for folder, limit in ((groups / "system.slice/hub.service", own), (groups, top)):
        if limit is not None:
            write(folder / "memory.max", limit if limit == "max" else str(int(limit) * MB))
            write(folder / "memory.current", str(1200 * MB))
            write(folder / "memory.stat", f"anon 5\ninactive_file {300 * MB}\n")
    assert memory_left(tmp_path) == left * MB


def test_without_linux_it_is_all_of_the_machine(tmp_path: Path) -> None:
    assert memory_left(tmp_path) >= memory_left()
