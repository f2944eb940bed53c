import type { Broadcast } from "../../api/types.ts";
import { areaNames } from "../../parts/alerts.tsx";
import { dateTime, span } from "../../texts/format.ts";
import { t } from "../../texts/texts.ts";
import { shortHash } from "./rules.ts";

/** Exactly what would go out, in both languages, and the hash that an approval is bound to. */
export function Content(props: { broadcast: Broadcast }) {
  const { broadcast } = props;
  return (
    <>
      <div class="both">
        {(["ko", "en"] as const).map((spoken) => (
          <section key={spoken} lang={spoken} class="said">
            <h3>{broadcast.headline[spoken]}</h3>
            <p class="text">{broadcast.text[spoken]}</p>
          </section>
        ))}
      </div>
      <p class="alert-facts">
        <span>{areaNames(broadcast.areas)}</span>
        <span>
          {broadcast.expires_at
            ? t("alert.until", { at: dateTime(broadcast.expires_at) })
            : t("broadcast.valid_for", { span: span(broadcast.expires_in_min * 60_000) })}
        </span>
        <span title={broadcast.content_hash}>
          {t("broadcast.hash")} <code>{shortHash(broadcast.content_hash)}</code>
        </span>
      </p>
    </>
  );
}
