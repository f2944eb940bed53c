import type { MessageView } from "@contract/protocol";
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { Button, Field, Notice, RefusalNotice } from "../../parts/basics.tsx";
import { Ago } from "../../parts/chips.tsx";
import { useDraft } from "../../parts/drafts.ts";
import { length } from "../../texts/format.ts";
import { t, word } from "../../texts/texts.ts";
import type { CaseWork } from "./useCase.ts";

export type Writing = "answer" | "note";

export function Messages(props: { messages: readonly MessageView[] }) {
  if (!props.messages.length) return <p class="hint">{t("item.no_messages")}</p>;
  return (
    <ul class="messages">
      {props.messages.map((message) => (
        <li key={message.id} class={`message ${message.kind}`}>
          <p class="message-head">
            <b>{message.author_name ?? t("item.reporter")}</b>
            <span class="chip">{word("message", message.kind)}</span>
            <Ago at={message.at} />
          </p>
          <p class="text">{message.text ?? t("item.erased_text")}</p>
        </li>
      ))}
    </ul>
  );
}

/** Writes an answer, which the reporter reads, or a note, which only staff read. */
export function Composer(props: {
  work: CaseWork;
  writing: Writing;
  onWriting: (writing: Writing) => void;
  area: RefObject<HTMLTextAreaElement | null>;
}) {
  const { work, writing } = props;
  const [draft, setDraft] = useDraft<string>(`case ${work.view?.id ?? 0} ${writing}`);
  const text = draft ?? "";
  const [resolve, setResolve] = useState(true);
  const joined = work.known?.joined ?? 0;
  const closes = writing === "answer" && resolve && work.may("resolved");
  const send = (event: SubmitEvent): void => {
    event.preventDefault();
    const words = text.trim();
    if (!words) return;
    const sent = writing === "answer" ? work.answer(words, closes) : work.note(words);
    void sent.then((done) => {
      if (done) setDraft(null);
    });
  };
  return (
    <form class={`composer ${writing}`} onSubmit={send}>
      <div class="segments" role="group" aria-label={t("item.write")}>
        {(["answer", "note"] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={writing === one}
            onClick={() => props.onWriting(one)}
          >
            {word("message", one)}
          </button>
        ))}
      </div>
      <Field
        label={writing === "answer" ? t("item.answer_label") : t("item.note_label")}
        hint={writing === "answer" ? t("item.answer_hint") : t("item.note_hint")}
      >
        {({ id, describedBy }) => (
          <textarea
            id={id}
            ref={props.area}
            rows={4}
            maxLength={5000}
            aria-describedby={describedBy}
            value={text}
            onInput={(event) => setDraft(event.currentTarget.value || null)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
                event.currentTarget.form?.requestSubmit();
            }}
          />
        )}
      </Field>
      {writing === "answer" && joined > 0 && (
        <Notice tone="info">{t("item.answer_joined", { n: joined })}</Notice>
      )}
      <RefusalNotice refusal={work.writing.refusal} />
      <div class="composer-foot">
        {writing === "answer" && work.may("resolved") && (
          <label class="toggle">
            <input
              type="checkbox"
              checked={resolve}
              onChange={(event) => setResolve(event.currentTarget.checked)}
            />
            {t("item.resolve_too")}
          </label>
        )}
        <span class="hint">{t("item.chars", { n: length(text) })}</span>
        <Button type="submit" look="main" busy={work.writing.busy} disabled={!text.trim()}>
          {writing === "answer" ? t("item.send_answer") : t("item.save_note")}
        </Button>
      </div>
    </form>
  );
}
