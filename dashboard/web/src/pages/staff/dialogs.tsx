import { useState } from "preact/hooks";
import type { Label, StaffMove } from "../../api/types.ts";
import { Button, Field, RefusalNotice } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { agencies, agencyName, serviceName, services } from "../../state.ts";
import { named, t, word } from "../../texts/texts.ts";
import type { CaseWork } from "./useCase.ts";

interface Props {
  work: CaseWork;
  onClose: () => void;
}

interface ReasonProps {
  value: string;
  onInput: (value: string) => void;
  optional?: boolean;
  first?: boolean;
}

function Reason(props: ReasonProps) {
  return (
    <Field label={t("act.reason")} optional={props.optional ?? false}>
      {({ id }) => (
        <textarea
          id={id}
          rows={3}
          maxLength={2000}
          autofocus={props.first ?? false}
          value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

function Foot(props: { go: string; work: CaseWork; ready: boolean; onClose: () => void }) {
  return (
    <>
      <RefusalNotice refusal={props.work.deed.refusal} />
      <footer>
        <Button onClick={props.onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="main" busy={props.work.deed.busy} disabled={!props.ready}>
          {props.go}
        </Button>
      </footer>
    </>
  );
}

/** A form that closes when its work is done. */
const submit =
  (work: () => Promise<boolean>, close: () => void) =>
  (event: SubmitEvent): void => {
    event.preventDefault();
    void work().then((done) => {
      if (done) close();
    });
  };

/** Asks what a move needs: a reason, another case, an agency. */
export function MoveDialog({ work, onClose, move }: Props & { move: StaffMove }) {
  const [reason, setReason] = useState("");
  const [target, setTarget] = useState("");
  const needsTarget = move.guards.includes("target");
  const answered = (work.view?.answers ?? 0) > 0;
  const needsReason =
    move.guards.includes("reason") || (move.guards.includes("answer") && !answered);
  const extra = {
    ...(reason.trim() ? { reason: reason.trim() } : {}),
    ...(needsTarget ? { target_ref: target.trim() } : {}),
  };
  const ready = (!needsReason || reason.trim() !== "") && (!needsTarget || target.trim() !== "");
  const title = word("move", move.to);
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit(() => work.move(move.to, extra), onClose)}>
        {move.guards.includes("answer") && !answered && <p>{t("act.no_answer_yet")}</p>}
        {needsTarget && (
          <Field label={t("act.target")} hint={t("act.target_hint")}>
            {({ id, describedBy }) => (
              <input
                id={id}
                autofocus
                aria-describedby={describedBy}
                maxLength={40}
                value={target}
                onInput={(event) => setTarget(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        {needsTarget && (
          <ul class="targets">
            {work.known?.nearby.map((near) => (
              <li key={near.id}>
                <button
                  type="button"
                  aria-pressed={target === near.ref}
                  onClick={() => setTarget(near.ref)}
                >
                  <b>{near.ref}</b> {serviceName(near.service)} <small>{near.excerpt}</small>
                </button>
              </li>
            ))}
          </ul>
        )}
        <Reason
          value={reason}
          onInput={setReason}
          optional={!needsReason}
          first={!needsTarget}
        />
        <Foot go={title} work={work} ready={ready} onClose={onClose} />
      </form>
    </Dialog>
  );
}

const INTENTS = ["report", "request", "suggestion", "question", "praise", "noise"];
const URGENCIES = ["emergency", "high", "normal", "low"];

const codesOf = (labels: readonly Label[] | undefined): string[] =>
  (labels ?? []).flatMap(({ code }) => (code ? [code] : []));

/** Corrects labels. Services that the classifier also thought of stand first. */
export function LabelsDialog({ work, onClose }: Props) {
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

export function AgencyDialog({ work, onClose }: Props) {
  const [agency, setAgency] = useState("");
  const [reason, setReason] = useState("");
  const now = work.view?.agency ?? null;
  return (
    <Dialog title={t("act.agency")} onClose={onClose}>
      <form onSubmit={submit(() => work.reroute(agency, reason.trim()), onClose)}>
        {now && <p class="hint">{t("act.agency_now", { name: agencyName(now) })}</p>}
        <Field label={t("act.agency_to")}>
          {({ id }) => (
            <select
              id={id}
              autofocus
              value={agency}
              onChange={(event) => setAgency(event.currentTarget.value)}
            >
              <option value="" />
              {agencies.value
                .filter((one) => one.code !== now)
                .map((one) => (
                  <option key={one.code} value={one.code}>
                    {named(one)}
                  </option>
                ))}
            </select>
          )}
        </Field>
        <Reason value={reason} onInput={setReason} />
        <Foot
          go={t("act.agency_go")}
          work={work}
          ready={agency !== "" && reason.trim() !== ""}
          onClose={onClose}
        />
      </form>
    </Dialog>
  );
}
