import "./style/base.css";
import "./style/parts.css";
import "./style/pages.css";
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Empty, RefusalNotice, Skeleton } from "./parts/basics.tsx";
import { guardDrafts } from "./parts/drafts.ts";
import { later } from "./parts/later.tsx";
import { Shell } from "./parts/shell.tsx";
import { useAsked } from "./parts/work.ts";
import { followLinks, type Page, pageOf, path } from "./router.ts";
import { loadReference, loadSession, session, titleCount, watchForEnd } from "./state.ts";
import { startTexts, t } from "./texts/texts.ts";

const Home = later(() => import("./pages/home/home.tsx"));
const Case = later(() => import("./pages/case/case.tsx"));
const Staff = later(() => import("./pages/staff/entry.tsx"));

function Content(props: { page: Page }) {
  const { page } = props;
  switch (page.name) {
    case "home":
      return <Home />;
    case "case":
      return <Case key={page.ref} reference={page.ref} />;
    case "staff":
    case "broadcasts":
    case "accounts":
    case "password":
      return <Staff page={page.name} />;
    case "missing":
      return (
        <Empty whole title={t("common.no_page")}>
          <a href="/">{t("common.go_home")}</a>
        </Empty>
      );
  }
}

function titleOf(page: Page): string {
  if (page.name === "case") return page.ref;
  if (page.name === "staff") return t("staff.queues");
  if (page.name === "broadcasts") return t("staff.broadcasts");
  if (page.name === "accounts") return t("staff.accounts");
  return page.name === "password" ? t("password.title") : "Big Ear";
}

const begin = async (): Promise<true> => {
  await loadSession();
  await loadReference();
  return true;
};

function App() {
  const page = pageOf(path.value);
  const staff = path.value.split("/")[1] === "staff" && page.name !== "missing";
  const started = useAsked(begin);
  const title = titleOf(page);
  const count = titleCount.value;
  useEffect(() => {
    const whole = title === "Big Ear" ? title : `${title} · Big Ear`;
    document.title = count ? `(${count}) ${whole}` : whole;
  }, [title, count]);
  useEffect(() => {
    document.addEventListener("click", followLinks);
    return () => document.removeEventListener("click", followLinks);
  }, []);
  return (
    <Shell staff={staff}>
      <RefusalNotice refusal={started.refusal} again={started.again} />
      {session.value && started.value ? (
        <Content page={page} />
      ) : (
        !started.refusal && <Skeleton lines={6} />
      )}
    </Shell>
  );
}

const root = document.getElementById("app");
if (root)
  void startTexts().then(() => {
    watchForEnd();
    guardDrafts();
    render(<App />, root);
  });
