import type { CaseView } from "@contract/protocol";
import { beginning, FoldButton, isFolded } from "./fold.tsx";
import { memo } from "./memo.ts";
import { Ago, Deadline, MarkChip, StateChip, UrgencyChip } from "../../parts/chips.tsx";
import { agencyName, districtName, serviceName } from "../../state.ts";
import { t, word } from "../../texts/texts.ts";

/** More than two lines of a row can show. */
const MAX_EXCERPT = 240;

/** Where a case is, in few words: its district, that it names none, or nothing yet. */
export function placeWords(view: CaseView): string {
  if (view.district) return districtName(view.district);
  return view.placeless ? t("item.placeless") : "";
}

/** Scrolls to a case's row and, if `focus`, focuses it, once what was just changed is drawn. */
export function toRow(id: number, focus: boolean): void {
  queueMicrotask(() => {
    const row = document.getElementById(`case-${id}`);
    if (focus) row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  });
}

export const Row = memo(function Row(props: {
  view: CaseView;
  chosen: boolean;
  showAgency: boolean;
  onOpen: (id: number) => void;
}) {
  const { view } = props;
  const place = placeWords(view);
  return (
    <li class={`row${view.mark ? " marked" : ""}`}>
      <button
        type="button"
        id={`case-${view.id}`}
        aria-current={props.chosen ? "true" : undefined}
        onClick={() => props.onOpen(view.id)}
      >
        <span class="row-head">
          {view.urgency !== "normal" && view.urgency !== "low" && (
            <UrgencyChip urgency={view.urgency} />
          )}
          <b>{serviceName(view.service) || t("item.unlabelled")}</b>
          <Deadline view={view} />
        </span>
        <span class={isFolded(view) ? "row-text folded" : "row-text"}>
          {beginning(view).slice(0, MAX_EXCERPT)}
        </span>
        <span class="row-foot">
          <StateChip state={view.state} />
          <MarkChip mark={view.mark} />
          <Ago at={view.received_at} />
          {props.showAgency && view.agency && <span>{agencyName(view.agency)}</span>}
          {place && <span>{place}</span>}
          {view.platform && !view.mark && <span>{word("platform", view.platform)}</span>}
          {view.photos ? <span>{t("item.photos", { n: view.photos })}</span> : null}
          {view.assignee_name && <span class="assignee">{view.assignee_name}</span>}
        </span>
      </button>
      <FoldButton view={view} />
    </li>
  );
});
