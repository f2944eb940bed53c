import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { casePhoto } from "../../api/calls.ts";
import type { StaffCase, StaffMove } from "../../api/types.ts";
import type { Dot } from "../../map/engine.ts";
import { MapView } from "../../map/map.tsx";
import { Button, Empty, Notice, RefusalNotice, Skeleton } from "../../parts/basics.tsx";
import { Ago, Deadline, MarkChip, StateChip, UrgencyChip } from "../../parts/chips.tsx";
import { Photos } from "../../parts/photos.tsx";
import { serviceName, session } from "../../state.ts";
import { t, word } from "../../texts/texts.ts";
import { History, ItemText, LabelsPanel, Nearby, WhyPanel } from "./about.tsx";
import { Composer, Messages, type Writing } from "./composer.tsx";
import { AgencyDialog, LabelsDialog, MoveDialog } from "./dialogs.tsx";
import { useKeys } from "./keys.tsx";
import { type CaseWork, mayWork, useCase } from "./useCase.ts";

type Open = { dialog: "labels" } | { dialog: "agency" } | { dialog: "move"; move: StaffMove } | null;

function Actions(props: { work: CaseWork; onOpen: (open: Open) => void }) {
  const { work, onOpen } = props;
  const { view, known, deed } = work;
  if (!view || !known) return null;
  const me = session.value?.user?.id;
  const asks = (move: StaffMove): boolean =>
    move.guards.some((guard) => guard === "reason" || guard === "target") ||
    (move.guards.includes("answer") && !view.answers);
  return (
    <div class="actions" role="toolbar" aria-label={t("act.title")}>
      {view.assignee === me ? (
        <Button busy={deed.busy} onClick={() => void work.release()}>
          {t("act.release")}
        </Button>
      ) : (
        <Button look="main" busy={deed.busy} onClick={() => void work.take()}>
          {t("act.take")}
        </Button>
      )}
      <Button onClick={() => onOpen({ dialog: "labels" })}>{t("act.labels")}</Button>
      <Button onClick={() => onOpen({ dialog: "agency" })}>{t("act.agency")}</Button>
      {known.moves
        .filter((move) => !move.guards.includes("agency") || view.agency)
        .map((move) => (
          <Button
            key={move.to}
            disabled={deed.busy}
            onClick={() => {
              if (asks(move)) onOpen({ dialog: "move", move });
              else void work.move(move.to);
            }}
          >
            {word("move", move.to)}
          </Button>
        ))}
      {work.undo && (
        <Button look="plain" busy={deed.busy} onClick={() => void work.undoMove()}>
          {t("act.undo", { state: word("state", work.undo.gone) })}
        </Button>
      )}
    </div>
  );
}

function Reporter(props: { known: StaffCase }) {
  const { author, contact, url, text_masked: masked } = props.known;
  const reach = [contact?.name, contact?.phone, contact?.email].filter(Boolean).join(" · ");
  const name = author?.name ?? author?.id;
  if (!name && !reach && !url && !masked) return null;
  return (
    <p class="reporter">
      {name && name !== contact?.name && <span>{name}</span>}
      {reach && <span>{reach}</span>}
      {url && /^https?:/.test(url) && (
        <a href={url} target="_blank" rel="noopener noreferrer">
          {t("item.original")}
        </a>
      )}
      {masked && <span class="hint">{t("item.masked")}</span>}
    </p>
  );
}

function useItemMap(known: StaffCase | null) {
  const dots = useMemo<Dot[]>(
    () =>
      (known?.nearby ?? []).flatMap(({ id, lat, lon, urgency }) =>
        typeof lat === "number" && typeof lon === "number"
          ? [{ id, lat, lon, tone: urgency === "emergency" || urgency === "high" ? urgency : "normal" }]
          : [],
      ),
    [known?.nearby],
  );
  const lat = known?.case.lat ?? null;
  const lon = known?.case.lon ?? null;
  const at = useMemo(() => (lat === null || lon === null ? null : { lat, lon }), [lat, lon]);
  return { dots, at };
}

/** One case: what it is, where, why it is here, what was said, and what may be done. */
export function Item(props: { id: number; onOpen: (id: number) => void; onClose: () => void }) {
  const { id, onOpen } = props;
  const work = useCase(id);
  const { known, view, asked } = work;
  const [open, setOpen] = useState<Open>(null);
  const [writing, setWriting] = useState<Writing>("answer");
  const area = useRef<HTMLTextAreaElement>(null);
  const top = useRef<HTMLElement>(null);
  const photo = useCallback((n: number) => casePhoto(id, n), [id]);
  const { dots, at } = useItemMap(known);
  useEffect(() => {
    setOpen(null);
    top.current?.scrollTo(0, 0);
  }, [id]);
  const works = view !== null && mayWork(view);
  const write = (kind: Writing): void => {
    setWriting(kind);
    area.current?.focus();
  };
  const moveBy = (...wanted: string[]): void => {
    const move = wanted.map((to) => known?.moves.find((one) => one.to === to)).find(Boolean);
    if (move) setOpen({ dialog: "move", move });
  };
  useKeys(
    works && !open
      ? {
          t: () => void work.take(),
          r: () => void work.release(),
          a: () => write("answer"),
          n: () => write("note"),
          l: () => setOpen({ dialog: "labels" }),
          g: () => setOpen({ dialog: "agency" }),
          c: () => moveBy("closed", "resolved"),
          m: () => moveBy("merged"),
          x: () => moveBy("set_aside"),
          u: () => void work.undoMove(),
        }
      : {},
  );
  if (asked.refusal?.status === 404)
    return (
      <Empty title={t("item.missing")}>
        <Button onClick={props.onClose}>{t("item.back")}</Button>
      </Empty>
    );
  if (!known || !view) {
    return asked.refusal ? (
      <RefusalNotice refusal={asked.refusal} again={asked.again} />
    ) : (
      <Skeleton lines={10} />
    );
  }
  return (
    <article class="item" ref={top} aria-label={view.ref}>
      <header class="item-head">
        <button type="button" class="plain back" onClick={props.onClose}>
          ← {t("item.back")}
        </button>
        <p class="chips">
          <StateChip state={view.state} />
          <UrgencyChip urgency={view.urgency} />
          <MarkChip mark={view.mark} />
          <Deadline view={view} />
        </p>
        <h2>{serviceName(view.service) || t("item.unlabelled")}</h2>
        <p class="hint">
          {view.ref} · {word("kind", view.kind)}
          {view.platform && ` · ${word("platform", view.platform)}`} · <Ago at={view.received_at} />
          {view.assignee_name && ` · ${t("item.assigned", { name: view.assignee_name })}`}
        </p>
      </header>
      {view.merged_into && <Notice tone="info">{t("link.merged", { ref: view.merged_into })}</Notice>}
      {works && <Actions work={work} onOpen={setOpen} />}
      {!open && <RefusalNotice refusal={work.deed.refusal} />}
      <div class="item-columns">
        <div>
          {known.text === null ? (
            <p class="hint">{t("item.erased_text")}</p>
          ) : (
            <ItemText text={known.text} places={known.labels?.places ?? []} />
          )}
          <Reporter known={known} />
          <Photos photos={known.photos} load={photo} />
          <section>
            <h3>{t("item.messages")}</h3>
            <Messages messages={known.messages} />
            {works && <Composer work={work} writing={writing} onWriting={write} area={area} />}
          </section>
        </div>
        <aside>
          {(at || dots.length > 0) && (
            <MapView label={t("item.map")} at={at} dots={dots} onDot={onOpen} chosen={view.district ?? null} />
          )}
          <WhyPanel known={known} view={view} />
          <LabelsPanel known={known} view={view} />
          <Nearby nearby={known.nearby} onOpen={onOpen} />
          <History history={known.history} />
        </aside>
      </div>
      {open?.dialog === "labels" && <LabelsDialog work={work} onClose={() => setOpen(null)} />}
      {open?.dialog === "agency" && <AgencyDialog work={work} onClose={() => setOpen(null)} />}
      {open?.dialog === "move" && (
        <MoveDialog work={work} move={open.move} onClose={() => setOpen(null)} />
      )}
    </article>
  );
}
