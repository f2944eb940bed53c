import { useState } from "preact/hooks";
import { listPeople } from "../../api/calls.ts";
import type { StaffMove } from "../../api/types.ts";
import { Button, Field, RefusalNotice } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { useAsked } from "../../parts/work.ts";
import { agencies, agencyName, serviceName } from "../../state.ts";
import { named, t, word } from "../../texts/texts.ts";
import { beginning } from "./fold.tsx";
import { type CaseWork, worksOn } from "./useCase.ts";

export interface DialogProps {
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

interface FootProps {
  go: string;
  work: CaseWork;
  ready: boolean;
  onClose: () => void;
  /** Goes on from the case as it is now, where the dialog shows it as it was. */
  onRenew?: (() => void) | undefined;
}

/** The way out of a dialog and the way on, with what the hub refused. */
export function Foot(props: FootProps) {
  return (
    <>
      <RefusalNotice
        refusal={props.work.deed.refusal}
        again={props.onRenew}
        againWords={t("act.renew")}
      />
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
export const submit =
  (work: () => Promise<boolean>, close: () => void) =>
  (event: SubmitEvent): void => {
    event.preventDefault();
    void work().then((done) => {
      if (done) close();
    });
  };

/** Asks what a move needs: a reason, another case, an agency. */
export function MoveDialog({ work, onClose, move }: DialogProps & { move: StaffMove }) {
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
                  <b>{near.ref}</b> {serviceName(near.service)} <small>{beginning(near)}</small>
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

export function AgencyDialog({ work, onClose }: DialogProps) {
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

/** Gives the case to a colleague who works in its agency. */
export function HandOverDialog({ work, onClose }: DialogProps) {
  const people = useAsked(listPeople);
  const [to, setTo] = useState("");
  const view = work.view;
  const able = (people.value ?? []).filter(
    (one) => view && worksOn(one, view) && one.id !== view.assignee,
  );
  const chosen = able.find((one) => String(one.id) === to);
  return (
    <Dialog title={t("act.hand_over")} onClose={onClose}>
      <form
        onSubmit={submit(
          () => (chosen ? work.handOver(chosen) : Promise.resolve(false)),
          onClose,
        )}
      >
        <RefusalNotice refusal={people.refusal} again={people.again} />
        <Field
          label={t("act.hand_over_to")}
          hint={people.value && !able.length ? t("act.nobody_else") : undefined}
        >
          {({ id, describedBy }) => (
            <select
              id={id}
              autofocus
              aria-describedby={describedBy}
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
            >
              <option value="" />
              {able.map((one) => (
                <option key={one.id} value={String(one.id)}>
                  {one.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Foot go={t("act.hand_over")} work={work} ready={chosen !== undefined} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/** What it takes for good, and why it is done. */
export function EraseDialog({ work, onClose }: DialogProps) {
  const [reason, setReason] = useState("");
  return (
    <Dialog title={t("act.erase")} onClose={onClose}>
      <form onSubmit={submit(() => work.erase(reason.trim()), onClose)}>
        <p>{t("act.erase_takes")}</p>
        <p class="hint">{t("act.erase_reason")}</p>
        <Reason value={reason} onInput={setReason} first />
        <Foot go={t("act.erase_go")} work={work} ready={reason.trim() !== ""} onClose={onClose} />
      </form>
    </Dialog>
  );
}
