import fc from "fast-check";

/** Strings dense in what is dangerous, so that properties meet the rare combinations. */
export const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."\x1b \x07 \x9b \x9c \x9d \x90 [ ] \\ P ; 0 m \n \r \t a b ' ' \u200d \u200c \u200b \ufe0f \u20e3 \u0301 \u0302 \u093f \u094d क ष ത \u0d4e \u{1f3fd} 👍 👩 💻 ❤ 🇩 🇪 1 漢 ｶ ﾞ ᄀ ᅡ 한 \u202e \u2066 \u2028 \ud800 \udc00 \ue000 \u0378 \u3000 \u2800 \u{e0041}".split(
          " ",
        ),
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));
