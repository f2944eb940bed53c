import { KINDS, STAGES } from "@contract/kinds";
import type { CaseView, MessageView } from "@contract/protocol";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { addToComplaint, complaintPhoto, getComplaint, withdrawComplaint } from "../../api/calls.ts";
import type { CitizenCase } from "../../api/types.ts";
import { useTopic } from "../../live/use.ts";
import { Button, Empty, Field, Notice, RefusalNotice, Skeleton } from "../../parts/basics.tsx";
import { Ago, MarkChip, StateChip } from "../../parts/chips.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { useDraft } from "../../parts/drafts.ts";
import { Photos } from "../../parts/photos.tsx";
import { useAsked, useDeed } from "../../parts/work.ts";
import { decoded } from "../../router.ts";
import { agencyName, carryKey, districtName, readerDistrict, serviceName } from "../../state.ts";
import { dateTime } from "../../texts/format.ts";
import { t, word } from "../../texts/texts.ts";

/** The private link's secret: after the sign, so that it never reaches a server's log. Empty where
 * there is none, or what no secret holds. */
const secretHere = (): string =>
  /^[\w-]+$/.exec(decoded(location.hash.slice(1)))?.[0] ?? "";

/** The case whose work this page shows: one's own, or the one that it was merged into. */
const worked = (known: CitizenCase): CaseView | null => known.follows ?? known.case;

const newer = (live: CaseView | undefined, known: CaseView | null): CaseView | null =>
  live && live.version > (known?.version ?? 0) ? live : known;

/** How far it has come: the hub's four stages, then the state of the work. */
function Progress(props: { known: CitizenCase }) {
  const { progress, steps } = props.known;
  // A case that a person must still sort has not found its agency, whatever the hub did with it.
  const work = worked(props.known);
  const sorting = work?.state === "triage";
  const view = sorting ? null : work;
  const reached = STAGES.indexOf(progress.stage) - (sorting ? 1 : 0);
  const at = new Map(steps.map((one) => [one.code, one.at]));
  // Being routed is the moment when the work got its first state.
  const first = steps.find((one) => !(STAGES as readonly string[]).includes(one.code));
  if (first && !at.has("routed") && !sorting) at.set("routed", first.at);
  return (
    <ol class="progress-line" aria-label={t("link.progress")}>
      {STAGES.map((stage, n) => (
        <li
          key={stage}
          class={n <= reached ? "done" : n === reached + 1 ? "next" : ""}
          aria-current={n === reached && !view ? "step" : undefined}
        >
          <span>{word("stage", stage)}</span>
          {n <= reached && at.has(stage) && <small>{dateTime(at.get(stage) ?? "")}</small>}
        </li>
      ))}
      <li class={view ? "done now" : ""} aria-current={view ? "step" : undefined}>
        <span>{view ? word("state", view.state) : t("link.work")}</span>
        {view && <small>{dateTime(view.updated_at)}</small>}
      </li>
    </ol>
  );
}

function Message(props: { message: MessageView }) {
  const { message } = props;
  const mine = message.kind === "addition";
  return (
    <li class={mine ? "message mine" : "message"}>
      <p class="message-head">
        <b>{mine ? t("link.you") : (message.author_name ?? t("link.agency"))}</b>
        <Ago at={message.at} />
      </p>
      <p class="text">{message.text ?? t("link.erased_text")}</p>
    </li>
  );
}

function AddForm(props: { reference: string; secret: string; hint: string; onDone: () => void }) {
  const [draft, setDraft] = useDraft<string>(`addition ${props.reference}`);
  const text = draft ?? "";
  const deed = useDeed();
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!text.trim()) return;
    void deed.run(async () => {
      await addToComplaint(props.reference, props.secret, text.trim());
      setDraft(null);
      props.onDone();
    });
  };
  return (
    <form class="add" onSubmit={send}>
      <Field label={t("link.add")} hint={props.hint}>
        {({ id, describedBy }) => (
          <textarea
            id={id}
            rows={3}
            maxLength={5000}
            aria-describedby={describedBy}
            value={text}
            onInput={(event) => setDraft(event.currentTarget.value || null)}
          />
        )}
      </Field>
      <RefusalNotice refusal={deed.refusal} />
      <Button type="submit" busy={deed.busy} disabled={!text.trim()}>
        {t("link.send")}
      </Button>
    </form>
  );
}

function Withdraw(props: { reference: string; secret: string; onDone: () => void }) {
  const [asking, setAsking] = useState(false);
  const deed = useDeed();
  const confirm = (): void =>
    void deed.run(async () => {
      await withdrawComplaint(props.reference, props.secret);
      setAsking(false);
      props.onDone();
    });
  return (
    <>
      <button type="button" class="plain" onClick={() => setAsking(true)}>
        {t("link.withdraw")}
      </button>
      {asking && (
        <Dialog title={t("link.withdraw")} onClose={() => setAsking(false)}>
          <p>{t("link.withdraw_sure")}</p>
          <RefusalNotice refusal={deed.refusal} />
          <footer>
            <Button onClick={() => setAsking(false)}>{t("common.cancel")}</Button>
            <Button look="danger" busy={deed.busy} onClick={confirm}>
              {t("link.withdraw")}
            </Button>
          </footer>
        </Dialog>
      )}
    </>
  );
}

/** What the hub last answered, kept up to date by what comes in live. */
function useCase(reference: string, secret: string) {
  const ask = useCallback(
    (signal: AbortSignal) => getComplaint(reference, secret, signal),
    [reference, secret],
  );
  const asked = useAsked(secret ? ask : null);
  const topic = useTopic(secret ? `public:case:${reference}` : null);
  const { again } = asked;
  const position = topic?.position;
  // Facts carry no texts that could be erased: what changed is asked for, over HTTP.
  useEffect(() => {
    if (position !== undefined) again();
  }, [position, again]);
  const known = useMemo(() => {
    if (!asked.value) return null;
    const live = new Map([...(topic?.cases.values() ?? [])].map((one) => [one.ref, one]));
    const progress = topic && [...topic.progress.values()][0];
    const before = asked.value;
    const further =
      progress &&
      STAGES.indexOf(progress.stage as (typeof STAGES)[number]) >
        STAGES.indexOf(before.progress.stage);
    return {
      ...before,
      case: newer(live.get(reference), before.case),
      follows: before.follows && newer(live.get(before.follows.ref), before.follows),
      progress: further ? (progress as CitizenCase["progress"]) : before.progress,
    };
  }, [asked.value, topic, reference]);
  return { ...asked, known };
}

/** The page of a private link: how far it has come, what was answered, what may be added. */
export default function Case(props: { reference: string }) {
  const { reference } = props;
  const [secret, setSecret] = useState(secretHere);
  useEffect(() => {
    const changed = (): void => setSecret(secretHere());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  useEffect(() => {
    carryKey(secret ? { ref: reference, secret } : null);
    return () => carryKey(null);
  }, [reference, secret]);
  const { known, refusal, again } = useCase(reference, secret);
  const photo = useCallback(
    (n: number) => complaintPhoto(reference, secret, n),
    [reference, secret],
  );
  const district = known?.case?.district ?? null;
  useEffect(() => {
    readerDistrict.value = district;
  }, [district]);

  if (!secret || refusal?.status === 404 || refusal?.status === 401)
    return (
      <Empty whole title={t("link.unknown")}>
        <p>{t("link.unknown_hint")}</p>
        <a href="/">{t("common.go_home")}</a>
      </Empty>
    );
  if (!known) return refusal ? <RefusalNotice refusal={refusal} again={again} /> : <Skeleton lines={8} />;
  const view = known.case;
  const work = worked(known);
  const title =
    known.follows && work?.state === "waiting" ? t("link.merged_waiting") : word("progress", work?.state);
  const done = view !== null && !KINDS.complaint.open.some((state) => state === view.state);
  const mayWithdraw =
    view !== null &&
    KINDS.complaint.moves.some((move) => move.from === view.state && move.to === "withdrawn");
  return (
    <article class="link-page">
      <header class="link-head">
        <p class="ref">{reference}</p>
        <h1>{work ? title : t("link.on_its_way")}</h1>
        <p class="chips">
          {work && <StateChip state={work.state} />}
          <MarkChip mark={view?.mark} />
        </p>
      </header>
      <RefusalNotice refusal={refusal} again={again} />
      <Progress known={known} />
      {known.follows && <Notice tone="info">{t("link.merged", { ref: known.follows.ref })}</Notice>}
      <div class="link-columns">
        <section class="card">
          <h2>{t("link.yours")}</h2>
          {known.erased ? <p class="hint">{t("link.erased")}</p> : <p class="text">{known.text}</p>}
          <Photos photos={known.photos} load={photo} />
          <dl class="facts">
            {known.place && <Fact name={t("link.place")}>{known.place}</Fact>}
            {view?.district && <Fact name={t("link.area")}>{districtName(view.district)}</Fact>}
            {view?.service && <Fact name={t("link.service")}>{serviceName(view.service)}</Fact>}
            {known.agency && (
              <Fact name={t("link.agency")}>
                {agencyName(known.agency.code)}
                {known.agency.phone && <a href={`tel:${known.agency.phone}`}>{known.agency.phone}</a>}
              </Fact>
            )}
          </dl>
        </section>
        <section class="card">
          <h2>{t("link.answers")}</h2>
          {known.messages.length ? (
            <ul class="messages" aria-live="polite">
              {known.messages.map((message) => (
                <Message key={message.id} message={message} />
              ))}
            </ul>
          ) : (
            <p class="hint">{t("link.no_answers")}</p>
          )}
          {known.follows && <p class="hint">{t("link.merged_answers")}</p>}
          {known.may_add && (
            <AddForm
              reference={reference}
              secret={secret}
              hint={t(done ? "link.add_reopens" : "link.add_hint")}
              onDone={again}
            />
          )}
          {done && !known.may_add && !known.erased && view.state !== "merged" && (
            <p class="hint">{t("link.no_more")}</p>
          )}
          {!known.erased && mayWithdraw && (
            <Withdraw reference={reference} secret={secret} onDone={again} />
          )}
        </section>
      </div>
      <p class="hint">{t("link.keep")}</p>
    </article>
  );
}

function Fact(props: { name: string; children: preact.ComponentChildren }) {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </>
  );
}
