import type { ComponentChildren } from "preact";
import { signOut } from "../api/calls.ts";
import { path } from "../router.ts";
import { hasRole, loadSession, phase, session, sessionEnded, worksCases } from "../state.ts";
import { language, named, setLanguage, t } from "../texts/texts.ts";
import { AlertLane } from "./alerts.tsx";
import { useApprovals } from "./approvals.ts";
import { Notice } from "./basics.tsx";
import { ToastLine } from "./toast.tsx";
import { useDeed, useLasting } from "./work.ts";

/** How long the hub may take somebody for a guest before the page says what to do. */
const UNKNOWN_MS = 2_000;

export function Mark() {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path d="M12 25c-4-2-6-5-6-10a10 10 0 0 1 20 0c0 7-7 7-7 11a4 4 0 0 1-7 1.6" />
      <path d="M11.5 15a4.5 4.5 0 0 1 9 0c0 3-3 3-3 6" />
    </svg>
  );
}

/** Whether what the page shows is live; silent for screen readers while all is well. */
export function LiveState() {
  const words = {
    connecting: t("live.connecting"),
    live: t("live.live"),
    waiting: t("live.waiting"),
    ended: t("live.ended"),
    unknown: t("live.unknown"),
  }[phase.value];
  return (
    <span class={`live ${phase.value}`} role="status" title={words}>
      <span class="dot" aria-hidden="true" />
      <span class="live-words">{words}</span>
    </span>
  );
}

function LanguageSwitch() {
  const other = language.value === "ko" ? "en" : "ko";
  return (
    <button
      type="button"
      class="plain language"
      lang={other}
      onClick={() => void setLanguage(other)}
    >
      {t("common.other_language")}
    </button>
  );
}

function NavLink(props: {
  to: string;
  class?: string;
  title?: string;
  children: ComponentChildren;
}) {
  const { to, class: look, title } = props;
  return (
    <a
      href={to}
      class={look}
      title={title}
      aria-current={path.value === to ? "page" : undefined}
    >
      {props.children}
    </a>
  );
}

/** The way to the broadcasts, with how many wait for whoever may approve them. */
function BroadcastsLink() {
  const waiting = useApprovals();
  return (
    <NavLink to="/staff/broadcasts">
      {t("staff.broadcasts")}
      {!!waiting && (
        <span class="count" title={t("staff.approvals", { n: waiting })}>
          <span aria-hidden="true">{waiting}</span>
          <span class="visually-hidden">{t("staff.approvals", { n: waiting })}</span>
        </span>
      )}
    </NavLink>
  );
}

function StaffNav() {
  const deed = useDeed();
  const user = session.value?.user;
  if (!user || user.must_change_password) return null;
  const leave = (): void =>
    void deed.run(async () => {
      await signOut();
      await loadSession();
      sessionEnded.value = false;
    });
  return (
    <>
      <nav aria-label={t("staff.nav")}>
        {worksCases() && <NavLink to="/staff">{t("staff.queues")}</NavLink>}
        {hasRole("broadcaster", "approver", "admin") && <BroadcastsLink />}
        {hasRole("admin", "supervisor", "analyst") && (
          <NavLink to="/staff/accounts">{t("staff.accounts")}</NavLink>
        )}
        <NavLink
          to="/staff/password"
          class="person"
          title={t("password.of", { login: user.login })}
        >
          {user.name}
        </NavLink>
      </nav>
      <button type="button" class="plain" disabled={deed.busy} onClick={leave}>
        {t("staff.sign_out")}
      </button>
    </>
  );
}

/** What holds for every page of the staff: that there are samples, and that nothing is live. */
function StaffLines() {
  // A session that just ended looks the same until the hub has said so.
  const unknown = useLasting(phase.value === "unknown", UNKNOWN_MS);
  return (
    <div class="staff-lines">
      {session.value?.samples && (
        <aside class="samples-line" aria-label={t("mark.sample")}>
          {t("staff.samples_play")}
        </aside>
      )}
      {unknown && <Notice tone="warn">{t("live.unknown_here")}</Notice>}
    </div>
  );
}

/** What stands around every page: the alerts first, then the head, the page, the foot. */
export function Shell(props: { staff: boolean; children: ComponentChildren }) {
  const city = session.value?.city;
  return (
    <div class={props.staff ? "shell staff" : "shell"}>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        {t("common.skip")}
      </button>
      <AlertLane />
      <header class="top">
        <a class="brand" href={props.staff ? "/staff" : "/"}>
          <Mark />
          <span>
            <b>Big Ear</b>
            {city && <small>{named(city)}</small>}
          </span>
        </a>
        <div class="top-side">
          {props.staff && <StaffNav />}
          <LiveState />
          <LanguageSwitch />
        </div>
      </header>
      {props.staff && <StaffLines />}
      <ToastLine />
      <main id="main" tabIndex={-1}>{props.children}</main>
      {!props.staff && (
        <footer class="foot">
          <p>{t("home.foot")}</p>
          <p>
            <a href="/staff">{t("home.for_staff")}</a>
            <span>Big Ear {session.value?.version}</span>
          </p>
        </footer>
      )}
    </div>
  );
}
