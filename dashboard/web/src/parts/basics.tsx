import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Refusal } from "../api/http.ts";
import { t } from "../texts/texts.ts";

type Tone = "info" | "good" | "warn" | "bad";

export function Notice(props: { tone: Tone; children: ComponentChildren; quiet?: boolean }) {
  const urgent = props.tone === "bad" || props.tone === "warn";
  return (
    <div class={`notice ${props.tone}`} role={props.quiet ? undefined : urgent ? "alert" : "status"}>
      {props.children}
    </div>
  );
}

/** The words for a refusal: the hub's own, else that it could not be reached or did not say. */
export function refusalWords(refusal: Refusal): string {
  if (refusal.words) return refusal.words;
  return refusal.code === "offline" ? t("problem.offline") : t("problem.unknown");
}

interface RefusalProps {
  refusal: Refusal | null;
  again?: (() => void) | undefined;
  againWords?: string;
}

export function RefusalNotice(props: RefusalProps) {
  if (!props.refusal) return null;
  return (
    <Notice tone="bad">
      <span>{refusalWords(props.refusal)}</span>
      {props.again && (
        <button type="button" class="plain" onClick={props.again}>
          {props.againWords ?? t("common.again")}
        </button>
      )}
    </Notice>
  );
}

interface ButtonProps {
  children: ComponentChildren;
  id?: string;
  busy?: boolean;
  look?: "main" | "side" | "danger" | "plain";
  type?: "button" | "submit";
  disabled?: boolean;
  onClick?: () => void;
}

/** A button that shows its work and cannot be pressed a second time meanwhile. */
export function Button(props: ButtonProps) {
  const { children, id, look = "side", type = "button", onClick } = props;
  const { busy = false, disabled = false } = props;
  const inert = busy || disabled;
  return (
    <button
      id={id}
      type={type}
      class={`button ${look}`}
      disabled={inert}
      aria-busy={busy}
      onClick={onClick}
    >
      {busy && <span class="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | null | undefined;
  optional?: boolean;
  children: (ids: { id: string; describedBy: string | undefined }) => ComponentChildren;
}

/** A labelled field with its hint and what is wrong with it, tied together for screen readers. */
export function Field({ label, hint, error, optional, children }: FieldProps) {
  const id = useId();
  const under = `${id}-under`;
  return (
    <div class={error ? "field wrong" : "field"}>
      <label for={id}>
        {label}
        {optional && <span class="optional"> {t("common.optional")}</span>}
      </label>
      {children({ id, describedBy: hint || error ? under : undefined })}
      {(error || hint) && (
        <p id={under} class={error ? "error" : "hint"}>
          {error || hint}
        </p>
      )}
    </div>
  );
}

/** Grey bars in the shape of what is coming. */
export function Skeleton(props: { lines: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t("common.loading")}>
      {Array.from({ length: props.lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}

/** Nothing here, in place of a part of the page or (`whole`) of all of it. */
export function Empty(props: { title: string; whole?: boolean; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 48 48" width="44" height="44" aria-hidden="true">
        <path d="M17 33c-5-2-8-6-8-12a13 13 0 0 1 26 0c0 9-9 9-9 15a5 5 0 0 1-9 2" />
        <path d="M16 21a6 6 0 0 1 12 0c0 4-4 4-4 8" />
      </svg>
      {props.whole ? <h1>{props.title}</h1> : <strong>{props.title}</strong>}
      {props.children}
    </div>
  );
}
