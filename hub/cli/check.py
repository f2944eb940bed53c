"""Check the rule books and the network: where something is wrong, and what a city should know."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from hub.flow.configure import read_areas
from hub.model.rulebook import RuleBook
from hub.rules import books
from hub.rules.areas import AreaIndex
from hub.rules.bookcheck import check, check_network, network_finding
from hub.rules.books import Finding
from hub.settings import read_settings
from hub.store.tiles import NoTileArchive, open_archive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, nargs="?", help="another config folder")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    folder = args.folder or settings.config
    index = AreaIndex(read_areas(folder / "areas", settings.home.areas))
    document, findings = books.read_document(folder)
    book = books.open_book(document, folder)
    if isinstance(book, RuleBook):
        findings += check(book, folder, {area.code: area.name_ko for area in index.districts})
        _count(book, index)
    elif not findings:
        # A wrong type is often what another finding already says: an unknown key, an unread file.
        findings.append(book)
    findings += [found for found in _network(folder) if found not in findings]
    for finding in findings:
        print(finding)
    _areas(index)
    if findings:
        print(f"{len(findings)} to mend; a hub that runs keeps the version it has meanwhile")
        return 1
    print("all good; `bigear config diff` shows what `bigear config apply` would change")
    return 0


def _network(folder: Path) -> Iterator[Finding]:
    network, findings = books.read_network(folder)
    yield from findings
    yield from check_network(network, folder)
    if network.tile_archive:
        try:
            open_archive(Path(network.tile_archive)).close()
        except NoTileArchive as wrong:
            yield network_finding(folder, "tile_archive", str(wrong))


def _count(book: RuleBook, index: AreaIndex) -> None:
    print(
        f"{len(book.agencies)} agencies, {len(book.services)} services, "
        f"{len(book.rules)} rules, {len(book.accounts)} accounts, "
        f"{len(index.districts)} districts, {len(index.areas)} areas"
    )


def _areas(index: AreaIndex) -> None:
    if not index.areas:
        print("there are no areas: areas/*.csv names districts and dong with a point each")
    elif index.approximate:
        print(
            "areas are approximate: the nearest point decides (right for about 93 % in Seoul); "
            "`bigear areas import FILE.geojson` loads polygons"
        )
