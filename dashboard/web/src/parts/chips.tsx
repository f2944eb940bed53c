import type { CaseView } from "@contract/protocol";
import { KINDS } from "@contract/kinds";
import { fullDateTime, ago, now, percent, span } from "../texts/format.ts";
import { t, word } from "../texts/texts.ts";

export function StateChip(props: { state: string }) {
  return <span class={`chip state-${props.state}`}>{word("state", props.state)}</span>;
}

export function UrgencyChip(props: { urgency: string | null | undefined }) {
  if (!props.urgency) return null;
  return <span class={`chip urgency-${props.urgency}`}>{word("urgency", props.urgency)}</span>;
}

/** Samples and check items are no citizen's, and say so wherever they are shown. */
export function MarkChip(props: { mark: string | null | undefined }) {
  if (!props.mark) return null;
  return <span class="chip mark">{word("mark", props.mark)}</span>;
}

export function Ago(props: { at: string }) {
  return (
    <time dateTime={props.at} title={fullDateTime(props.at)}>
      {ago(props.at, now.value)}
    </time>
  );
}

/** Whether its deadline runs: only then do the rules send it on. */
export const hasClock = (view: CaseView): boolean => {
  const kind = view.kind === "post" ? KINDS.post : KINDS.complaint;
  return (kind.clock as readonly string[]).includes(view.state);
};

/** How long until the deadline, or how long it has passed; nothing while no clock runs. */
export function Deadline(props: { view: CaseView }) {
  const at = props.view.deadline_at;
  if (!at || !hasClock(props.view)) return null;
  const left = Date.parse(at) - now.value;
  const late = left < 0 || props.view.overdue;
  const tone = late ? "late" : left < 4 * 3_600_000 ? "soon" : "calm";
  return (
    <time class={`deadline ${tone}`} dateTime={at} title={fullDateTime(at)}>
      {late ? t("time.overdue", { span: span(left) }) : t("time.left", { span: span(left) })}
    </time>
  );
}

/** How sure the classifier was, as a bar and a figure. */
export function Confidence(props: { share: number | null | undefined }) {
  const share = props.share;
  if (share === null || share === undefined) return null;
  const tone = share >= 0.8 ? "high" : share >= 0.5 ? "middle" : "low";
  return (
    <span class={`confidence ${tone}`} title={t("item.confidence")}>
      <meter min={0} max={1} value={share} aria-label={t("item.confidence")} />
      {percent(share)}
    </span>
  );
}
