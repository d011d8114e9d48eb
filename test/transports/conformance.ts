// What every transport has to do, whatever it is made of. A new one passes this in a few lines.
import { describe } from "vitest";
import { CLIENT_TRANSPORTS } from "../../src/commands/transports.ts";
import type { TransportName } from "../../src/transports/transport.ts";
import { delivery } from "./conformance/delivery.ts";
import { ending } from "./conformance/ending.ts";
import { release } from "./conformance/release.ts";

export function conformance(name: TransportName): void {
  const transport = CLIENT_TRANSPORTS.get(name)!;
  describe(`${name}: what every transport does`, () => {
    delivery(transport);
    ending(transport);
    release(transport);
  });
}
