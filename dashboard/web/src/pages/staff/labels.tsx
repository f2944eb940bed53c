import { signal } from "@preact/signals";
import type { TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import type { Label } from "../../api/types.ts";
import { Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { serviceName, services } from "../../state.ts";
import { named, t, word } from "../../texts/texts.ts";
import { type DialogProps, Foot, submit } from "./dialogs.tsx";
import { beginning } from "./fold.tsx";

const INTENTS = ["report", "request", "suggestion", "question", "praise", "noise"];
const URGENCIES = ["emergency", "high", "normal", "low"];

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
export function LabelsDialog({ work, onClose }: DialogProps) {
  const view = work.view;
  const [service, setService] = useState(view?.service ?? "");
  const [intent, setIntent] = useState(view?.intent ?? "");
  const [urgency, setUrgency] = useState(view?.urgency ?? "");
  const [reroute, setReroute] = useState(true);
  const offered = [...new Set([...lately.value, ...codesOf(work.known?.labels?.alternatives)])].filter(
    (code) => code !== view?.service,
  );
  const changed = {
    ...(service !== view?.service && service ? { service } : {}),
    ...(intent !== view?.intent && intent ? { intent } : {}),
    ...(urgency !== view?.urgency && urgency ? { urgency } : {}),
  };
  const ready = Object.keys(changed).length > 0;
  const save = async (): Promise<boolean> => {
    const done = await work.relabel({ ...changed, reroute });
    if (done && changed.service) remember(changed.service);
    return done;
  };
  const press = (event: TargetedKeyboardEvent<HTMLFormElement>): void => {
    const form = event.currentTarget;
    const held = event.ctrlKey || event.metaKey;
    const code = /^[1-9]$/.test(event.key) ? offered[Number(event.key) - 1] : undefined;
    if (event.key === "Enter" && held && ready) form.requestSubmit();
    if (!code || held || event.altKey) return;
    event.preventDefault(); // a list would look for an entry that begins so
    setService(code);
    // Enter saves from here; on a list it would open it. The button can be pressed once it is drawn anew.
    requestAnimationFrame(() => form.querySelector<HTMLElement>("button[type=submit]")?.focus());
  };
  return (
    <Dialog title={t("act.labels")} onClose={onClose}>
      <form onSubmit={submit(save, onClose)} onKeyDown={press}>
        {view && <p class="hint clamped">{beginning(view)}</p>}
        {offered.length > 0 && (
          <p class="suggestions">
            {offered.map((code, n) => (
              <button
                key={code}
                type="button"
                class="chip"
                aria-pressed={service === code}
                onClick={() => setService(code)}
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
              autofocus
              value={service}
              onChange={(event) => setService(event.currentTarget.value)}
            >
              <option value="" />
              {services.value.map((one) => (
                <option key={one.code} value={one.code}>
                  {named(one)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="row-fields">
          <Codes label={t("item.intent")} section="intent" codes={INTENTS} value={intent} onChange={setIntent} />
          <Codes label={t("staff.urgency")} section="urgency" codes={URGENCIES} value={urgency} onChange={setUrgency} />
        </div>
        <label class="toggle">
          <input
            type="checkbox"
            checked={reroute}
            onChange={(event) => setReroute(event.currentTarget.checked)}
          />
          {t("act.reroute")}
        </label>
        <Foot
          go={t("act.save")}
          work={work}
          ready={ready}
          onClose={onClose}
        />
      </form>
    </Dialog>
  );
}

function Codes(props: {
  label: string;
  section: "intent" | "urgency";
  codes: readonly string[];
  value: string;
  onChange: (code: string) => void;
}) {
  return (
    <Field label={props.label}>
      {({ id }) => (
        <select
          id={id}
          value={props.value}
          onChange={(event) => props.onChange(event.currentTarget.value)}
        >
          <option value="" />
          {props.codes.map((code) => (
            <option key={code} value={code}>
              {word(props.section, code)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
