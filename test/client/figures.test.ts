import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoff } from "../../src/client/backoff.ts";
import { ClockOffset } from "../../src/client/clock-offset.ts";
import { Meter, Meters } from "../../src/client/meter.ts";

describe("the backoff", () => {
  test("doubles from half a second to 20 s, all of it jitter", () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backoff(attempt, 0, () => 1));
    expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
    expect(backoff(50, 0, () => 0)).toBe(0);
    // A floor is a server's word: neither below nothing, nor beyond what a timer can wait.
    expect(backoff(0, -5_000, () => 0)).toBe(0);
    expect(backoff(0, 2 ** 40, () => 0)).toBe(300_000);
  });

  test("never ends before the server's floor, and spreads after it", () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.nat(60_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, floor, random) => {
          const ms = backoff(attempt, floor, () => random);
          expect(ms).toBeGreaterThanOrEqual(floor);
          expect(ms).toBeLessThanOrEqual(floor + 20_000);
        },
      ),
    );
  });
});

describe("the clock offset", () => {
  const ping = (clock: ClockOffset, at: number, offset: number, there: number, back: number) =>
    clock.add(at, at + there + offset, at + there + back);

  test("is unknown before it is measured", () => {
    expect(new ClockOffset().value).toBeUndefined();
  });

  test("is off by no more than half of the quickest round trip", () => {
    const trip = fc.record({ there: fc.nat(300), back: fc.nat(300) });
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.array(trip, { minLength: 1, maxLength: 8 }),
        (offset, trips) => {
          const clock = new ClockOffset();
          for (const [index, { there, back }] of trips.entries())
            ping(clock, 1e6 + index * 5_000, offset, there, back);
          const quickest = Math.min(...trips.map(({ there, back }) => there + back));
          expect(Math.abs(clock.value! - offset)).toBeLessThanOrEqual(quickest / 2);
        },
      ),
    );
  });

  test("follows a clock that is set, at once", () => {
    const clock = new ClockOffset();
    for (let at = 0; at < 8; at++) ping(clock, at * 5_000, 0, 2, 2);
    ping(clock, 40_000, -3_600_000, 5, 5);
    expect(clock.value).toBe(-3_600_000);
  });

  test("isn't fooled by a slow answer", () => {
    const clock = new ClockOffset();
    ping(clock, 0, 100, 2, 2);
    ping(clock, 5_000, 100, 0, 4_000);
    expect(clock.value).toBe(100);
  });

  test("follows a drift", () => {
    const clock = new ClockOffset();
    for (let turn = 0; turn < 50; turn++) ping(clock, turn * 5_000, turn * 10, 2, 2);
    expect(Math.abs(clock.value! - 490)).toBeLessThanOrEqual(80);
  });
});

describe("a meter", () => {
  test("has no figures before anything was measured", () => {
    expect(new Meter().figures()).toEqual({
      rttMs: { p50: null, p95: null },
      deliveryMs: { p50: null, p95: null },
      reconnects: 0,
      messages: 0,
      bytesDown: 0,
      bytesUp: 0,
      bytesPerMessageDown: null,
      bytesPerMessageUp: null,
    });
  });

  test("tells quantiles of the latest samples alone", () => {
    const meter = new Meter();
    for (let ms = 1; ms <= 1_000; ms++) meter.roundTrip(ms);
    const { p50, p95 } = meter.figures().rttMs;
    // Of 745 to 1,000.
    expect(p50).toBe(873);
    expect(p95).toBe(988);
    expect(meter.roundTrips(3)).toEqual([998, 999, 1_000]);
  });

  test("shares what the wire counts between the transports, and loses none of it", () => {
    const amounts = fc.array(
      fc.tuple(
        fc.constantFrom("websocket" as const, "polling" as const),
        fc.nat(1_000),
        fc.nat(1_000),
      ),
    );
    fc.assert(
      fc.property(amounts, (steps) => {
        let bytes = { down: 0, up: 0 };
        const meters = new Meters(() => bytes);
        const expected = { websocket: 0, polling: 0 };
        meters.switchTo("websocket");
        for (const [transport, down, up] of steps) {
          meters.switchTo(transport);
          bytes = { down: bytes.down + down, up: bytes.up + up };
          expected[transport] += down;
        }
        const figures = meters.figures();
        expect(meters.all.figures()).toMatchObject({ bytesDown: bytes.down, bytesUp: bytes.up });
        for (const name of ["websocket", "polling"] as const)
          expect(figures.get(name)?.bytesDown ?? 0).toBe(expected[name]);
      }),
    );
  });

  test("counts bytes for each event that was delivered, from its own beginning", () => {
    let bytes = { down: 500, up: 500 };
    const meters = new Meters(() => bytes);
    meters.switchTo("sse");
    bytes = { down: 1_500, up: 530 };
    for (let count = 0; count < 3; count++) meters.of("sse").delivered();
    expect(meters.figures().get("sse")).toMatchObject({
      messages: 3,
      bytesPerMessageDown: 333.3,
      bytesPerMessageUp: 10,
    });
  });
});
