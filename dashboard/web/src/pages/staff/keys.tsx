import { useEffect, useRef } from "preact/hooks";
import { Dialog } from "../../parts/dialog.tsx";
import { t } from "../../texts/texts.ts";

export type Keys = Record<string, () => void>;

/** Whether what is typed belongs to this element. */
export const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** What a key press asks for, or null where it belongs to a field, a dialog or the browser. */
export function keyOf(event: KeyboardEvent): string | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (writes(event.target) || document.querySelector("dialog[open]")) return null;
  const pressed = event.target instanceof Element ? event.target.closest("button, a, summary") : null;
  if (event.key === "Enter" && pressed) return null;
  // With a Korean keyboard layout `key` is a Hangul letter: the key's place is what counts.
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase();
  return letter ?? event.key;
}

/** Lets go of a field, so that single keys are commands again; a dialog has its own Escape. */
function leave(field: EventTarget | null): void {
  if (field instanceof HTMLElement && !document.querySelector("dialog[open]")) field.blur();
}

/** Listens for single keys as long as the caller is shown. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && writes(event.target) && !event.defaultPrevented) {
        leave(event.target);
        return;
      }
      const key = keyOf(event);
      const deed = key === null ? undefined : latest.current[key];
      if (!deed) return;
      event.preventDefault();
      deed();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

const LISTED = [
  ["j / k", "keys.move"],
  ["Enter", "keys.open"],
  ["Esc", "keys.back"],
  ["/", "keys.search"],
  ["t", "keys.take"],
  ["r", "keys.release"],
  ["h", "keys.hand_over"],
  ["a", "keys.answer"],
  ["n", "keys.note"],
  ["l", "keys.labels"],
  ["1 – 9", "keys.suggestion"],
  ["g", "keys.agency"],
  ["c", "keys.close"],
  ["m", "keys.merge"],
  ["x", "keys.set_aside"],
  ["u", "keys.undo"],
  ["?", "keys.help"],
] as const;

export function KeysDialog(props: { onClose: () => void }) {
  return (
    <Dialog title={t("keys.title")} onClose={props.onClose}>
      <dl class="keys">
        {LISTED.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(words)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
