"""Check the rule books: files and lines of what is wrong, and what a city should know."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from hub.flow.configure import read_areas
from hub.model.rulebook import RuleBook, rulebook
from hub.rules import books
from hub.rules.areas import AreaIndex
from hub.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, nargs="?", help="another config folder")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    folder = args.folder or settings.config
    document, findings = books.read_document(folder)
    index = AreaIndex(read_areas(folder / "areas", settings.home.areas))
    try:
        book: RuleBook | None = rulebook(document)
    except msgspec.ValidationError as wrong:
        book = None
        if not findings:
            findings.append(books.Finding("config.type", str(wrong)))
    if book is not None:
        districts = {area.code: area.name_ko for area in index.districts}
        findings += books.check(book, folder, districts)
    for finding in findings:
        print(finding)
    if book is not None:
        print(
            f"{len(book.agencies)} agencies, {len(book.services)} services, "
            f"{len(book.rules)} rules, {len(book.accounts)} accounts, "
            f"{len(index.districts)} districts, {len(index.areas)} areas"
        )
    if index.approximate:
        print(
            "areas are approximate: the nearest point decides (right for about 93 % in Seoul); "
            "`bigear areas import FILE.geojson` loads polygons"
        )
    return 1 if findings else 0
