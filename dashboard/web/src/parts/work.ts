import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "../api/http.ts";

/** Something that is asked of the hub: not there yet, there, or refused. */
export interface Asked<T> {
  value: T | null;
  refusal: Refusal | null;
  loading: boolean;
  again: () => void;
}

const asRefusal = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error;
  throw error;
};

/** Asks when `ask` changes (null: nothing to ask) and on `again()`; the newest question wins. */
export function useAsked<T>(ask: ((signal: AbortSignal) => Promise<T>) | null): Asked<T> {
  const [state, setState] = useState<Omit<Asked<T>, "again">>(
    { value: null, refusal: null, loading: ask !== null });
  const [round, setRound] = useState(0);
  const lastAsk = useRef(ask);
  useEffect(() => {
    if (!ask) return undefined;
    const stop = new AbortController();
    const sameQuestion = lastAsk.current === ask;
    lastAsk.current = ask;
    setState((was) => ({ value: sameQuestion ? was.value : null, refusal: null, loading: true }));
    ask(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setState({ value, refusal: null, loading: false });
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const refusal = asRefusal(error);
        setState((was) => ({ value: was.value, refusal, loading: false }));
      },
    );
    return () => stop.abort();
  }, [ask, round]);
  return { ...state, again: useCallback(() => setRound((before) => before + 1), []) };
}

/** Whether `is` has been so for `ms` without a break: what passes at once is not worth a word. */
export function useLasting(is: boolean, ms: number): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!is) return undefined;
    const timer = setTimeout(() => setLasts(true), ms);
    return () => {
      clearTimeout(timer);
      setLasts(false);
    };
  }, [is, ms]);
  return is && lasts;
}

export interface Deed {
  busy: boolean;
  refusal: Refusal | null;
  /** Runs `work` unless one is running; resolves to whether it succeeded. */
  run: (work: () => Promise<void>) => Promise<boolean>;
  clear: () => void;
}

/** One thing that a person does here: never twice at once, and what the hub refused is kept. */
export function useDeed(): Deed {
  const running = useRef(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const run = useCallback(async (work: () => Promise<void>) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setRefusal(null);
    try {
      await work();
      return true;
    } catch (error) {
      setRefusal(asRefusal(error));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  return { busy, refusal, run, clear: useCallback(() => setRefusal(null), []) };
}
