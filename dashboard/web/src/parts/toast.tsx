import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../texts/texts.ts";
import { Button, refusalWords } from "./basics.tsx";
import { useDeed } from "./work.ts";

/** How long a way back is offered. */
const SHOWN_MS = 12_000;

interface Toast {
  words: string;
  /** Takes back what was done, or throws the hub's Refusal. */
  undo: (() => Promise<unknown>) | null;
}

const toast = signal<Toast | null>(null);

/** Says that something was done, and for a while offers to take it back. */
export function say(words: string, undo: Toast["undo"] = null): void {
  toast.value = { words, undo };
}

/** What was last done, at the foot of the page; `u` takes it back. */
export function ToastLine() {
  const shown = toast.value;
  const deed = useDeed();
  const { run, clear } = deed;
  useEffect(() => {
    clear();
    if (!shown) return undefined;
    const timer = setTimeout(() => {
      if (toast.peek() === shown) toast.value = null;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown, clear]);
  const back = (): void => {
    const undo = shown?.undo;
    if (!undo) return;
    void run(async () => {
      await undo();
      toast.value = { words: t("act.undone"), undo: null };
    });
  };
  return (
    <div class="toast-place" role="status">
      {shown && (
        <p class="toast">
          <span>{deed.refusal ? refusalWords(deed.refusal) : shown.words}</span>
          {shown.undo && !deed.refusal && (
            <Button look="plain" busy={deed.busy} onClick={back}>
              {t("act.undo")}
            </Button>
          )}
        </p>
      )}
    </div>
  );
}

/** Takes back what was last done, as long as that is offered. */
export function undoLast(): void {
  document.querySelector<HTMLButtonElement>(".toast button")?.click();
}
