import { KINDS } from "@contract/kinds";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { setSearch } from "../../router.ts";
import { districtName, districts, hasRole, services } from "../../state.ts";
import { named, t, word } from "../../texts/texts.ts";
import type { Wanted } from "./queue.ts";

const URGENCIES = ["emergency", "high", "normal", "low"];

function Choice(props: {
  name: keyof Wanted;
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
}) {
  return (
    <select
      class={props.value ? "set" : ""}
      aria-label={props.label}
      value={props.value}
      onChange={(event) => setSearch({ [props.name]: event.currentTarget.value || null })}
    >
      <option value="">{props.label}</option>
      {props.options.map(([code, name]) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

function Toggle(props: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label class="toggle">
      <input
        type="checkbox"
        checked={props.on}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}

/**
 * What the list shows. Every choice stands in the address, so that a view can be passed on. Texts are
 * searched only by those who may read them unmasked.
 */
export function Filters(props: { wanted: Wanted; searchBox: RefObject<HTMLInputElement | null> }) {
  const { wanted } = props;
  const [typed, setTyped] = useState(wanted.q);
  // What is searched for changes by what is typed here, and by a link or the way back: then the field
  // follows.
  const sent = useRef(wanted.q);
  useEffect(() => {
    if (wanted.q === sent.current) return;
    sent.current = wanted.q;
    setTyped(wanted.q);
  }, [wanted.q]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed.trim() === sent.current) return;
      sent.current = typed.trim();
      setSearch({ q: sent.current || null, everywhere: null });
    }, 300);
    return () => clearTimeout(timer);
  }, [typed]);
  const [folded, setFolded] = useState(true);
  const { state, urgency, service, district, mine, marks, sort } = wanted;
  const set = [state, urgency, service, district, mine, !marks, sort === "newest"].filter(Boolean);
  const areas = districts.value?.features ?? [];
  return (
    <form
      class={folded ? "filters folded" : "filters"}
      role="search"
      onSubmit={(event) => event.preventDefault()}
    >
      {hasRole("agent", "supervisor", "admin") && (
        <input
          ref={props.searchBox}
          type="search"
          aria-label={t("staff.search")}
          placeholder={t("staff.search")}
          maxLength={100}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <button
        type="button"
        class="chip fold"
        aria-expanded={!folded}
        onClick={() => setFolded(!folded)}
      >
        {t("staff.filters")} {set.length > 0 && <b>{set.length}</b>}
      </button>
      <Choice
        name="state"
        label={t("staff.open")}
        value={wanted.state}
        options={[
          ...KINDS.complaint.states.map((state) => [state, word("state", state)] as const),
          ["any", t("staff.any_state")],
        ]}
      />
      <Choice
        name="urgency"
        label={t("staff.urgency")}
        value={wanted.urgency}
        options={URGENCIES.map((code) => [code, word("urgency", code)])}
      />
      <Choice
        name="service"
        label={t("staff.service")}
        value={wanted.service}
        options={services.value.map((one) => [one.code, named(one)])}
      />
      <Choice
        name="district"
        label={t("staff.district")}
        value={wanted.district}
        options={areas.map((one) => [one.properties.code, districtName(one.properties.code)])}
      />
      <Toggle
        label={t("staff.mine")}
        on={wanted.mine}
        onChange={(on) => setSearch({ mine: on ? "1" : null })}
      />
      <Toggle
        label={t("staff.marks")}
        on={wanted.marks}
        onChange={(on) => setSearch({ marks: on ? null : "0" })}
      />
      <Toggle
        label={t("staff.newest_first")}
        on={wanted.sort === "newest"}
        onChange={(on) => setSearch({ sort: on ? "newest" : null })}
      />
    </form>
  );
}
