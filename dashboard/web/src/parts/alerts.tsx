import type { AlertView } from "@contract/protocol";
import { useState } from "preact/hooks";
import { getAlerts } from "../api/calls.ts";
import { useTopic } from "../live/use.ts";
import { districtName, inOrder, readerDistrict } from "../state.ts";
import { dateTime, now } from "../texts/format.ts";
import { language, t, word } from "../texts/texts.ts";
import { Ago } from "./chips.tsx";
import { useAsked } from "./work.ts";

/** Alerts that are out now: live, and until live is up as the hub last answered. */
function useAlerts(): AlertView[] {
  const state = useTopic("alerts");
  const first = useAsked(getAlerts);
  const known = state ? [...state.alerts.values()] : (first.value ?? []);
  return inOrder(known.filter((one) => one.live && Date.parse(one.expires_at) > now.value));
}

const inLanguage = (words: Record<string, string>): string =>
  words[language.value] ?? words["ko"] ?? Object.values(words)[0] ?? "";

export const areaNames = (areas: readonly string[]): string =>
  areas.length ? areas.map(districtName).join(" · ") : t("alert.whole_city");

function Alert(props: { alert: AlertView; elsewhere: boolean }) {
  const { alert } = props;
  const [open, setOpen] = useState(!props.elsewhere);
  const note = alert.exercise ? t("alert.exercise") : alert.mark ? word("mark", alert.mark) : "";
  return (
    <section
      class={`alert ${alert.severity}${alert.exercise || alert.mark ? " drill" : ""}`}
      role={alert.severity === "critical" && !alert.exercise ? "alert" : "status"}
    >
      <div class="alert-head">
        <span class="alert-class">
          {note && <b>{note}</b>}
          {word("severity", alert.severity)}
        </span>
        <h2>{inLanguage(alert.headline)}</h2>
        <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("alert.fold") : t("alert.unfold")}
        </button>
      </div>
      {open && <p class="alert-text">{inLanguage(alert.text)}</p>}
      {open && (
        <p class="alert-facts">
          <span>{areaNames(alert.areas)}</span>
          <Ago at={alert.sent_at} />
          <span>{t("alert.until", { at: dateTime(alert.expires_at) })}</span>
        </p>
      )}
    </section>
  );
}

/** The lane of emergency broadcasts, above all else on every page. */
export function AlertLane() {
  const alerts = useAlerts();
  const mine = readerDistrict.value;
  const here = (one: AlertView): boolean =>
    !mine || !one.areas.length || one.areas.includes(mine);
  return (
    <div class="alert-lane" aria-label={t("alert.lane")} role="region">
      {alerts.filter(here).map((one) => (
        <Alert key={`${one.id}/${one.version}`} alert={one} elsewhere={false} />
      ))}
      {alerts
        .filter((one) => !here(one))
        .map((one) => (
          <Alert key={`${one.id}/${one.version}`} alert={one} elsewhere />
        ))}
    </div>
  );
}
