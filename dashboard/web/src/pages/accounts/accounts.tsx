import { useEffect, useState } from "preact/hooks";
import { listAccounts } from "../../api/calls.ts";
import type { AccountHealth } from "../../api/types.ts";
import { Empty, RefusalNotice, Skeleton } from "../../parts/basics.tsx";
import { Ago } from "../../parts/chips.tsx";
import { useAsked } from "../../parts/work.ts";
import { language, t, word } from "../../texts/texts.ts";

const REFRESH_MS = 20_000;

type Shown = "all" | "enabled" | "trouble";

const WELL = ["starting", "connecting", "backfilling", "connected"];

const troubled = (one: AccountHealth): boolean =>
  one.enabled && (one.error_code !== null || !WELL.includes(one.health));

function Line(props: { account: AccountHealth }) {
  const { account } = props;
  const health = account.enabled ? account.health : "disabled";
  return (
    <tr>
      <th scope="row">
        {account.name}
        <small>{account.code}</small>
      </th>
      <td>{word("platform", account.platform)}</td>
      <td>
        <span class={`chip health-${troubled(account) ? "trouble" : health}`}>
          {word("health", health)}
        </span>
        {account.error_code && (
          <small class="error" title={account.error_code}>
            {language.value === "ko" ? account.error_ko : account.error_en}
          </small>
        )}
      </td>
      <td>{account.last_item_at ? <Ago at={account.last_item_at} /> : "–"}</td>
      <td>{account.last_ok_at ? <Ago at={account.last_ok_at} /> : "–"}</td>
    </tr>
  );
}

/** The city's accounts: which are connected, and how each one is. */
export default function Accounts() {
  const asked = useAsked(listAccounts);
  const [shown, setShown] = useState<Shown>("all");
  const { again } = asked;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [again]);
  const all = asked.value ?? [];
  const sets: Record<Shown, AccountHealth[]> = {
    all,
    enabled: all.filter((one) => one.enabled),
    trouble: all.filter(troubled),
  };
  return (
    <div class="accounts">
      <header class="page-head">
        <div>
          <h1>{t("staff.accounts")}</h1>
          <p class="hint">{t("account.lead")}</p>
        </div>
        <div class="segments" role="group" aria-label={t("account.show")}>
          {(["all", "enabled", "trouble"] as const).map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={shown === one}
              onClick={() => setShown(one)}
            >
              {word("shown", one)} {asked.value && sets[one].length}
            </button>
          ))}
        </div>
      </header>
      <RefusalNotice refusal={asked.refusal} again={again} />
      {asked.loading && !asked.value && <Skeleton lines={8} />}
      {asked.value && !sets[shown].length && <Empty title={t("account.none")} />}
      {sets[shown].length > 0 && (
        <div class="table-box" tabIndex={0} role="region" aria-label={t("staff.accounts")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("account.name")}</th>
                <th scope="col">{t("account.platform")}</th>
                <th scope="col">{t("account.health")}</th>
                <th scope="col">{t("account.last_item")}</th>
                <th scope="col">{t("account.last_ok")}</th>
              </tr>
            </thead>
            <tbody>
              {sets[shown].map((account) => (
                <Line key={account.code} account={account} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
