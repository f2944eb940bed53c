import { useState } from "preact/hooks";
import { moveBroadcast } from "../../api/calls.ts";
import type { Broadcast, User } from "../../api/types.ts";
import { Button, Field, Notice, RefusalNotice } from "../../parts/basics.tsx";
import { Ago, MarkChip, StateChip } from "../../parts/chips.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { useDeed } from "../../parts/work.ts";
import { language, t, word } from "../../texts/texts.ts";
import { Content } from "./content.tsx";
import { useWritten } from "./editor.tsx";
import { approval, mayEdit, needsReason, offered, unsent } from "./rules.ts";

function MoveDialog(props: {
  broadcast: Broadcast;
  to: string;
  onDone: (now: Broadcast) => void;
  /** What was refused was most often looked at too late. */
  onRefused: () => void;
  onClose: () => void;
}) {
  const { broadcast, to } = props;
  const [reason, setReason] = useState("");
  const [read, setRead] = useState(false);
  // What is being approved is what was on the screen when the dialog opened, nothing newer.
  const [shown] = useState(broadcast);
  const deed = useDeed();
  const reasoned = needsReason(shown.state, to);
  const changed = broadcast.version !== shown.version;
  const ready = (!reasoned || reason.trim() !== "") && (to !== "approved" || read) && !changed;
  const go = (event: SubmitEvent): void => {
    event.preventDefault();
    void deed
      .run(async () => {
        const moved = await moveBroadcast(shown, to, reason.trim() || undefined);
        props.onClose();
        props.onDone(moved);
      })
      .then((done) => {
        if (!done) props.onRefused();
      });
  };
  return (
    <Dialog title={word("move", to)} wide onClose={props.onClose}>
      <form onSubmit={go}>
        <Content broadcast={shown} />
        {changed && <Notice tone="warn">{t("broadcast.changed")}</Notice>}
        {to === "approved" && (
          <label class="toggle sure">
            <input
              type="checkbox"
              checked={read}
              onChange={(event) => setRead(event.currentTarget.checked)}
            />
            {shown.exercise ? t("broadcast.read_exercise") : t("broadcast.read")}
          </label>
        )}
        {(reasoned || to === "cancelled") && (
          <Field label={t("act.reason")} optional={!reasoned}>
            {({ id }) => (
              <textarea
                id={id}
                rows={2}
                maxLength={2000}
                value={reason}
                onInput={(event) => setReason(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <RefusalNotice refusal={deed.refusal} />
        <footer>
          <Button onClick={props.onClose}>{t("common.back")}</Button>
          <Button
            type="submit"
            look={to === "approved" ? "main" : "danger"}
            busy={deed.busy}
            disabled={!ready}
          >
            {word("move", to)}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

export const cardId = (id: number): string => `broadcast-${id}`;

/** Moves that nothing is asked about: either way back is open, and nothing goes out. */
const AT_ONCE = ["submitted", "draft"];

/** One broadcast with its way so far and what the reader may do with it. */
export function One(props: {
  broadcast: Broadcast;
  user: User;
  onEdit: () => void;
  onChanged: (now: Broadcast) => void;
  onRefused: () => void;
}) {
  const { broadcast, user } = props;
  const [moving, setMoving] = useState<string | null>(null);
  const deed = useDeed();
  const [written] = useWritten(broadcast.id);
  const moves = offered(user, broadcast);
  const right = approval(user, broadcast);
  const why = unsent(broadcast);
  const move = (to: string): void =>
    void deed
      .run(async () => props.onChanged(await moveBroadcast(broadcast, to)))
      .then((done) => {
        if (!done) props.onRefused();
      });
  return (
    <article
      class={`card broadcast ${broadcast.severity}`}
      id={cardId(broadcast.id)}
      aria-label={broadcast.headline[language.value]}
      tabIndex={-1}
    >
      <header>
        <p class="chips">
          <span class={`chip severity-${broadcast.severity}`}>
            {word("severity", broadcast.severity)}
          </span>
          <StateChip state={broadcast.state} />
          {broadcast.exercise && <span class="chip mark">{t("alert.exercise")}</span>}
          <MarkChip mark={broadcast.mark} />
        </p>
        <p class="hint">
          {broadcast.created_by_name}
          {broadcast.submitted_at && (
            <>
              {" · "}
              {t("broadcast.submitted")} <Ago at={broadcast.submitted_at} />
            </>
          )}
          {broadcast.approved_by_name &&
            ` · ${t("broadcast.approved_by", { name: broadcast.approved_by_name })}`}
          {broadcast.sent_at && (
            <>
              {" · "}
              {t("broadcast.sent")} <Ago at={broadcast.sent_at} />
            </>
          )}
        </p>
      </header>
      <Content broadcast={broadcast} />
      {broadcast.reason && (
        <Notice tone="warn" quiet>
          {t("broadcast.because", { reason: broadcast.reason })}
        </Notice>
      )}
      {why && (
        <Notice tone="warn" quiet>
          {t(why === "late" ? "broadcast.unsent_late" : "broadcast.unsent_undecided")}
        </Notice>
      )}
      <RefusalNotice refusal={deed.refusal} />
      <footer>
        {(written || mayEdit(user, broadcast)) && (
          <Button onClick={props.onEdit}>
            {mayEdit(user, broadcast) ? t("broadcast.edit") : t("broadcast.begun")}
          </Button>
        )}
        {AT_ONCE.filter((to) => moves.includes(to)).map((to) => (
          <Button
            key={to}
            look={to === "submitted" ? "main" : "side"}
            busy={deed.busy}
            onClick={() => move(to)}
          >
            {word("move", to)}
          </Button>
        ))}
        {moves
          .filter((to) => !AT_ONCE.includes(to))
          .map((to) => (
            <Button
              key={to}
              look={to === "approved" ? "main" : to === "cancelled" ? "danger" : "side"}
              disabled={to === "approved" && right !== "may"}
              onClick={() => setMoving(to)}
            >
              {word("move", to)}
            </Button>
          ))}
      </footer>
      {moves.includes("approved") && right === "own_text" && (
        <p class="hint">{t("broadcast.own_text")}</p>
      )}
      {moving && (
        <MoveDialog
          broadcast={broadcast}
          to={moving}
          onDone={props.onChanged}
          onRefused={props.onRefused}
          onClose={() => setMoving(null)}
        />
      )}
    </article>
  );
}
