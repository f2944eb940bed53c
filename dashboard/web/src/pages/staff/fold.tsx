import type { CaseView } from "@contract/protocol";
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { t } from "../../texts/texts.ts";

/** Cases whose text was asked for; it stays open, here and on the lists, until it is folded again. */
const shown = signal<ReadonlySet<number>>(new Set());

/** Whether the text may hold abuse or hate, and nobody here has asked to read it. */
export const isFolded = (view: CaseView): boolean =>
  view.abuse === true && !shown.value.has(view.id);

/** The first words of a case's text, or why they are not shown. */
export const beginning = (view: CaseView): string =>
  isFolded(view) ? t("item.abuse") : (view.excerpt ?? "");

function toggle(id: number): void {
  const next = new Set(shown.value);
  if (!next.delete(id)) next.add(id);
  shown.value = next;
}

/** Shows a folded text and folds it again; nothing where there is no cause to fold. */
export function FoldButton({ view }: { view: CaseView }) {
  if (!view.abuse) return null;
  const folded = isFolded(view);
  return (
    <button
      type="button"
      class="fold-button"
      aria-expanded={!folded}
      aria-label={`${folded ? t("item.abuse_show") : t("item.abuse_fold")} (${view.ref})`}
      onClick={() => toggle(view.id)}
    >
      {folded ? t("item.abuse_show") : t("item.abuse_fold")}
    </button>
  );
}

/** A text behind the line that says what it may hold; whoever reads it may say that it does not. */
export function Foldable(props: {
  view: CaseView;
  onNotAbuse: (() => void) | null;
  children: ComponentChildren;
}) {
  const { view, onNotAbuse } = props;
  if (!view.abuse) return <>{props.children}</>;
  const folded = isFolded(view);
  return (
    <>
      <p class="folded-note">
        <span>{t("item.abuse")}</span>
        <FoldButton view={view} />
        {!folded && onNotAbuse && (
          <button type="button" class="fold-button" onClick={onNotAbuse}>
            {t("act.not_abuse")}
          </button>
        )}
      </p>
      {!folded && props.children}
    </>
  );
}
