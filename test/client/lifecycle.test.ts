import { describe, expect, test } from "vitest";
import { type Effect, type State, transition, type Trigger } from "../../src/client/lifecycle.ts";

type Outcome = readonly [to: State, ...effects: Effect[]];

// A pair that is forgotten doesn't compile.
const EXPECTED: Record<State, Record<Trigger, Outcome>> = {
  connecting: {
    synced: ["live", "promote"],
    failed: ["waiting", "wait"],
    refused: ["closed", "shut"],
    lost: ["connecting"],
    swap: ["connecting", "abandon", "open"],
    retry: ["connecting"],
    close: ["closed", "abandon", "shut"],
  },
  live: {
    synced: ["live"],
    failed: ["live"],
    refused: ["live"],
    lost: ["waiting", "wait"],
    swap: ["swapping", "open"],
    retry: ["live"],
    close: ["closed", "shut"],
  },
  swapping: {
    synced: ["live", "promote"],
    failed: ["live"],
    refused: ["live"],
    lost: ["connecting"],
    swap: ["swapping", "abandon", "open"],
    retry: ["swapping"],
    close: ["closed", "abandon", "shut"],
  },
  waiting: {
    synced: ["waiting"],
    failed: ["waiting"],
    refused: ["waiting"],
    lost: ["waiting"],
    swap: ["connecting", "open"],
    retry: ["connecting", "open"],
    close: ["closed", "shut"],
  },
  closed: {
    synced: ["closed"],
    failed: ["closed"],
    refused: ["closed"],
    lost: ["closed"],
    swap: ["closed"],
    retry: ["closed"],
    close: ["closed"],
  },
};

const states = Object.keys(EXPECTED) as State[];
const triggers = Object.keys(EXPECTED.live) as Trigger[];
const all = states.flatMap((state) => triggers.map((trigger) => [state, trigger] as const));

describe("the life of a session", () => {
  test.each(all)("%s, %s", (state, trigger) => {
    const { to, effects } = transition(state, trigger);
    expect([to, ...effects]).toEqual(EXPECTED[state][trigger]);
  });

  // How many links there are in each state: what the effects do must agree with it.
  const LINKS: Record<State, { active: number; candidate: number }> = {
    connecting: { active: 0, candidate: 1 },
    live: { active: 1, candidate: 0 },
    swapping: { active: 1, candidate: 1 },
    waiting: { active: 0, candidate: 0 },
    closed: { active: 0, candidate: 0 },
  };

  // What cannot come to pass in a state: there is no such link.
  const possible = ([state, trigger]: readonly [State, Trigger]) => {
    const { active, candidate } = LINKS[state];
    if (["synced", "failed", "refused"].includes(trigger)) return candidate === 1;
    if (trigger === "lost") return active === 1;
    return trigger !== "retry" || state === "waiting";
  };

  test.each(all.filter(possible))(
    "has as many links as it should after %s, %s",
    (state, trigger) => {
      let { active, candidate } = LINKS[state];
      if (trigger === "failed" || trigger === "refused") candidate -= 1;
      if (trigger === "lost") active -= 1;
      const { to, effects } = transition(state, trigger);
      for (const effect of effects) {
        if (effect === "open") candidate += 1;
        if (effect === "abandon") candidate -= 1;
        if (effect === "promote") [active, candidate] = [1, candidate - 1];
        if (effect === "shut") active = 0;
      }
      expect({ active, candidate }).toEqual(LINKS[to]);
    },
  );
});
