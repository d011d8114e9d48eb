import { underFaults } from "./under-faults.ts";

underFaults("long-polling");
