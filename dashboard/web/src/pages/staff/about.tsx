import type { CaseView } from "@contract/protocol";
import type { ComponentChildren } from "preact";
import type { HistoryEntry, Label, StaffCase } from "../../api/types.ts";
import { Ago, Confidence, StateChip } from "../../parts/chips.tsx";
import { agencyName, districtName, districtOf, serviceName } from "../../state.ts";
import { dateTime, percent } from "../../texts/format.ts";
import { language, t, word } from "../../texts/texts.ts";
import { beginning, isFolded } from "./fold.tsx";
import { cut } from "./marks.ts";
import { BY_HAND } from "./queue.ts";
import { placeWords } from "./row.tsx";

function Line(props: { name: string; children: ComponentChildren }) {
  return (
    <div class="line">
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function LabelLine(props: {
  name: string;
  label: Label | null | undefined;
  words: string;
  corrected?: boolean | undefined;
}) {
  return (
    <Line name={props.name}>
      <b>{props.words || t("item.unlabelled")}</b>
      {props.corrected ? (
        <span class="hint"> {t("item.corrected")}</span>
      ) : (
        <Confidence share={props.label?.confidence} />
      )}
    </Line>
  );
}

export const spoken = (code: string | null | undefined): string => {
  if (!code) return "";
  if (code === "ko") return t("common.korean");
  return code === "en" ? t("common.english") : code;
};

/** What the hub made of the text, and how sure it was. */
export function LabelsPanel(props: { known: StaffCase; view: CaseView }) {
  const { view } = props;
  const labels = props.known.labels;
  const corrected = (head: string) => labels?.corrected.includes(head);
  return (
    <section>
      <h3>{t("item.labels")}</h3>
      <dl class="lines">
        <LabelLine name={t("staff.service")} label={labels?.service} words={serviceName(view.service)} corrected={corrected("service")} />
        <LabelLine name={t("item.intent")} label={labels?.intent} words={word("intent", view.intent)} corrected={corrected("intent")} />
        <LabelLine name={t("staff.urgency")} label={labels?.urgency} words={word("urgency", view.urgency)} corrected={corrected("urgency")} />
        <LabelLine name={t("item.language")} label={labels?.language} words={spoken(view.language)} />
        {labels && labels.alternatives.length > 0 && (
          <Line name={t("item.alternatives")}>
            {labels.alternatives
              .map(({ code, confidence }) => `${serviceName(code)} ${percent(confidence ?? 0)}`)
              .join(" · ")}
          </Line>
        )}
        {labels?.reasons && !isFolded(view) && labels.reasons.words.length > 0 && (
          <Line name={t("item.reasons")}>
            {labels.reasons.words.map(({ text }) => text).join(" · ")}
            {labels.reasons.service !== view.service && (
              <span class="hint">{t("item.reasons_of", { service: serviceName(labels.reasons.service) })}</span>
            )}
          </Line>
        )}
        {labels?.model && (
          <Line name={t("item.model")}>
            <code>{labels.model}</code>
          </Line>
        )}
      </dl>
    </section>
  );
}

/** The districts of areas that a place could mean. */
const candidateNames = (codes: readonly string[]): string =>
  [...new Set(codes.map(districtOf))].join(" · ");

/** Why the case is in this queue: the rule, its reason, and how its place was found. */
export function WhyPanel(props: { known: StaffCase; view: CaseView }) {
  const { why, place } = props.known;
  const ruled = language.value === "ko" ? why?.reason_ko : why?.reason_en;
  // What stands in a rule's place when none decided has words of its own.
  const reason = ruled ?? (why?.rule && word("why", why.rule));
  const { view } = props;
  return (
    <section>
      <h3>{t("item.why")}</h3>
      <dl class="lines">
        <Line name={t("item.agency")}>
          <b>{agencyName(view.agency) || t("staff.triage")}</b>
        </Line>
        {reason && <Line name={t("item.reason")}>{reason}</Line>}
        {why?.rule && (
          <Line name={t("item.rule")}>
            <code>{why.rule}</code>
          </Line>
        )}
        <Line name={t("item.place")}>
          {[placeWords(view), place].filter(Boolean).join(" · ") || t("item.placeless")}
          {view.approximate && <span class="hint"> {t("place.approximate")}</span>}
        </Line>
        {why?.how_located && (
          <Line name={t("item.located")}>{word("located", why.how_located)}</Line>
        )}
        {why && why.candidates.length > 0 && (
          <Line name={t("item.candidates")}>{candidateNames(why.candidates)}</Line>
        )}
      </dl>
    </section>
  );
}

/** The text with the places that the hub found in it marked, and the words that carried the label. */
export function ItemText(props: { text: string; labels: StaffCase["labels"] }) {
  const reasons = props.labels?.reasons;
  const words = reasons?.words ?? [];
  return (
    <>
      <p class="text item-text">
        {cut(props.text, props.labels?.places ?? [], words).map(({ text, place, reason }, n) =>
          place || reason ? (
            <mark key={n} class={`${place ? "marks-place" : ""} ${reason ? "marks-reason" : ""}`}>
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </p>
      {reasons && words.length > 0 && (
        <p class="hint legend">
          <mark class="marks-reason">{t("item.reasons")}</mark> · {t("item.reasons_of", { service: serviceName(reasons.service) })}
        </p>
      )}
    </>
  );
}

export function Nearby(props: { nearby: readonly CaseView[]; onOpen: (id: number) => void }) {
  if (!props.nearby.length) return null;
  return (
    <section>
      <h3>{t("item.nearby")}</h3>
      <ul class="nearby">
        {props.nearby.map((view) => (
          <li key={view.id}>
            <button type="button" onClick={() => props.onOpen(view.id)}>
              <b>{serviceName(view.service)}</b> <StateChip state={view.state} />
              <small>{beginning(view)}</small>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const LABELS: readonly [head: string, say: (code: string) => string][] = [
  ["service", serviceName],
  ["intent", (code) => word("intent", code)],
  ["urgency", (code) => word("urgency", code)],
  ["abuse", (code) => (code === "none" ? t("act.not_abuse") : t("item.abuse"))],
];

const said = (value: unknown, say: (code: string) => string): string =>
  typeof value === "string" && value ? say(value) : "";

/** The labels that a correction changed, each as it was and as it is; of other facts, the service. */
function labelsOf(facts: Record<string, unknown>): string[] {
  const corrected = LABELS.filter(([head]) => `${head}_before` in facts);
  if (!corrected.length) return [said(facts.service, serviceName)];
  return corrected.map(([head, say]) => {
    const sides = [said(facts[`${head}_before`], say), said(facts[head], say)].filter(Boolean);
    return [...new Set(sides)].join(" → ");
  });
}

/** The codes of a fact in words, as far as they have any; of a correction, what it changed. */
function summary({ type, summary: facts }: HistoryEntry): string {
  const stays = ["case.relabelled", "case.restored"].includes(type) && !("state_before" in facts);
  const due = "rule_before" in facts && facts.rule !== BY_HAND;
  return [
    !stays && said(facts.state, (code) => word("state", code)),
    !stays && said(facts.agency, agencyName),
    ...labelsOf(facts),
    due && said(facts.deadline_at, (at) => t("item.due", { at: dateTime(at) })),
    !stays && said(facts.district, districtName),
    said(facts.reason, (text) => text),
  ]
    .filter(Boolean)
    .join(" · ");
}

export function History(props: { history: readonly HistoryEntry[] }) {
  return (
    <section>
      <h3>{t("item.history")}</h3>
      <ol class="history">
        {props.history.map((entry) => (
          <li key={entry.position}>
            <Ago at={entry.at} />
            <b>{word("fact", entry.type)}</b>
            <span>{summary(entry)}</span>
            {entry.actor_name && <small>{entry.actor_name}</small>}
          </li>
        ))}
      </ol>
    </section>
  );
}
