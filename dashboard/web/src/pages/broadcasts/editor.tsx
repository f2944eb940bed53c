import { editBroadcast, writeBroadcast } from "../../api/calls.ts";
import type { Broadcast, BroadcastSent, Language } from "../../api/types.ts";
import { Button, Field, RefusalNotice } from "../../parts/basics.tsx";
import { useDraft } from "../../parts/drafts.ts";
import { useDeed } from "../../parts/work.ts";
import { districts } from "../../state.ts";
import { fits, length, span } from "../../texts/format.ts";
import { named, t, word } from "../../texts/texts.ts";
import { draftOf, EXPIRY_MIN, LIMITS, SEVERITIES } from "./rules.ts";

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

/** Writes a new broadcast, or changes one that nobody has approved. Nothing goes out from here. */
export function Editor(props: {
  broadcast: Broadcast | null;
  onDone: (saved: Broadcast) => void;
  onCancel: () => void;
}) {
  const { broadcast } = props;
  const [kept, setDraft] = useDraft<BroadcastSent>(
    broadcast ? `broadcast ${broadcast.id} ${broadcast.version}` : "broadcast",
  );
  const draft = kept ?? draftOf(broadcast);
  const deed = useDeed();
  const choices = [...new Set([...EXPIRY_MIN, draft.expires_in_min])].sort((a, b) => a - b);
  const set = (values: Partial<BroadcastSent>): void => setDraft({ ...draft, ...values });
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    void deed.run(async () => {
      const saved = broadcast
        ? await editBroadcast(broadcast.id, broadcast.version, draft)
        : await writeBroadcast(draft);
      setDraft(null);
      props.onDone(saved);
    });
  };
  return (
    <form class="card editor" onSubmit={save}>
      <h2>{broadcast ? t("broadcast.edit") : t("broadcast.new")}</h2>
      <div class="segments" role="group" aria-label={t("broadcast.severity")}>
        {SEVERITIES.map((severity) => (
          <button
            key={severity}
            type="button"
            class={severity}
            aria-pressed={draft.severity === severity}
            onClick={() => set({ severity })}
          >
            {word("severity", severity)}
          </button>
        ))}
      </div>
      <div class="both">
        <Words spoken="ko" draft={draft} onChange={setDraft} />
        <Words spoken="en" draft={draft} onChange={setDraft} />
      </div>
      <Areas areas={draft.areas} onChange={(areas) => set({ areas })} />
      <div class="row-fields">
        <Field label={t("broadcast.expiry")}>
          {({ id }) => (
            <select
              id={id}
              value={draft.expires_in_min}
              onChange={(event) => set({ expires_in_min: Number(event.currentTarget.value) })}
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
            onChange={(event) => set({ exercise: event.currentTarget.checked })}
          />
          {t("broadcast.exercise")}
        </label>
      </div>
      <RefusalNotice refusal={deed.refusal} />
      <footer>
        <Button
          onClick={() => {
            setDraft(null);
            props.onCancel();
          }}
        >
          {t("common.cancel")}</Button>
        <Button type="submit" look="main" busy={deed.busy}>
          {t("broadcast.save")}
        </Button>
      </footer>
    </form>
  );
}
