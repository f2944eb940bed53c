import { useState } from "preact/hooks";
import type { Label } from "../../api/types.ts";
import { Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { serviceName, services } from "../../state.ts";
import { named, t, word } from "../../texts/texts.ts";
import { type DialogProps, Foot, submit } from "./dialogs.tsx";

const INTENTS = ["report", "request", "suggestion", "question", "praise", "noise"];
const URGENCIES = ["emergency", "high", "normal", "low"];

const codesOf = (labels: readonly Label[] | undefined): string[] =>
  (labels ?? []).flatMap(({ code }) => (code ? [code] : []));

/** Corrects labels. Services that the classifier also thought of stand first. */
export function LabelsDialog({ work, onClose }: DialogProps) {
  const view = work.view;
  const [service, setService] = useState(view?.service ?? "");
  const [intent, setIntent] = useState(view?.intent ?? "");
  const [urgency, setUrgency] = useState(view?.urgency ?? "");
  const [reroute, setReroute] = useState(true);
  const alternatives = codesOf(work.known?.labels?.alternatives);
  const changed = {
    ...(service !== view?.service && service ? { service } : {}),
    ...(intent !== view?.intent && intent ? { intent } : {}),
    ...(urgency !== view?.urgency && urgency ? { urgency } : {}),
  };
  return (
    <Dialog title={t("act.labels")} onClose={onClose}>
      <form onSubmit={submit(() => work.relabel({ ...changed, reroute }), onClose)}>
        {alternatives.length > 0 && (
          <p class="suggestions">
            {alternatives.map((code) => (
              <button
                key={code}
                type="button"
                class="chip"
                aria-pressed={service === code}
                onClick={() => setService(code)}
              >
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
          ready={Object.keys(changed).length > 0}
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
