import { conformance } from "./conformance.ts";

conformance("polling");
