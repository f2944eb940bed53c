from pathlib import Path

import pytest

from hub.servers import debian
from hub.servers.debian import _first_choices

DEPENDS = """\
postgresql-15
  PreDepends: libfirst
 |Depends: debconf
  Depends: <debconf-2.0>
    cdebconf
    debconf
  Depends: libc6
 |Depends: liblarge
 |Depends: libsmall
  Depends: libsmallest
  Depends: <postgresql-abi>
    provider-one
    provider-two
libother
  Depends: libthird:any
  Depends: <met-by-perl-base>
    perl-base
"""


def test_the_first_choice_of_what_nothing_installed_meets() -> None:
    installed = {"libc6", "debconf", "libsmall", "perl-base"}
    assert _first_choices(DEPENDS, installed) == ["libfirst", "provider-one", "libthird"]


def test_with_nothing_installed_the_first_alternative_is_taken() -> None:
    assert _first_choices(DEPENDS, set()) == [
        "libfirst",
        "debconf",
        "libc6",
        "liblarge",
        "provider-one",
        "libthird",
        "perl-base",
    ]


@pytest.mark.parametrize(
    ("release", "machine", "known"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, "x86_64", True),
        ({"ID": "debian", "VERSION_ID": "12"}, "aarch64", False),
        ({"ID": "debian", "VERSION_ID": "13"}, "x86_64", False),
        ({"ID": "ubuntu", "VERSION_ID": "24.04"}, "x86_64", False),
        ({"ID": "debian"}, "x86_64", False),
    ],
)
def test_only_the_tried_system_is_known(
    release: dict[str, str], machine: str, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert debian.supported() is known


def test_a_tree_without_programs_does_not_work(tmp_path: Path) -> None:
    assert not debian.works(tmp_path)
