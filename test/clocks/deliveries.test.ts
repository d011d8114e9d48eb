// How long deliveries took, while the server's clock is set (nchan#469).
import { expect, test } from "vitest";
import { ClockOffset } from "../../src/client/clock-offset.ts";
import { Deliveries } from "../../src/client/deliveries.ts";
import { DAY, HOUR } from "./support.ts";

const SERVER = 1_763_840_000_000;

/** A client that has pinged at 0 and 5,000, over a path that takes 10 ms each way. */
function client() {
  const took: number[] = [];
  const clock = new ClockOffset();
  const deliveries = new Deliveries<undefined>(clock, (_, ms) => took.push(Math.round(ms)));
  let set = 0;
  const ping = (at: number) => {
    deliveries.answered(at, clock.add(at, SERVER + set + at + 10, at + 20), at + 20);
  };
  /** An event that is published at `at`, and comes after so many ms. */
  const event = (at: number, ms: number) => deliveries.came(undefined, SERVER + set + at, at + ms);
  ping(0);
  ping(5_000);
  return { took, ping, event, setClock: (by: number) => (set = by) };
}

test("nothing counts before the clock is known", () => {
  const took: number[] = [];
  new Deliveries<undefined>(new ClockOffset(), (_, ms) => took.push(ms)).came(undefined, 1, 1);
  expect(took).toEqual([]);
});

test.each([-HOUR, DAY])(
  "the server's clock set by %i ms: what comes before the next ping doesn't count",
  (by) => {
    const { took, ping, event, setClock } = client();
    event(6_000, 10);
    setClock(by);
    event(7_000, 10);
    event(8_000, 10);
    expect(took).toEqual([10]);
    ping(10_000);
    event(11_000, 12);
    setClock(0);
    event(12_000, 10);
    ping(15_000);
    event(16_000, 14);
    expect(took).toEqual([10, 12, 14]);
  },
);

test("a delivery that did take long counts, as soon as a later ping has found the clock where it was", () => {
  const { took, ping, event } = client();
  event(6_000, 3_000);
  // This one left before the event came: the clock could have been set after it.
  ping(8_500);
  expect(took).toEqual([]);
  ping(10_000);
  expect(took).toEqual([3_000]);
  ping(15_000);
  expect(took).toEqual([3_000]);
});

test.each([-HOUR, DAY])(
  "what was on its way when the clock was set by %i ms, and comes after the ping that tells, doesn't count",
  (by) => {
    const { took, ping, event, setClock } = client();
    setClock(by);
    ping(10_000);
    setClock(0);
    event(9_000, 2_500);
    setClock(by);
    ping(15_000);
    event(16_000, 2_000);
    ping(20_000);
    expect(took).toEqual([2_000]);
  },
);

test("of many that wait the latest count", () => {
  const { took, ping, event } = client();
  for (let n = 0; n < 1_000; n++) event(6_000 + n, 2_000 + n);
  ping(20_000);
  expect(took).toHaveLength(256);
  expect(took.at(-1)).toBe(2_999);
});
