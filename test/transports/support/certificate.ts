import { createPrivateKey } from "node:crypto";

/** Of `localhost` and 127.0.0.1, signed by itself, for tests alone: valid from 2020 to 2120. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBRjCB7qADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWxvY2FsaG9z
dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
bG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqsNCqtPHzg5LxfQE
ZuaS8YuecKnwdgN2ZEGVjDs2iNeBvP4iZIItYMLx8aUipKAc9cx4giChnLR7DQdP
VlOXNqMvMC0wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgN6hYnGnW9D4QgSsWNK8MlSu+VL0PfElB
2jyn0WMQ9HICIH1KBM63oO3uE5/yAqERqKUBmfl/WGuyWxkNe0vWGnjS
-----END CERTIFICATE-----
`;

export const key = createPrivateKey({
  format: "jwk",
  key: {
    kty: "EC",
    crv: "P-256",
    x: "qsNCqtPHzg5LxfQEZuaS8YuecKnwdgN2ZEGVjDs2iNc",
    y: "gbz-ImSCLWDC8fGlIqSgHPXMeIIgoZy0ew0HT1ZTlzY",
    d: "17oqyqqqDy2zkoek4MGfJ734giCxcOz_PGDtL7w7nqg",
  },
}).export({ format: "pem", type: "pkcs8" });
