import { conformance } from "./conformance.ts";

conformance("sse");
