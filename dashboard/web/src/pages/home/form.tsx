import { useEffect, useRef, useState } from "preact/hooks";
import { sendComplaint } from "../../api/calls.ts";
import type { ComplaintMade, Language } from "../../api/types.ts";
import { Button, Field, RefusalNotice } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { useDeed } from "../../parts/work.ts";
import { language, t } from "../../texts/texts.ts";
import { complaint, type Draft, emptyDraft, keepDraft, loadDraft } from "./draft.ts";
import { PlacePicker } from "./place.tsx";
import { PhotoPicker, useUploads } from "./uploads.tsx";

const MAX_CHARS = 20_000;

function Contact(props: { draft: Draft; set: (values: Partial<Draft>) => void }) {
  const { draft, set } = props;
  return (
    <details class="contact">
      <summary>{t("form.contact")}</summary>
      <p class="hint">{t("form.contact_hint")}</p>
      <div class="row">
        <Field label={t("form.name")}>
          {({ id }) => (
            <input
              id={id}
              autocomplete="name"
              maxLength={100}
              value={draft.name}
              onInput={(event) => set({ name: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={t("form.phone")}>
          {({ id }) => (
            <input
              id={id}
              type="tel"
              autocomplete="tel"
              maxLength={40}
              value={draft.phone}
              onInput={(event) => set({ phone: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={t("form.email")}>
          {({ id }) => (
            <input
              id={id}
              type="email"
              autocomplete="email"
              maxLength={254}
              value={draft.email}
              onInput={(event) => set({ email: event.currentTarget.value })}
            />
          )}
        </Field>
        <Field label={t("form.language")}>
          {({ id }) => (
            <select
              id={id}
              value={draft.language || language.value}
              onChange={(event) => set({ language: event.currentTarget.value as Language })}
            >
              <option value="ko">{t("common.korean")}</option>
              <option value="en">{t("common.english")}</option>
            </select>
          )}
        </Field>
      </div>
    </details>
  );
}

/** Asked before a complaint goes without a photo that the person has chosen for it. */
function WithoutDialog(props: { photos: number; onSend: () => void; onClose: () => void }) {
  return (
    <Dialog title={t("photo.without")} onClose={props.onClose}>
      <p>{t("photo.without_sure", { n: props.photos })}</p>
      <footer>
        <Button onClick={props.onClose}>{t("common.back")}</Button>
        <Button look="main" onClick={props.onSend}>
          {t("photo.without_go")}
        </Button>
      </footer>
    </Dialog>
  );
}

/** The complaint form. */
export function ComplaintForm(props: { onMade: (made: ComplaintMade) => void }) {
  const [draft, setDraft] = useState(loadDraft);
  const [empty, setEmpty] = useState(false);
  const [without, setWithout] = useState(false);
  const uploads = useUploads();
  const deed = useDeed();
  const area = useRef<HTMLTextAreaElement>(null);
  const set = (values: Partial<Draft>): void => setDraft((before) => ({ ...before, ...values }));
  useEffect(() => keepDraft(draft), [draft]);

  const send = (): void => {
    setWithout(false);
    void deed.run(async () => {
      const made = await sendComplaint(complaint(draft, uploads.ids, language.value));
      keepDraft(emptyDraft);
      props.onMade(made);
    });
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!draft.text.trim()) {
      setEmpty(true);
      area.current?.focus();
      return;
    }
    if (uploads.failed) setWithout(true);
    else send();
  };
  const field = deed.refusal?.field;
  return (
    <form class="card complaint" onSubmit={submit} noValidate>
      <Field
        label={t("form.text")}
        hint={t("form.text_hint")}
        error={empty ? t("form.text_empty") : null}
      >
        {({ id, describedBy }) => (
          <textarea
            id={id}
            ref={area}
            rows={5}
            maxLength={MAX_CHARS}
            required
            aria-invalid={empty || field === "text"}
            aria-describedby={describedBy}
            value={draft.text}
            onInput={(event) => {
              setEmpty(false);
              set({ text: event.currentTarget.value });
            }}
            onPaste={(event) => uploads.add(event.clipboardData?.files ?? [])}
          />
        )}
      </Field>
      <PlacePicker where={draft.where} onChange={(where) => set({ where })} />
      <PhotoPicker uploads={uploads} />
      <Contact draft={draft} set={set} />
      <RefusalNotice refusal={deed.refusal} />
      <div class="submit">
        <Button type="submit" look="main" busy={deed.busy} disabled={uploads.running}>
          {uploads.running ? t("form.waiting_photos") : t("form.send")}
        </Button>
        <p class="hint">{t("form.emergency")}</p>
      </div>
      {without && (
        <WithoutDialog
          photos={uploads.failed}
          onSend={send}
          onClose={() => setWithout(false)}
        />
      )}
    </form>
  );
}
