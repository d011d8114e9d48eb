import { underFaults } from "./under-faults.ts";

underFaults("sse");
