import type { CaseView } from "@contract/protocol";
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
import { History, ItemText, LabelsPanel, Nearby, spoken, WhyPanel } from "./about.tsx";
import { Composer, Messages, type Writing } from "./composer.tsx";
import { AgencyDialog, EraseDialog, HandOverDialog, MoveDialog } from "./dialogs.tsx";
import { Foldable } from "./fold.tsx";
import { useKeys, writes } from "./keys.tsx";
import { LabelsDialog } from "./labels.tsx";
import { OPEN_STATES } from "./queue.ts";
import { type CaseWork, mayErase, mayWork, useCase } from "./useCase.ts";

type Open =
  | { dialog: "labels" }
  | { dialog: "agency" }
  | { dialog: "hand_over" }
  | { dialog: "erase" }
  | { dialog: "move"; move: StaffMove }
  | null;

/** What is done most often stands first. */
const ORDER = ["resolved", "closed", "in_progress", "waiting", "queued"];

const inOrder = (moves: readonly StaffMove[]): StaffMove[] => {
  const place = ({ to }: StaffMove): number => ORDER.indexOf(to) + 1 || ORDER.length + 1;
  return [...moves].sort((a, b) => place(a) - place(b));
};

/** Whether a move must be told something first: why, into what, or that there is no answer. */
const asks = (move: StaffMove, view: CaseView): boolean =>
  move.guards.some((guard) => guard === "reason" || guard === "target") ||
  (move.guards.includes("answer") && !view.answers);

/** Who works on it. What lies with no agency yet can be taken by nobody. */
function Holding(props: { work: CaseWork; view: CaseView; onOpen: (open: Open) => void }) {
  const { work, view, onOpen } = props;
  const { busy } = work.deed;
  if (!view.agency)
    return (
      <Button look="main" onClick={() => onOpen({ dialog: "agency" })}>
        {t("act.assign_agency")}
      </Button>
    );
  const mine = view.assignee === session.value?.user?.id;
  return (
    <>
      {mine ? (
        <Button busy={busy} onClick={() => void work.release()}>
          {t("act.release")}
        </Button>
      ) : (
        <Button look="main" busy={busy} onClick={() => void work.take()}>
          {t("act.take")}
        </Button>
      )}
      <Button onClick={() => onOpen({ dialog: "hand_over" })}>{t("act.hand_over")}</Button>
    </>
  );
}

function Actions(props: { work: CaseWork; onOpen: (open: Open) => void }) {
  const { work, onOpen } = props;
  const { view, known, deed } = work;
  if (!view || !known) return null;
  const open = OPEN_STATES.includes(view.state);
  return (
    <div class="actions" role="group" aria-label={t("act.title")}>
      {open && <Holding work={work} view={view} onOpen={onOpen} />}
      <Button onClick={() => onOpen({ dialog: "labels" })}>{t("act.labels")}</Button>
      {open && view.agency && (
        <Button onClick={() => onOpen({ dialog: "agency" })}>{t("act.agency")}</Button>
      )}
      {inOrder(known.moves)
        .filter((move) => !move.guards.includes("agency") || view.agency)
        .map((move) => (
          <Button
            key={move.to}
            disabled={deed.busy}
            onClick={() => {
              if (asks(move, view)) onOpen({ dialog: "move", move });
              else void work.move(move.to);
            }}
          >
            {!open && OPEN_STATES.includes(move.to) ? t("act.reopen") : word("move", move.to)}
          </Button>
        ))}
      {known.text !== null && mayErase(view) && (
        <Button onClick={() => onOpen({ dialog: "erase" })}>{t("act.erase")}</Button>
      )}
    </div>
  );
}

function Reporter(props: { known: StaffCase }) {
  const { author, contact, url, text_masked: masked, reply_language: reply } = props.known;
  const reach = [contact?.name, contact?.phone, contact?.email].filter(Boolean).join(" · ");
  const name = author?.name ?? author?.id;
  if (!name && !reach && !url && !masked && !reply) return null;
  return (
    <p class="reporter">
      <span class="hint">{t("item.reporter")}</span>
      {name && name !== contact?.name && <b>{name}</b>}
      {reach && <span>{reach}</span>}
      {url && /^https?:/.test(url) && (
        <a href={url} target="_blank" rel="noopener noreferrer">
          {t("item.original")}
        </a>
      )}
      {reply && <span>{`${t("form.language")}: ${spoken(reply)}`}</span>}
      {masked && <span class="hint">{t("item.masked")}</span>}
    </p>
  );
}

/** By which of the city's accounts it came, or else by which way. */
function cameBy({ account, case: { platform } }: StaffCase): string {
  if (account) return `${word("platform", account.platform)} ${account.name}`;
  return word("platform", platform);
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
export function Item(props: {
  id: number;
  onOpen: (id: number) => void;
  onStep: (by: 1 | -1) => void;
  onClose: () => void;
}) {
  const { id, onOpen, onStep } = props;
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
  }, [id]);
  const here = known !== null;
  // The article takes the focus from the list, so that Tab goes on in it; a field keeps its own.
  useEffect(() => {
    if (here && !writes(document.activeElement)) top.current?.focus({ preventScroll: true });
  }, [here]);
  /** Opens a dialog or (null) closes it: what was refused was said where it was done. */
  const show = (what: Open): void => {
    work.deed.clear();
    setOpen(what);
  };
  const close = (): void => show(null);
  const works = view !== null && mayWork(view);
  const me = session.value?.user?.id;
  const write = (kind: Writing): void => {
    if (kind !== writing) work.writing.clear();
    setWriting(kind);
    area.current?.focus();
  };
  const moveBy = (...wanted: string[]): void => {
    const move = wanted.map((to) => known?.moves.find((one) => one.to === to)).find(Boolean);
    if (move) show({ dialog: "move", move });
  };
  useKeys(
    works && !open
      ? {
          t: () => view.agency && void work.take(),
          r: () => view.assignee === me && void work.release(),
          h: () => view.agency && show({ dialog: "hand_over" }),
          a: () => write("answer"),
          n: () => write("note"),
          l: () => show({ dialog: "labels" }),
          g: () => OPEN_STATES.includes(view.state) && show({ dialog: "agency" }),
          c: () => moveBy("closed", "resolved"),
          m: () => moveBy("merged"),
          x: () => moveBy("set_aside"),
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
    <article class="item" ref={top} tabIndex={-1} aria-label={view.ref}>
      <header class="item-head">
        <p class="turn">
          <button type="button" class="plain" onClick={props.onClose}>
            ← {t("item.back")}
          </button>
          <button type="button" class="plain" onClick={() => onStep(-1)}>
            {t("item.previous")}
          </button>
          <button type="button" class="plain" onClick={() => onStep(1)}>
            {t("item.next")}
          </button>
        </p>
        <p class="chips">
          <StateChip state={view.state} />
          <UrgencyChip urgency={view.urgency} />
          <MarkChip mark={view.mark} />
          <Deadline view={view} />
        </p>
        <h2>{serviceName(view.service) || t("item.unlabelled")}</h2>
        <p class="hint">
          {view.ref} · {word("kind", view.kind)}
          {` · ${cameBy(known)}`} · <Ago at={view.received_at} />
        </p>
        {view.assignee_name && (
          <p class="assignee">{t("item.assigned", { name: view.assignee_name })}</p>
        )}
      </header>
      {view.merged_into && <Notice tone="info">{t("item.merged", { ref: view.merged_into })}</Notice>}
      {works && <Actions work={work} onOpen={show} />}
      {!open && <RefusalNotice refusal={work.deed.refusal} />}
      <div class="item-columns">
        <div>
          {known.text === null ? (
            <p class="hint">{t("item.erased_text")}</p>
          ) : (
            <Foldable
              view={view}
              onNotAbuse={works ? () => void work.relabel({ abuse: "none", reroute: false }, view) : null}
            >
              <ItemText text={known.text} labels={known.labels} />
            </Foldable>
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
      {open?.dialog === "labels" && <LabelsDialog work={work} view={view} onClose={close} />}
      {open?.dialog === "hand_over" && <HandOverDialog work={work} onClose={close} />}
      {open?.dialog === "erase" && <EraseDialog work={work} onClose={close} />}
      {open?.dialog === "agency" && <AgencyDialog work={work} onClose={close} />}
      {open?.dialog === "move" && (
        <MoveDialog work={work} move={open.move} onClose={close} />
      )}
    </article>
  );
}
