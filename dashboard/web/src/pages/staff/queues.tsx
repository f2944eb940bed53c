import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useTopic } from "../../live/use.ts";
import { Button, Empty, Notice, RefusalNotice, Skeleton } from "../../parts/basics.tsx";
import { undoLast } from "../../parts/toast.tsx";
import { useLasting } from "../../parts/work.ts";
import { search, setSearch } from "../../router.ts";
import { ownAgencies, phase, titleCount } from "../../state.ts";
import { t } from "../../texts/texts.ts";
import { Filters } from "./filters.tsx";
import { Item } from "./item.tsx";
import { KeysDialog, useKeys } from "./keys.tsx";
import { stepped, type Wanted, wantedOf } from "./queue.ts";
import { Row, toRow } from "./row.tsx";
import { QueueSelect, Sidebar } from "./sidebar.tsx";
import { useQueue } from "./useQueue.ts";

/** Rows drawn at first; a button draws as many again. */
const ROWS = 80;

/** How long the list may be behind before it says so, which moves it down under the pointer. */
const STALE_MS = 2_000;

function firstQueue(): string {
  const own = ownAgencies.value;
  if (own === null) return "triage";
  return own.length > 1 ? "all" : (own[0] ?? "triage");
}

/** An empty list; of a search it says what was searched, and offers to search the rest. */
function Nothing({ wanted }: { wanted: Wanted }) {
  if (!wanted.q)
    return (
      <Empty title={t("staff.empty")}>
        <p>{t("staff.empty_hint")}</p>
      </Empty>
    );
  return (
    <Empty title={t("staff.not_found")}>
      <p>{wanted.everywhere ? t("staff.searched_all") : t("staff.searched_here")}</p>
      {!wanted.everywhere && (
        <Button onClick={() => setSearch({ everywhere: "1" })}>{t("staff.search_all")}</Button>
      )}
    </Empty>
  );
}

/** The staff's first page: queues, the cases of one, and one case, all live. */
export default function Queues() {
  const list = new URLSearchParams(search.value);
  list.delete("case"); // which one is open is nothing to the list
  const query = list.toString();
  const first = firstQueue();
  const wanted = useMemo(() => wantedOf(new URLSearchParams(query), first), [query, first]);
  const { cases, loading, refusal, again, more, older } = useQueue(wanted);
  const openId = Number(search.value.get("case")) || null;
  const [marked, setMarked] = useState<number | null>(null);
  const [rows, setRows] = useState(ROWS);
  const [help, setHelp] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  const away = phase.value === "waiting" || phase.value === "connecting";
  const stale = useLasting(away, STALE_MS);
  useTopic("me");

  const open = useCallback((id: number) => {
    setMarked(id);
    setSearch({ case: String(id) });
  }, []);
  const close = useCallback(() => {
    const row = Number(search.value.get("case"));
    setSearch({ case: null });
    toRow(row, true);
  }, []);
  const choose = (queue: string): void => setSearch({ queue, case: null, everywhere: null });
  useEffect(() => setRows(ROWS), [wanted]);

  const marks = cases.filter((view) => view.mark).length;
  useEffect(() => {
    titleCount.value = loading ? null : cases.length;
    return () => void (titleCount.value = null);
  }, [cases.length, loading]);

  const current = marked ?? openId;
  const seen = useRef(cases);
  if (cases.some((view) => view.id === current)) seen.current = cases;
  const step = (by: 1 | -1): void => {
    const next = stepped(cases, current, by, seen.current);
    if (!next) return;
    setRows(Math.max(rows, Math.ceil((cases.indexOf(next) + 1) / ROWS) * ROWS));
    setMarked(next.id);
    if (openId) open(next.id);
    // On the list the focus goes along: Enter opens what has it.
    toRow(next.id, !openId);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => current && open(current),
    o: () => current && open(current),
    u: undoLast,
    Escape: close,
    "/": () => searchBox.current?.focus(),
    "?": () => setHelp(true),
  });

  return (
    <div class={openId ? "queues opened" : "queues"}>
      <h1 class="visually-hidden">{t("staff.queues")}</h1>
      <Sidebar queue={wanted.queue} onChoose={choose} />
      <section class="list" aria-label={t("staff.list")}>
        <div class="list-head">
          <QueueSelect queue={wanted.queue} onChoose={choose} />
          <Filters wanted={wanted} searchBox={searchBox} />
        </div>
        {stale && <Notice tone="warn">{t("live.stale")}</Notice>}
        <RefusalNotice refusal={refusal} again={again} />
        <p class="list-count" aria-live="off">
          <span>
            {t("staff.shown", { n: cases.length })}
            {marks > 0 && ` · ${t("staff.shown_marks", { n: marks })}`}
          </span>
          <button type="button" class="plain" onClick={() => setHelp(true)}>
            {t("keys.title")} <kbd>?</kbd>
          </button>
        </p>
        {loading ? (
          <Skeleton lines={8} />
        ) : cases.length ? (
          <ul class="rows">
            {cases.slice(0, rows).map((view) => (
              <Row
                key={view.id}
                view={view}
                chosen={view.id === current}
                showAgency={wanted.queue === "all" || wanted.everywhere}
                onOpen={open}
              />
            ))}
          </ul>
        ) : (
          <Nothing wanted={wanted} />
        )}
        {cases.length > rows ? (
          <Button onClick={() => setRows(rows + ROWS)}>{t("staff.more")}</Button>
        ) : older.refusal ? (
          <RefusalNotice refusal={older.refusal} again={more ?? undefined} />
        ) : (
          more && (
            <Button busy={older.busy} onClick={more}>
              {t("staff.older")}
            </Button>
          )
        )}
      </section>
      <section class="detail" aria-label={t("staff.detail")}>
        {openId ? (
          <Item key={openId} id={openId} onOpen={open} onStep={step} onClose={close} />
        ) : (
          <Empty title={t("staff.choose")}>
            <p>{t("staff.choose_hint")}</p>
          </Empty>
        )}
      </section>
      {help && <KeysDialog onClose={() => setHelp(false)} />}
    </div>
  );
}
