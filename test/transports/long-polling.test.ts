import { conformance } from "./conformance.ts";

conformance("long-polling");
