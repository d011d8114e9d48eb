import type { CompletionSources } from "../composer/complete.ts";
import { commandWords } from "../slash/run.ts";
import { currentRoom, type State } from "../store/state.ts";

/** Messages that are looked through for who spoke of late. */
const LATELY = 200;

/** What Tab offers: who spoke last first, then who else is here. */
export function sources(state: State): CompletionSources {
  const { entries, members } = currentRoom(state);
  const spoke = entries
    .slice(-LATELY)
    .flatMap((entry) => (entry.kind === "message" ? [entry.from] : []));
  const nicks = [...new Set([...spoke.toReversed(), ...members.here])].filter(
    (nick) => nick !== state.nick,
  );
  return {
    nicks,
    rooms: state.rooms.map(({ topic }) => topic.slice("room:".length)),
    commands: commandWords(),
  };
}
