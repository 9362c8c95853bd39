// Verifies the gate's assertion about one request. Works in every framework; needs jose.

import { createHmac } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const LIFETIME = 60; // seconds
const SKEW = 5; // seconds
const POLL = 2_000; // milliseconds between two fetches of the public keys: a removed one stops verifying as soon
const REQUIRED = ['exp', 'tid', 'oid', 'kind', 'roles', 'scopes'];

export class Refused extends Error {
  constructor(status, reason, detail, cause) {
    super(detail, { cause });
    Object.assign(this, { status, reason, detail });
  }
}

// `verify(lines, method, target)` gives the claims or throws Refused. `lines`: all values of the header.
// `target`: path and query, byte for byte as received.
// Give the URL of the public keys (ES256), the file of shared keys (HS256), or both.
export function verifier(keysUrl, upstream, { unboundWillDo = false, macKeyFile } = {}) {
  const byPublicKey = keysUrl && publicKeys(keysUrl);
  const byMac = macKeyFile && macKeys(macKeyFile);
  // A public key is never the secret of a MAC: each algorithm has keys of its own.
  const key = (header, token) => (header.alg === 'HS256' ? byMac(header) : byPublicKey(header, token));
  const options = {
    algorithms: [byPublicKey && 'ES256', byMac && 'HS256'].filter(Boolean), issuer: 'portcullis', audience: upstream,
    maxTokenAge: LIFETIME, clockTolerance: SKEW, requiredClaims: REQUIRED,
  };
  return async function verify(lines, method, target) {
    if (lines.length === 0) throw new Refused(401, 'assertion_missing', 'no assertion came; call through the gateway');
    if (lines.length > 1) throw new Refused(401, 'assertion_not_genuine', 'more than one assertion came');
    const { payload: claims } = await jwtVerify(lines[0], key, options).catch((error) => {
      throw refusal(error);
    });
    const { htm, htu, jti } = claims;
    if (htm === undefined && htu === undefined && jti === undefined) {
      if (!unboundWillDo) throw new Refused(401, 'assertion_not_bound', 'the assertion is not bound to a request');
    } else if (htm !== method || htu !== target) {
      throw new Refused(401, 'assertion_for_other_request', 'the assertion is for another request than this one');
    }
    return claims;
  };
}

// Last good keys serve for an hour. A restarted gate has a new key: ask for an unknown one, but not more than once a
// second, whatever clients send.
function publicKeys(url) {
  const keys = createRemoteJWKSet(new URL(url), { cacheMaxAge: 3_600_000, cooldownDuration: 1_000, timeoutDuration: 2_000 });
  setInterval(() => keys.reload().catch(() => {}), POLL).unref();
  return keys;
}

// The keys that this backend shares with the authz server, by key id. The file is read again when it changes.
function macKeys(file) {
  let seen, keys;
  const read = () => {
    const { ino, mtimeNs, size } = statSync(file, { bigint: true });
    const now = `${ino} ${mtimeNs} ${size}`;
    if (now === seen) return;
    const texts = readFileSync(file, 'ascii').split('\n').map((line) => line.split('#')[0].trim()).filter(Boolean);
    seen = now; // What is wrong with a file is said once.
    const malformed = texts.length === 0 || texts.some((text) => !/^[\w+/-]{43,}=*$/.test(text));
    if (malformed) throw new Error('holds no key, or one of fewer than 32 bytes');
    keys = new Map(texts.map((text) => Buffer.from(text, 'base64')).map((key) => [keyId(key), key]));
  };
  read();
  return ({ kid }) => {
    try {
      read();
    } catch (error) {
      console.error(`${file}: ${error.message}; the last good keys stay in force`);
    }
    const key = keys.get(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
}

function keyId(key) {
  return createHmac('sha256', key).update('portcullis assertion key id').digest().subarray(0, 16).toString('base64url');
}

// What jose throws while it verifies. Anything else (no connection, another status than 200, no key set) came from fetching keys.
const NOT_GENUINE = [
  errors.JWSInvalid, errors.JWTInvalid, errors.JWSSignatureVerificationFailed, errors.JWTClaimValidationFailed,
  errors.JOSEAlgNotAllowed, errors.JOSENotSupported, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys,
];

function refusal(error) {
  const unequal = error.reason === 'check_failed' && error.claim;
  if (error instanceof errors.JWTExpired || unequal === 'iat')
    return new Refused(401, 'assertion_out_of_time', 'expired, or from the future; compare the clocks', error);
  if (unequal === 'aud')
    return new Refused(401, 'assertion_for_other_upstream', 'the assertion is for another upstream', error);
  if (NOT_GENUINE.some((kind) => error instanceof kind))
    return new Refused(401, 'assertion_not_genuine', "the assertion is not the gate's", error);
  return new Refused(503, 'gateway_keys_unavailable', "the gate's keys are not at hand; try again", error);
}
