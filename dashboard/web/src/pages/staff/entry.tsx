import { Notice } from "../../parts/basics.tsx";
import { later } from "../../parts/later.tsx";
import { hasRole, session } from "../../state.ts";
import { t } from "../../texts/texts.ts";
import { ChangePassword, SignIn } from "./signin.tsx";
import Queues from "./queues.tsx";

const Broadcasts = later(() => import("../broadcasts/broadcasts.tsx"));
const Accounts = later(() => import("../accounts/accounts.tsx"));

/** Staff pages: only for those signed in whose password is their own. */
export default function Staff(props: { page: "staff" | "broadcasts" | "accounts" }) {
  const user = session.value?.user;
  if (!user) return <SignIn />;
  if (user.must_change_password) return <ChangePassword />;
  if (props.page === "broadcasts")
    return hasRole("broadcaster", "approver", "admin") ? <Broadcasts /> : <Barred />;
  if (props.page === "accounts")
    return hasRole("admin", "supervisor", "analyst") ? <Accounts /> : <Barred />;
  if (hasRole("agent", "supervisor", "admin", "analyst")) return <Queues />;
  return <Broadcasts />;
}

function Barred() {
  return <Notice tone="warn">{t("staff.barred")}</Notice>;
}
