"""Explain why a case lies where it lies: its labels, its place, the rule, every step."""

from __future__ import annotations

import argparse
import sys

from hub.cli._ground import on_ground
from hub.store import log, reading
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", help="its reference, for example K7M3Q-X9P2D")


def run(args: argparse.Namespace) -> int:
    return on_ground(lambda stand: _explain(stand, args.case.upper()))


async def _explain(stand: Standing, ref: str) -> int:
    async with stand.ground.db.acquire() as connection:
        record = await reading.record_of_ref(connection, ref)
        progress = await reading.progress(connection, ref, None)
        if progress is None:
            print(f"bigear: there is no case {ref} [case.not_found]", file=sys.stderr)
            return 1
        detail = await reading.item_detail(connection, progress.item_id) or {}
        history = await log.of_case(connection, record.id if record else 0, progress.item_id)
    city = stand.city.now
    for name in ("service", "intent", "urgency", "language"):
        if detail.get(name):
            print(f"{name:<9} {detail[name]} ({detail[f'{name}_confidence']:.2f})")
    if detail.get("model"):
        unsure = ", too unsure: a person decides" if detail["abstain"] else ""
        print(f"model     {detail['model']}{unsure}")
    if record is None:
        print(f"stage     {progress.stage}: it has no case yet")
        return 0
    area = city.index.by_code.get(record.area or "")
    where = f"{area.name_ko} ({area.code})" if area else "no area"
    if area and area.district != area.code:
        where += f", {city.index.district_of(area).name_ko}"
    print(f"place     {where}, by {detail.get('located_how')}")
    for code in detail.get("candidates") or ():
        candidate = city.index.by_code.get(code)
        print(f"          perhaps {candidate.name_ko if candidate else code}")
    rule = next((r for r in city.book.rules if r.id == record.rule), None)
    print(f"rule      {record.rule}")
    if rule is not None:
        print(f"          {rule.reason_ko}\n          {rule.reason_en}")
    print(f"agency    {record.agency or 'triage'}, {record.state}, deadline {record.deadline_at}")
    for fact in history:
        print(f"{fact.position:>8}  {fact.at:%Y-%m-%d %H:%M:%S}  {fact.type:<16} {fact.actor}")
    return 0
