import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { editBroadcast, writeBroadcast } from "../../api/calls.ts";
import type { Broadcast, BroadcastSent, Language } from "../../api/types.ts";
import { Button, Field, Notice, RefusalNotice } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { useDraft } from "../../parts/drafts.ts";
import { useDeed } from "../../parts/work.ts";
import { districts } from "../../state.ts";
import { fits, length, span } from "../../texts/format.ts";
import { named, t, word } from "../../texts/texts.ts";
import { Content } from "./content.tsx";
import { draftOf, editable, EXPIRY_MIN, LIMITS, SEVERITIES } from "./rules.ts";

/** What is being written, and the broadcast as it stood when that was begun (null: a new one). */
interface Written {
  base: Broadcast | null;
  content: BroadcastSent;
}

/** What is begun on a broadcast (null: on a new one), until it is saved or thrown away. */
export const useWritten = (id: number | null) =>
  useDraft<Written>(id === null ? "broadcast" : `broadcast ${id}`);

/** How much of a phone's message a text takes. */
function LengthMeter(props: { text: string }) {
  const count = length(props.text);
  const fit = fits(count, LIMITS);
  const tone = fit === LIMITS[0] ? "short" : fit ? "long" : "over";
  return (
    <span class={`length ${tone}`}>
      <meter min={0} max={LIMITS[1]} high={LIMITS[0]} value={Math.min(count, LIMITS[1])} />
      {t("broadcast.length", { n: count, short: LIMITS[0], long: LIMITS[1] })}
    </span>
  );
}

function Words(props: {
  spoken: Language;
  draft: BroadcastSent;
  onChange: (draft: BroadcastSent) => void;
}) {
  const { spoken, draft, onChange } = props;
  const name = spoken === "ko" ? t("common.korean") : t("common.english");
  return (
    <fieldset class="words" lang={spoken}>
      <legend lang="">{name}</legend>
      <Field label={t("broadcast.headline")}>
        {({ id }) => (
          <input
            id={id}
            required
            maxLength={60}
            value={draft.headline[spoken]}
            onInput={(event) =>
              onChange({
                ...draft,
                headline: { ...draft.headline, [spoken]: event.currentTarget.value },
              })
            }
          />
        )}
      </Field>
      <Field label={t("broadcast.text")}>
        {({ id }) => (
          <textarea
            id={id}
            rows={4}
            required
            maxLength={500}
            value={draft.text[spoken]}
            onInput={(event) =>
              onChange({ ...draft, text: { ...draft.text, [spoken]: event.currentTarget.value } })
            }
          />
        )}
      </Field>
      <LengthMeter text={draft.text[spoken]} />
    </fieldset>
  );
}

function Areas(props: { areas: readonly string[]; onChange: (areas: string[]) => void }) {
  const { areas, onChange } = props;
  const all = districts.value?.features.map((one) => one.properties) ?? [];
  const toggle = (code: string): void =>
    onChange(areas.includes(code) ? areas.filter((one) => one !== code) : [...areas, code]);
  return (
    <fieldset class="areas">
      <legend>{t("broadcast.areas")}</legend>
      <button
        type="button"
        class="chip"
        aria-pressed={areas.length === 0}
        onClick={() => onChange([])}
      >
        {t("alert.whole_city")}
      </button>
      {all.map((one) => (
        <button
          key={one.code}
          type="button"
          class="chip"
          aria-pressed={areas.includes(one.code)}
          onClick={() => toggle(one.code)}
        >
          {named(one)}
        </button>
      ))}
    </fieldset>
  );
}

/** Says that a colleague has saved or moved it since one began to write, and shows how it stands now. */
function Overtaken(props: { now: Broadcast; onGoOn: (() => void) | null }) {
  const { now, onGoOn } = props;
  return (
    <section class="overtaken">
      <Notice tone="warn">
        {editable(now)
          ? t("broadcast.overtaken")
          : t("broadcast.overtaken_closed", { state: word("state", now.state) })}
      </Notice>
      <Content broadcast={now} />
      {onGoOn && <Button onClick={onGoOn}>{t("broadcast.go_on")}</Button>}
    </section>
  );
}

function DiscardDialog(props: { onDiscard: () => void; onClose: () => void }) {
  return (
    <Dialog title={t("broadcast.discard")} onClose={props.onClose}>
      <p>{t("broadcast.discard_sure")}</p>
      <footer>
        <Button onClick={props.onClose}>{t("broadcast.keep_writing")}</Button>
        <Button look="danger" onClick={props.onDiscard}>
          {t("broadcast.discard")}
        </Button>
      </footer>
    </Dialog>
  );
}

function Terms(props: { draft: BroadcastSent; onChange: (draft: BroadcastSent) => void }) {
  const { draft, onChange } = props;
  const choices = [...new Set([...EXPIRY_MIN, draft.expires_in_min])].sort((a, b) => a - b);
  return (
    <div class="row-fields">
      <Field label={t("broadcast.expiry")}>
        {({ id }) => (
          <select
            id={id}
            value={draft.expires_in_min}
            onChange={(event) =>
              onChange({ ...draft, expires_in_min: Number(event.currentTarget.value) })
            }
          >
            {choices.map((minutes) => (
              <option key={minutes} value={minutes}>
                {span(minutes * 60_000)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <label class="toggle">
        <input
          type="checkbox"
          checked={draft.exercise}
          onChange={(event) => onChange({ ...draft, exercise: event.currentTarget.checked })}
        />
        {t("broadcast.exercise")}
      </label>
    </div>
  );
}

/** Writes a new broadcast, or changes one that nobody has approved. Nothing goes out from here. */
export function Editor(props: {
  /** As it stands now: it may move on under whoever is writing. */
  broadcast: Broadcast | null;
  onDone: (saved: Broadcast) => void;
  /** What was refused was most often written on what is no longer there. */
  onRefused: () => void;
  onCancel: () => void;
}) {
  const now = props.broadcast;
  const [kept, keep] = useWritten(now?.id ?? null);
  // What is edited is what was on the screen when the editor opened, nothing newer.
  const [opened] = useState<Written>({ base: now, content: draftOf(now) });
  const { base, content } = kept ?? opened;
  const [leaving, setLeaving] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const deed = useDeed();
  const typed = JSON.stringify(content) !== JSON.stringify(draftOf(base));
  const overtaken = now && base && now.version > base.version ? now : null;
  const change = (content: BroadcastSent): void => keep({ base, content });
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  const discard = (): void => {
    keep(null);
    props.onCancel();
  };
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    if (overtaken) return;
    void deed
      .run(async () => {
        const saved = base
          ? await editBroadcast(base.id, base.version, content)
          : await writeBroadcast(content);
        keep(null);
        props.onDone(saved);
      })
      .then((done) => {
        if (!done) props.onRefused();
      });
  };
  return (
    <>
      <form ref={form} class="card editor" onSubmit={save}>
        <h2>{base ? t("broadcast.edit") : t("broadcast.new")}</h2>
        {overtaken && (
          <Overtaken
            now={overtaken}
            onGoOn={typed && editable(overtaken) ? () => keep({ base: overtaken, content }) : null}
          />
        )}
        <div class="segments" role="group" aria-label={t("broadcast.severity")}>
          {SEVERITIES.map((severity) => (
            <button
              key={severity}
              type="button"
              class={severity}
              aria-pressed={content.severity === severity}
              onClick={() => change({ ...content, severity })}
            >
              {word("severity", severity)}
            </button>
          ))}
        </div>
        <div class="both">
          <Words spoken="ko" draft={content} onChange={change} />
          <Words spoken="en" draft={content} onChange={change} />
        </div>
        <Areas areas={content.areas} onChange={(areas) => change({ ...content, areas })} />
        <Terms draft={content} onChange={change} />
        <RefusalNotice refusal={overtaken ? null : deed.refusal} />
        <footer>
          <Button onClick={() => (typed ? setLeaving(true) : discard())}>{t("common.cancel")}</Button>
          <Button type="submit" look="main" busy={deed.busy} disabled={overtaken !== null}>
            {t("broadcast.save")}
          </Button>
        </footer>
      </form>
      {leaving && <DiscardDialog onDiscard={discard} onClose={() => setLeaving(false)} />}
    </>
  );
}
