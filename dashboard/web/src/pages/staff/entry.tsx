import { useEffect } from "preact/hooks";
import { Notice } from "../../parts/basics.tsx";
import { later } from "../../parts/later.tsx";
import { go } from "../../router.ts";
import { hasRole, session, worksCases } from "../../state.ts";
import { t } from "../../texts/texts.ts";
import { ChangePassword, SignIn } from "./signin.tsx";
import Queues from "./queues.tsx";

const Broadcasts = later(() => import("../broadcasts/broadcasts.tsx"));
const Accounts = later(() => import("../accounts/accounts.tsx"));

/** Staff pages: only for those signed in whose password is their own. */
export default function Staff(props: { page: "staff" | "broadcasts" | "accounts" | "password" }) {
  const user = session.value?.user;
  if (!user) return <SignIn />;
  if (user.must_change_password || props.page === "password") return <ChangePassword />;
  if (props.page === "broadcasts")
    return hasRole("broadcaster", "approver", "admin") ? <Broadcasts /> : <Barred />;
  if (props.page === "accounts")
    return hasRole("admin", "supervisor", "analyst") ? <Accounts /> : <Barred />;
  return worksCases() ? <Queues /> : <ToBroadcasts />;
}

/** Who only writes or approves broadcasts has no queues: their first page is another. */
function ToBroadcasts() {
  useEffect(() => go("/staff/broadcasts", "replace"), []);
  return null;
}

function Barred() {
  return <Notice tone="warn">{t("staff.barred")}</Notice>;
}
