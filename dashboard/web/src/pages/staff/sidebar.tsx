import { useMemo, useState } from "preact/hooks";
import { useTopic } from "../../live/use.ts";
import { agencies, agencyName, ownAgencies } from "../../state.ts";
import { t } from "../../texts/texts.ts";
import { openByQueue } from "./queue.ts";

function Row(props: {
  name: string;
  total: number | undefined;
  current: boolean;
  onChoose: () => void;
}) {
  return (
    <li>
      <button
        type="button"
        class="queue"
        aria-current={props.current ? "true" : undefined}
        onClick={props.onChoose}
      >
        <span>{props.name}</span>
        {props.total !== undefined && <output>{props.total}</output>}
      </button>
    </li>
  );
}

/**
 * The codes with the busy queues first, as they were when the counts first came: rows that moved on
 * every change would slip away from under the pointer. Those who have few queues keep their order.
 */
function useBusyFirst(
  codes: readonly string[],
  open: ReadonlyMap<string, number> | null,
  wanted: boolean,
): readonly string[] {
  const [first, setFirst] = useState<ReadonlyMap<string, number> | null>(null);
  if (open && !first) setFirst(open);
  return useMemo(() => {
    if (!wanted || !first) return codes;
    return [...codes].sort((a, b) => (first.get(b) ?? 0) - (first.get(a) ?? 0));
  }, [codes, first, wanted]);
}

/** The queues that the signed-in person sees, with how many open cases each has, live. */
export function Sidebar(props: { queue: string; onChoose: (queue: string) => void }) {
  const counts = useTopic("counts");
  const open = useMemo(() => openByQueue(counts?.counts.values() ?? []), [counts]);
  const own = ownAgencies.value;
  const everybody = agencies.value;
  const codes = useMemo(() => own ?? everybody.map((one) => one.code), [own, everybody]);
  const ordered = useBusyFirst(codes, counts ? open : null, own === null);
  const total = (queue: string): number | undefined =>
    counts ? (open.get(queue) ?? 0) : undefined;
  const several = own !== null && own.length > 1;
  return (
    <nav class="sidebar" aria-label={t("staff.queues")}>
      <ul>
        {several && (
          <Row
            name={t("staff.all_mine")}
            total={counts ? own.reduce((sum, code) => sum + (open.get(code) ?? 0), 0) : undefined}
            current={props.queue === "all"}
            onChoose={() => props.onChoose("all")}
          />
        )}
        <Row
          name={t("staff.triage")}
          total={total("triage")}
          current={props.queue === "triage"}
          onChoose={() => props.onChoose("triage")}
        />
        {ordered.map((code) => (
          <Row
            key={code}
            name={agencyName(code)}
            total={total(code)}
            current={props.queue === code}
            onChoose={() => props.onChoose(code)}
          />
        ))}
      </ul>
    </nav>
  );
}

/** The same choice where there is no room for a column. */
export function QueueSelect(props: { queue: string; onChoose: (queue: string) => void }) {
  const own = ownAgencies.value;
  const codes = own ?? agencies.value.map((one) => one.code);
  return (
    <select
      class="queue-select"
      aria-label={t("staff.queues")}
      value={props.queue}
      onChange={(event) => props.onChoose(event.currentTarget.value)}
    >
      {own !== null && own.length > 1 && <option value="all">{t("staff.all_mine")}</option>}
      <option value="triage">{t("staff.triage")}</option>
      {codes.map((code) => (
        <option key={code} value={code}>
          {agencyName(code)}
        </option>
      ))}
    </select>
  );
}
