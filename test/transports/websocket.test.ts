import { conformance } from "./conformance.ts";

conformance("websocket");
