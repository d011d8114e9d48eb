import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "../../src/tui/input/key.ts";
import { feed, flush, KEYS_START, MAX_PASTE, patience } from "../../src/tui/input/keys.ts";

const ESC = "\x1b";
const PASTE = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;

function keysOf(...chunks: (string | Uint8Array)[]): Key[] {
  let state = KEYS_START;
  const keys: Key[] = [];
  for (const chunk of chunks) {
    const next = feed(state, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    state = next.state;
    keys.push(...next.keys);
  }
  const last = flush(state);
  expect(patience(last.state)).toBeUndefined();
  return [...keys, ...last.keys];
}

/** Keys in short: `a`, `<enter>`, `<C-t>`, `<A-S-b>`, `<paste:…>`. */
function brief(keys: Key[]): string {
  return keys
    .map((key) => {
      if (key.kind === "text") return key.text;
      if (key.kind !== "key") return `<${key.kind}:${key.kind === "paste" ? key.text : ""}>`;
      return `<${key.ctrl ? "C-" : ""}${key.alt ? "A-" : ""}${key.shift ? "S-" : ""}${key.name}>`;
    })
    .join("");
}

describe("keys", () => {
  it.each<[string, string, string]>([
    ["text and Enter in one read", "hello\r", "hello<enter>"],
    [
      "control characters",
      "\t\x7f\x08\x03\x14\n\x00\x1f",
      "<tab><backspace><backspace><C-c><C-t><C-j><C-space><C-_>",
    ],
    ["text beyond ASCII", "é漢👍", "é漢👍"],
    ["arrows", `${ESC}[A${ESC}OB${ESC}[1;5C${ESC}[1;3D`, "<up><down><C-right><A-left>"],
    [
      "home, end and paging",
      `${ESC}[H${ESC}OF${ESC}[1~${ESC}[4~${ESC}[5~${ESC}[6;3~`,
      "<home><end><home><end><pageup><A-pagedown>",
    ],
    ["delete, insert, shift+tab", `${ESC}[3~${ESC}[2~${ESC}[Z`, "<delete><insert><S-tab>"],
    [
      "F-keys of xterm",
      `${ESC}OP${ESC}OQ${ESC}OR${ESC}OS${ESC}[15~${ESC}[24~`,
      "<f1><f2><f3><f4><f5><f12>",
    ],
    [
      "F-keys of VT220, kitty and the Linux console",
      `${ESC}[11~${ESC}[13~${ESC}[P${ESC}[[A${ESC}[[E`,
      "<f1><f3><f1><f1><f5>",
    ],
    ["F-keys with modifiers", `${ESC}[1;2P${ESC}[15;5~`, "<S-f1><C-f5>"],
    [
      "Alt",
      `${ESC}b${ESC}B${ESC}\x7f${ESC}\r${ESC}1${ESC}\x01`,
      "<A-b><A-S-b><A-backspace><A-enter><A-1><C-A-a>",
    ],
    ["Alt as a second ESC", `${ESC}${ESC}[A${ESC}${ESC}OB`, "<A-up><A-down>"],
    [
      "rxvt",
      `${ESC}[a${ESC}Oa${ESC}[5^${ESC}[7$${ESC}[8@`,
      "<S-up><C-up><C-pageup><S-home><C-S-end>",
    ],
    ["the application keypad", `${ESC}OM${ESC}Oj${ESC}Op${ESC}Oy${ESC}OX`, "<enter>*09="],
    ["ESC alone, twice, and before other keys", `${ESC}${ESC}${ESC}x`, "<escape><escape><A-x>"],
    [
      "kitty",
      `${ESC}[97;5u${ESC}[98;3u${ESC}[13;2u${ESC}[27u${ESC}[57399u${ESC}[57414u`,
      "<C-a><A-b><S-enter><escape>0<enter>",
    ],
    ["kitty text", `${ESC}[97u${ESC}[97:65;2u${ESC}[97;;229u${ESC}[32u`, "aAå "],
    [
      "kitty releases, modifiers alone and super",
      `${ESC}[97;1:3u${ESC}[1;1:3A${ESC}[57441u${ESC}[97;9u`,
      "",
    ],
    [
      "what Ctrl made of a letter before kitty",
      `${ESC}[105;5u${ESC}[109;5u${ESC}[104;5u${ESC}[91;5u`,
      "<tab><enter><backspace><escape>",
    ],
    [
      "modifyOtherKeys",
      `${ESC}[27;5;116~${ESC}[27;6;84~${ESC}[27;2;65~${ESC}[27;3;13~`,
      "<C-t><C-S-t>A<A-enter>",
    ],
    ["Alt with what could open a reply", `${ESC}]x${ESC}Px${ESC}_x`, "<A-]>x<A-S-p>x<A-_>x"],
  ])("%s", (_, bytes, expected) => {
    expect(brief(keysOf(bytes))).toBe(expected);
  });

  it("drops bad UTF-8 and nothing else", () => {
    expect(brief(keysOf(Uint8Array.of(0x61, 0xff, 0xc3, 0x62, 0xe0, 0x80, 0x80, 0x63)))).toBe(
      "abc",
    );
  });

  it.each<[string, string]>([
    ["focus", `${ESC}[I${ESC}[O`],
    ["mouse, SGR", `${ESC}[<0;10;20M${ESC}[<0;10;20m`],
    ["mouse, X10", `${ESC}[M !!`],
    ["mouse, urxvt", `${ESC}[32;10;20M`],
    ["device attributes", `${ESC}[?62;22c${ESC}[>1;10;0c`],
    ["cursor position", `${ESC}[24;80R${ESC}[1;5R`],
    ["status and modes", `${ESC}[0n${ESC}[?2026;2$y${ESC}[4;2$y${ESC}[8;24;80t`],
    ["kitty flags", `${ESC}[?1u`],
    ["OSC 10 and 11, BEL", `${ESC}]10;rgb:ffff/ffff/ffff\x07${ESC}]11;rgb:0/0/0\x07`],
    ["OSC, ST", `${ESC}]11;rgb:0000/0000/0000${ESC}\\`],
    ["DCS", `${ESC}P>|xterm(388)${ESC}\\${ESC}P1$r0m${ESC}\\${ESC}P!|0${ESC}\\`],
    ["kitty graphics", `${ESC}_Gi=1;OK${ESC}\\`],
    ["an unknown sequence", `${ESC}[99z${ESC}[1;2;3;4q`],
    ["a stray end of paste", PASTE_END],
    ["a cut sequence, once it is given up", `${ESC}[1;`],
    ["a cut reply, once it is given up", `${ESC}]11;rgb`],
    ["C1 controls", "\u0080\u009b"],
  ])("swallows %s", (name, bytes) => {
    expect(brief(keysOf(`a${bytes}`))).toBe("a");
    // What is complete takes nothing of what follows.
    if (!name.startsWith("a cut")) expect(brief(keysOf(`${bytes}bc`))).toBe("bc");
  });

  it("gives typing back when a reply breaks off", () => {
    expect(brief(keysOf(`${ESC}]11;rgb\rok`))).toBe("<enter>ok");
    expect(brief(keysOf(`${ESC}[1;\rok`))).toBe("<enter>ok");
    expect(brief(keysOf(`${ESC}]11;rgb${ESC}bok`))).toBe("<A-b>ok");
  });

  it("takes a paste as one key, with its line ends normalised", () => {
    expect(brief(keysOf(`a${PASTE}one\rtwo\r\nthree\nfour${PASTE_END}b`))).toBe(
      "a<paste:one\ntwo\nthree\nfour>b",
    );
  });

  it("keeps escape sequences within a paste as text, and needs the whole end marker", () => {
    expect(keysOf(`${PASTE}${ESC}[31m${ESC}[201${ESC}[20${PASTE_END}`)).toEqual([
      { kind: "paste", text: `${ESC}[31m${ESC}[201${ESC}[20` },
    ]);
  });

  it("hands over an unterminated paste", () => {
    expect(brief(keysOf(`${PASTE}abc`))).toBe("<paste:abc>");
    expect(brief(keysOf(`${PASTE}abc${ESC}[2`))).toBe("<paste:abc>");
    expect(keysOf(PASTE)).toEqual([]);
  });

  it("bounds a paste, and still sees its end", () => {
    const keys = keysOf(PASTE, "~".repeat(MAX_PASTE * 2), `${PASTE_END}x`);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatchObject({ kind: "paste" });
    expect(keys[0]?.kind === "paste" ? keys[0].text.length : 0).toBe(MAX_PASTE);
    expect(keys[1]).toEqual({ kind: "text", text: "x" });
    const flood = keysOf(PASTE, `${ESC}[201`.repeat(MAX_PASTE), PASTE_END)[0];
    expect(flood?.kind === "paste" ? flood.text.length : 0).toBeLessThan(MAX_PASTE + 10);
  });

  it.each<[string, number | undefined]>([
    ["a", undefined],
    [ESC, 30],
    [`${ESC}[`, 250],
    [`${ESC}]11`, 250],
    [`${ESC}]11${ESC}`, 30],
    [`${PASTE}abc`, 1000],
  ])("after %j waits %s ms", (bytes, ms) => {
    expect(patience(feed(KEYS_START, Buffer.from(bytes)).state)).toBe(ms);
  });

  it("gives the same keys however the bytes are split", () => {
    const fragment = fc.oneof(
      fc.constantFrom(
        ESC,
        `${ESC}[`,
        "A",
        "~",
        "1",
        ";5",
        "M",
        "$",
        "R",
        "u",
        "O",
        "]",
        "P",
        "_G",
        "\x07",
      ),
      fc.constantFrom(`${ESC}\\`, PASTE, PASTE_END, `${ESC}[1;5A`, `${ESC}[<0;1;1M`, `${ESC}]11;x`),
      fc.constantFrom("hello\r", "é", "👍", "漢"),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    const bytes = fc
      .array(
        fc.oneof(
          fragment.map((text) => Buffer.from(text)),
          fc.uint8Array({ maxLength: 4 }).map((raw) => Buffer.from(raw)),
        ),
        { maxLength: 12 },
      )
      .map((parts) => Buffer.concat(parts));
    const cuts = fc.array(fc.nat(80));
    fc.assert(
      fc.property(bytes, cuts, (raw, places) => {
        const at = [0, ...places.filter((n) => n < raw.length), raw.length].toSorted(
          (a, b) => a - b,
        );
        const chunks = at.slice(1).map((end, index) => raw.subarray(at[index], end));
        const whole = keysOf(raw);
        expect(keysOf(...chunks)).toEqual(whole);
        for (const key of whole) {
          // oxlint-disable-next-line no-control-regex
          if (key.kind === "text") expect(key.text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("decodes UTF-8 as TextDecoder does, but for what is bad", () => {
    fc.assert(
      fc.property(fc.uint8Array({ min: 0x80, maxLength: 12 }), (raw) => {
        const text = brief(keysOf(raw));
        const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(raw);
        expect(text).toBe(expected.replaceAll(/[\uFFFD\u0080-\u009f]/g, ""));
      }),
      { numRuns: 2000 },
    );
  });
});
