import type { Change } from "@contract/protocol";
import { useEffect, useState } from "preact/hooks";
import { live } from "../state.ts";
import type { TopicState } from "./reducer.ts";

/** The states of topics, by topic; a topic is absent until its first snapshot has come. */
export function useTopics(topics: readonly string[]): ReadonlyMap<string, TopicState> {
  const client = live.value;
  const wanted = topics.join(" ");
  const [states, setStates] = useState<ReadonlyMap<string, TopicState>>(new Map());
  useEffect(() => {
    setStates(new Map());
    if (!client || !wanted) return undefined;
    const held = wanted.split(" ");
    const stops = held.map((topic) =>
      client.hold(topic).subscribe((state) => {
        setStates((before) => {
          const after = new Map(before);
          if (state) after.set(topic, state);
          else after.delete(topic);
          return after;
        });
      }),
    );
    return () => {
      for (const stop of stops) stop();
      for (const topic of held) client.release(topic);
    };
  }, [client, wanted]);
  return states;
}

/** The state of one topic (null: none wanted, or no snapshot yet). */
export function useTopic(topic: string | null): TopicState | null {
  const states = useTopics(topic ? [topic] : []);
  return (topic && states.get(topic)) || null;
}

/** Calls back on every change of the topics that the page holds. */
export function useChanges(listener: (topic: string, change: Change) => void): void {
  const client = live.value;
  useEffect(() => client?.listen(listener), [client, listener]);
}

/** How many of the topics are not, or no longer, for this page. */
export function useBarred(topics: readonly string[]): number {
  const refused = live.value?.connection.value.refused;
  return topics.filter((topic) => refused?.has(topic)).length;
}
