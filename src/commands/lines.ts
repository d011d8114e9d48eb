/** What of a line is kept, in UTF-16 units; more than any text may have, so that a line that is cut here is refused as too long. */
const LONGEST = 65_536;

/** A line of the input; lines are counted from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** Lines as they come, without their ends (`\n`, `\r\n`); empty ones are passed over, but counted. The last may lack its end. */
export async function* readLines(input: AsyncIterable<string>): AsyncGenerator<Line> {
  let number = 1;
  let rest = "";
  for await (const part of input) {
    const pieces = part.split("\n");
    const last = pieces.pop() ?? "";
    for (const piece of pieces) {
      const text = (rest + piece).replace(/\r$/, "");
      rest = "";
      if (text !== "") yield { number, text };
      number += 1;
    }
    if (rest.length <= LONGEST) rest += last;
  }
  if (rest !== "") yield { number, text: rest };
}
