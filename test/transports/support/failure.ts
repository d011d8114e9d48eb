import { expect } from "vitest";
import { LinkError } from "../../../src/transports/transport.ts";

/** What a promise rejects with, which has to be a LinkError. */
export async function failureOf(promise: Promise<unknown>): Promise<LinkError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LinkError);
  return error as LinkError;
}
