import type { CaseView } from "@contract/protocol";
import { signal } from "@preact/signals";
import type { TargetedKeyboardEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Label } from "../../api/types.ts";
import { Field } from "../../parts/basics.tsx";
import { hasClock } from "../../parts/chips.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { agencyName, serviceName, services } from "../../state.ts";
import { named as nameOf, t, word } from "../../texts/texts.ts";
import { type DialogProps, Foot, submit } from "./dialogs.tsx";
import { beginning } from "./fold.tsx";
import { BY_HAND } from "./queue.ts";

const INTENTS = ["report", "request", "suggestion", "question", "praise", "noise"];
const URGENCIES = ["emergency", "high", "normal", "low"];

type Head = "service" | "intent" | "urgency";

/** Those choices that `keep` wants. */
const only = (
  chosen: Partial<Record<Head, string>>,
  keep: (head: Head, code: string) => boolean,
): Partial<Record<Head, string>> =>
  Object.fromEntries(Object.entries(chosen).filter(([head, code]) => keep(head as Head, code)));

/** How many of the services that somebody corrected to last are offered again. */
const MAX_LATELY = 3;

/** The services that somebody corrected to, the last one first: mistakes come in rows. */
const lately = signal<readonly string[]>([]);

function remember(service: string): void {
  lately.value = [service, ...lately.value.filter((code) => code !== service)].slice(0, MAX_LATELY);
}

const codesOf = (labels: readonly Label[] | undefined): string[] =>
  (labels ?? []).flatMap(({ code }) => (code ? [code] : []));

/**
 * Corrects labels. Services that were chosen lately and those that the classifier also thought of are
 * offered first, each by a digit.
 */
export function LabelsDialog({ work, view, onClose }: DialogProps & { view: CaseView }) {
  // What the person saw when they chose: what a colleague says meanwhile is not silently taken back.
  const [seen, setSeen] = useState(view);
  const [chosen, setChosen] = useState<Partial<Record<Head, string>>>({});
  const first = useRef<HTMLSelectElement>(null);
  const [asked, setAsked] = useState<boolean | null>(null);
  const named = seen.rule === BY_HAND && !!seen.agency;
  const routable = hasClock(seen);
  const reroute = routable && (asked ?? !named);
  const value = (head: Head): string => chosen[head] ?? seen[head] ?? "";
  const choose = (head: Head, code: string): void => setChosen((was) => ({ ...was, [head]: code }));
  const offered = [...new Set([...lately.value, ...codesOf(work.known?.labels?.alternatives)])].filter(
    (code) => code !== seen.service,
  );
  const changed = only(chosen, (head, code) => code !== "" && code !== (seen[head] ?? ""));
  const overtaken = work.deed.refusal?.code === "case.version" && view.version > seen.version;
  const ready = Object.keys(changed).length > 0 && !overtaken;
  const save = async (): Promise<boolean> => {
    const done = await work.relabel({ ...changed, reroute }, seen);
    if (done && changed.service) remember(changed.service);
    return done;
  };
  const renew = (): void => {
    // What was chosen stays, but for a label that somebody else has set meanwhile.
    setChosen((was) => only(was, (head) => view[head] === seen[head]));
    setSeen(view);
    work.deed.clear();
    first.current?.focus(); // the button that was pressed is gone
  };
  const press = (event: TargetedKeyboardEvent<HTMLFormElement>): void => {
    const form = event.currentTarget;
    const held = event.ctrlKey || event.metaKey;
    const code = /^[1-9]$/.test(event.key) ? offered[Number(event.key) - 1] : undefined;
    if (event.key === "Enter" && held && ready) form.requestSubmit();
    if (!code || held || event.altKey) return;
    event.preventDefault(); // a list would look for an entry that begins so
    choose("service", code);
    // Enter saves from here; on a list it would open it. The button can be pressed once it is drawn anew.
    requestAnimationFrame(() => form.querySelector<HTMLElement>("button[type=submit]")?.focus());
  };
  return (
    <Dialog title={t("act.labels")} onClose={onClose}>
      <form onSubmit={submit(save, onClose)} onKeyDown={press}>
        <p class="hint clamped">{beginning(seen)}</p>
        {offered.length > 0 && (
          <p class="suggestions">
            {offered.map((code, n) => (
              <button
                key={code}
                type="button"
                class="chip"
                aria-pressed={value("service") === code}
                onClick={() => choose("service", code)}
              >
                <kbd aria-hidden="true">{n + 1}</kbd>
                {serviceName(code)}
              </button>
            ))}
          </p>
        )}
        <Field label={t("staff.service")}>
          {({ id }) => (
            <select
              id={id}
              ref={first}
              autofocus
              value={value("service")}
              onChange={(event) => choose("service", event.currentTarget.value)}
            >
              <option value="" />
              {services.value.map((one) => (
                <option key={one.code} value={one.code}>
                  {nameOf(one)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="row-fields">
          <Codes head="intent" label={t("item.intent")} codes={INTENTS} value={value("intent")} onChange={choose} />
          <Codes head="urgency" label={t("staff.urgency")} codes={URGENCIES} value={value("urgency")} onChange={choose} />
        </div>
        {routable ? (
          <label class="toggle">
            <input
              type="checkbox"
              checked={reroute}
              onChange={(event) => setAsked(event.currentTarget.checked)}
            />
            {t("act.reroute")}
          </label>
        ) : (
          <p class="hint">{t("act.stays", { state: word("state", seen.state) })}</p>
        )}
        {routable && named && (
          <p class="hint">{t("act.agency_by_hand", { name: agencyName(seen.agency) })}</p>
        )}
        <Foot
          go={t("act.save")}
          work={work}
          ready={ready}
          onClose={onClose}
          onRenew={overtaken ? renew : undefined}
        />
      </form>
    </Dialog>
  );
}

function Codes(props: {
  head: "intent" | "urgency";
  label: string;
  codes: readonly string[];
  value: string;
  onChange: (head: Head, code: string) => void;
}) {
  return (
    <Field label={props.label}>
      {({ id }) => (
        <select
          id={id}
          value={props.value}
          onChange={(event) => props.onChange(props.head, event.currentTarget.value)}
        >
          <option value="" />
          {props.codes.map((code) => (
            <option key={code} value={code}>
              {word(props.head, code)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
