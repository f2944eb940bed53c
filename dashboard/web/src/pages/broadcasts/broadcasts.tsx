import { useEffect, useState } from "preact/hooks";
import { listBroadcasts } from "../../api/calls.ts";
import type { Broadcast } from "../../api/types.ts";
import { useTopic } from "../../live/use.ts";
import { Button, Empty, RefusalNotice, Skeleton } from "../../parts/basics.tsx";
import { useApprovals } from "../../parts/approvals.ts";
import { useAsked } from "../../parts/work.ts";
import { session, titleCount } from "../../state.ts";
import { t } from "../../texts/texts.ts";
import { Editor } from "./editor.tsx";
import { cardId, One } from "./one.tsx";
import { mayWrite, withFresh } from "./rules.ts";

const WRITE = "write-broadcast";

/** Emergency broadcasts: one person writes, another approves exactly that text. */
export default function Broadcasts() {
  const asked = useAsked(listBroadcasts);
  const position = useTopic("broadcasts")?.position;
  const { again } = asked;
  const [fresh, setFresh] = useState<Broadcast | null>(null);
  const [editing, setEditing] = useState<number | "new" | null>(null);
  useEffect(() => {
    if (position !== undefined) again();
  }, [position, again]);
  // What had the focus often goes with what was done: it goes on from what that was done to.
  const [focused, setFocused] = useState<{ id: string } | null>(null);
  useEffect(() => document.getElementById(focused?.id ?? "")?.focus(), [focused]);
  const waiting = useApprovals();
  useEffect(() => {
    titleCount.value = waiting;
    return () => void (titleCount.value = null);
  }, [waiting]);
  const user = session.value?.user;
  if (!user) return null;
  const changed = (now: Broadcast): void => {
    setFresh(now);
    setFocused({ id: cardId(now.id) });
    again();
  };
  const saved = (now: Broadcast): void => {
    setEditing(null);
    changed(now);
  };
  const left = (): void => {
    setEditing(null);
    setFocused({ id: typeof editing === "number" ? cardId(editing) : WRITE });
  };
  const all = withFresh(asked.value ?? [], fresh);
  return (
    <div class="broadcasts">
      <header class="page-head">
        <div>
          <h1>{t("staff.broadcasts")}</h1>
          <p class="hint">{t("broadcast.lead")}</p>
        </div>
        {mayWrite(user) && editing === null && (
          <Button id={WRITE} look="main" onClick={() => setEditing("new")}>
            {t("broadcast.new")}
          </Button>
        )}
      </header>
      <RefusalNotice refusal={asked.refusal} again={again} />
      {editing === "new" && (
        <Editor broadcast={null} onDone={saved} onRefused={again} onCancel={left} />
      )}
      {asked.loading && !asked.value && <Skeleton lines={6} />}
      {asked.value && !all.length && editing === null && (
        <Empty title={t("broadcast.none")}>
          <p>{t("broadcast.none_hint")}</p>
        </Empty>
      )}
      {all.map((broadcast) =>
        editing === broadcast.id ? (
          <Editor
            key={broadcast.id}
            broadcast={broadcast}
            onDone={saved}
            onRefused={again}
            onCancel={left}
          />
        ) : (
          <One
            key={broadcast.id}
            broadcast={broadcast}
            user={user}
            onEdit={() => setEditing(broadcast.id)}
            onChanged={changed}
            onRefused={again}
          />
        ),
      )}
    </div>
  );
}
