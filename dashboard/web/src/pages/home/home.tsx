import { useState } from "preact/hooks";
import type { ComplaintMade } from "../../api/types.ts";
import { Button, Notice } from "../../parts/basics.tsx";
import { session } from "../../state.ts";
import { named, t } from "../../texts/texts.ts";
import { ComplaintForm } from "./form.tsx";

function Made(props: { made: ComplaintMade; onAnother: () => void }) {
  const { made } = props;
  const [copied, setCopied] = useState(false);
  const link = made.url ? new URL(made.url, location.origin).href : null;
  const copy = (): void => {
    if (link) void navigator.clipboard.writeText(link).then(() => setCopied(true));
  };
  return (
    <section class="card made" aria-labelledby="made-title">
      <div class="tick" aria-hidden="true">
        ✓
      </div>
      <h1 id="made-title">{t("made.title")}</h1>
      <p class="ref">{t("made.ref", { ref: made.ref })}</p>
      {link ? (
        <>
          <p>{t("made.keep")}</p>
          <div class="link-line">
            <input
              readOnly
              value={link}
              aria-label={t("made.link")}
              onFocus={(event) => event.currentTarget.select()}
            />
            {"clipboard" in navigator && (
              <Button onClick={copy}>{copied ? t("made.copied") : t("made.copy")}</Button>
            )}
          </div>
          <p>
            <a class="button main" href={made.url}>
              {t("made.open")}
            </a>
          </p>
        </>
      ) : (
        <Notice tone="info">{t("made.known")}</Notice>
      )}
      <p>
        <button type="button" class="plain" onClick={props.onAnother}>
          {t("made.another")}
        </button>
      </p>
    </section>
  );
}

/** The citizen's first page: what this is, and the form. */
export default function Home() {
  const [made, setMade] = useState<ComplaintMade | null>(null);
  const city = session.value?.city;
  const receive = (fresh: ComplaintMade): void => {
    setMade(fresh);
    scrollTo(0, 0);
  };
  if (made) return <Made made={made} onAnother={() => setMade(null)} />;
  return (
    <div class="home">
      <section class="hero">
        <h1>{t("home.title", { city: city ? named(city) : "" })}</h1>
        <p>{t("home.lead")}</p>
        <ol class="how">
          <li>{t("home.how_write")}</li>
          <li>{t("home.how_route")}</li>
          <li>{t("home.how_follow")}</li>
        </ol>
      </section>
      <ComplaintForm onMade={receive} />
    </div>
  );
}
